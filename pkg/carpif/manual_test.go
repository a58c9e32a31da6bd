package carpif

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// script is what happens to an interface, one line after another.
type script []line

// line is a line of words, or the knobs.
type line struct {
	text  string
	words []word
	knobs func(*sysctl.Values)
}

// lines are what a script is made of; a password is a word like the others.
var lines = []line{
	{text: "192.0.2.50/24", words: []word{addr("192.0.2.50/24")}},
	{text: "alias 192.0.2.51/24", words: []word{alias("192.0.2.51/24")}},
	{text: "alias 2001:db8::50/64", words: []word{alias("2001:db8::50/64")}},
	{text: "alias fe80::50/64", words: []word{alias("fe80::50/64")}},
	{text: "alias 203.0.113.1/24", words: []word{alias("203.0.113.1/24")}},
	{text: "-alias 192.0.2.50", words: []word{remove("192.0.2.50/24")}},
	{text: "-alias 192.0.2.51", words: []word{remove("192.0.2.51/24")}},
	{text: "-alias 2001:db8::50", words: []word{remove("2001:db8::50/64")}},
	{text: "vhid 1", words: []word{vhid(1)}},
	{text: "vhid 2 pass x", words: []word{vhid(2), pass("x")}},
	{text: "advskew 254", words: []word{advskew(254)}},
	{text: "advbase 3", words: []word{advbase(3)}},
	{text: "carpdev eth0", words: []word{carpdev("eth0")}},
	{text: "carpdev eth9", words: []word{carpdev("eth9")}},
	{text: "state master", words: []word{force(carp.Master)}},
	{text: "state backup", words: []word{force(carp.Backup)}},
	{text: "down", words: []word{down}},
	{text: "up", words: []word{up}},
	{text: "name web", words: []word{name("web")}},
	{text: "name carp0", words: []word{name("carp0")}},
	{text: "allow=0", knobs: func(v *sysctl.Values) { v.Allow = false }},
	{text: "allow=1", knobs: func(v *sysctl.Values) { v.Allow = true }},
	{text: "demotion=100", knobs: func(v *sysctl.Values) { v.Demotion = 100 }},
	{text: "demotion=0", knobs: func(v *sysctl.Values) { v.Demotion = 0 }},
}

func (s script) String() string {
	text := ""
	for _, l := range s {
		text += l.text + "; "
	}
	return text
}

// inLoop plays a script to a supervisor at its loop, and returns what the kernel was
// told with the errors, and what it is in the end.
func inLoop(l *lab, s script) []string {
	h := l.host(2)
	u := h.create("carp0")
	var done []string
	for _, line := range s {
		if line.knobs != nil {
			h.store.set(line.knobs)
			synctest.Wait()
			time.Sleep(carp.HandoverTime + ms) // nobody waits for what a knob leads to
		} else {
			resp := u.ask(control.Request{Op: control.OpChange, Change: change(line.words...)})
			if resp.Error != nil {
				done = append(done, "# "+resp.Error.Error())
			}
			synctest.Wait() // until it has heard the kernel's news of what it has done
		}
		done = append(done, h.fake.Ops()...)
	}
	if resp := u.ask(control.Request{Op: control.OpDestroy}); resp.Error != nil {
		done = append(done, resp.Error.Error())
	}
	<-u.ended
	return append(append(done, h.fake.Ops()...), h.fake.String())
}

// byHand plays it to one that is driven by hand.
func byHand(l *lab, s script) []string {
	h := l.host(2)
	u := &unit{host: h, name: "carp0", store: &store{folder: h.store}}
	clock := time.Now()
	m := ByHand(Options{
		Record: state.Record{Version: state.RecordVersion, Name: "carp0", AdvBase: carp.DefaultAdvBase},
		Kernel: h.fake, Store: u.store, OpenSegment: u.open, Rename: u.rename,
		Now: func() time.Time { return clock }, Random: func() uint64 { return 0 },
	})
	var done []string
	ask := func(req control.Request) {
		reply := m.Ask(req)
		for m.HandingOver() {
			clock, _ = m.Deadline()
			m.Due()
		}
		if resp := <-reply; resp.Error != nil {
			done = append(done, "# "+resp.Error.Error())
		}
		done = append(done, h.fake.Ops()...)
	}
	ask(control.Request{Op: control.OpCreate, Change: &control.Change{}})
	for _, line := range s {
		if line.knobs == nil {
			ask(control.Request{Op: control.OpChange, Change: change(line.words...)})
			continue
		}
		h.store.set(line.knobs)
		m.KnobsChanged()
		for m.HandingOver() {
			clock, _ = m.Deadline()
			m.Due()
		}
		done = append(done, h.fake.Ops()...)
	}
	ask(control.Request{Op: control.OpDestroy})
	if !m.Ended() {
		l.Errorf("not ended by its destruction")
	}
	return append(done, h.fake.String())
}

// An interface that is driven by hand does to the kernel what one at its loop does, in
// the same order, and refuses the same lines: the promise of a dry run.
func TestByHandAsInTheLoop(t *testing.T) {
	compare := func(t interface{ Fatalf(string, ...any) }, outer *testing.T, s script) {
		var loop, hand []string
		synctest.Test(outer, func(t *testing.T) { loop = inLoop(&lab{T: t}, s) })
		synctest.Test(outer, func(t *testing.T) { hand = byHand(&lab{T: t}, s) })
		if diff := cmp.Diff(loop, hand); diff != "" {
			t.Fatalf("%s\n(-in the loop +by hand):\n%s", s, diff)
		}
	}
	compare(t, t, script{lines[8], lines[0], lines[14], lines[2], lines[16], lines[18], lines[17], lines[14], lines[20]})
	rapid.Check(t, func(rt *rapid.T) {
		picked := rapid.SliceOfN(rapid.IntRange(0, len(lines)-1), 1, 15).Draw(rt, "lines")
		s := script{lines[8], lines[0]}
		for _, n := range picked {
			s = append(s, lines[n])
		}
		compare(rt, t, s)
	})
}

// By hand nothing happens by itself: it becomes MASTER when the clock says so and not
// before, and a lease is renewed with the advertisement.
func TestByHandClock(t *testing.T) {
	inLab(t, func(l *lab) {
		h := l.host(2)
		u := &unit{host: h, name: "carp0", store: &store{folder: h.store}}
		clock := time.Now()
		start := clock
		var told []string
		m := ByHand(Options{
			Record: state.Record{Version: state.RecordVersion, Name: "carp0", AdvBase: carp.DefaultAdvBase},
			Kernel: h.fake, Store: u.store, OpenSegment: u.open,
			Now: func() time.Time { return clock }, Random: func() uint64 { return 0 },
			OnTransition: func(a carp.Action) { told = append(told, fmt.Sprint(clock.Sub(start), " ", a)) },
		})
		if resp := <-m.Ask(control.Request{Op: control.OpCreate, Change: change(member(100))}); resp.Error != nil {
			t.Fatal(resp.Error)
		}
		h.fake.Ops()
		time.Sleep(time.Minute)
		if at, ok := m.Deadline(); !ok || at.Sub(start) != dead100 || m.Status().State != "BACKUP" {
			t.Fatalf("deadline after %v, %t; %s", at.Sub(start), ok, m.Status().State)
		}
		for range 2 {
			clock, _ = m.Deadline()
			m.Due()
		}
		if want := []string{"0s INIT -> BACKUP (up)", "3.390625s BACKUP -> MASTER (master timed out)"}; !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
		replace := "ip addr replace 192.0.2.50/24 dev carp0 valid_lft 4 preferred_lft 4 noprefixroute"
		if got, want := h.fake.Ops(), []string{replace, "ip link set dev carp0 up", replace}; !slices.Equal(got, want) {
			t.Errorf("operations %q, want %q", got, want)
		}
		reply := m.Ask(control.Request{Op: control.OpDestroy})
		clock, _ = m.Deadline()
		m.Due()
		if resp := <-reply; resp.Error != nil {
			t.Error(resp.Error)
		}
	})
}

// Whoever runs the process is told of the timing, for there are some that need more of
// the machine.
func TestOnTiming(t *testing.T) {
	inLab(t, func(l *lab) {
		h := l.host(2)
		u := &unit{host: h, name: "carp0", store: &store{folder: h.store}}
		var told []carp.Timing
		m := ByHand(Options{
			Record: state.Record{Version: state.RecordVersion, Name: "carp0", AdvBase: carp.DefaultAdvBase},
			Kernel: h.fake, Store: u.store, OpenSegment: u.open, Random: func() uint64 { return 0 },
			OnTiming: func(timing carp.Timing) { told = append(told, timing) },
		})
		for _, req := range []control.Request{
			{Op: control.OpCreate, Change: change(member(100))},
			{Op: control.OpChange, Change: change(advbase(0), advskew(2))},
		} {
			if resp := <-m.Ask(req); resp.Error != nil {
				t.Fatal(resp.Error)
			}
		}
		want := []carp.Timing{{Base: 1, Skew: 100}, {Base: 0, Skew: 2}}
		if told = slices.Compact(told); !slices.Equal(told[max(0, len(told)-2):], want) {
			t.Errorf("told %v, want %v at the end", told, want)
		}
		<-m.Ask(control.Request{Op: control.OpDestroy})
	})
}
