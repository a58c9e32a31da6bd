package carp_test

// One test for every row of the state table and every sentence about the
// election; the sentence stands above the case.

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// host is a machine with a clock that the test moves.
type host struct {
	t      *testing.T
	m      carp.Machine
	config carp.Config
	now    time.Duration
}

const (
	ms = time.Millisecond
	s1 = time.Second
)

// timing is advbase and advskew.
func timing(base, skew int) carp.Timing {
	return carp.Timing{Base: carp.AdvBase(base), Skew: carp.AdvSkew(skew)}
}

// newHost is configured, with carrier, and not up.
func newHost(t *testing.T, base, skew int, change ...func(*carp.Config)) *host {
	h := &host{t: t, config: carp.Config{Timing: timing(base, skew), Ready: true, TieBreak: 1}}
	for _, f := range change {
		f(&h.config)
	}
	h.do(carp.Configured(h.config))
	h.do(carp.Event{Kind: carp.EventLinkUp})
	return h
}

func preempt(c *carp.Config) { c.Preempt = true }

// do feeds one event at the host's time.
func (h *host) do(ev carp.Event) []string {
	var out []string
	for _, a := range h.m.Step(at(h.now), ev) {
		out = append(out, a.String())
	}
	return out
}

// want feeds one event and compares everything that followed.
func (h *host) want(ev carp.Event, want ...string) {
	h.t.Helper()
	if diff := cmp.Diff(want, h.do(ev)); diff != "" {
		h.t.Errorf("at %v, %v (-want +got):\n%s", h.now, ev, diff)
	}
}

// until moves the clock, stopping at every deadline; what happened is one line
// per deadline.
func (h *host) until(d time.Duration, want ...string) {
	h.t.Helper()
	var got []string
	for {
		next, ok := h.m.Deadline()
		if !ok || next.After(at(d)) {
			break
		}
		if next.Before(at(h.now)) {
			next = at(h.now)
		}
		h.now = next.Sub(start)
		got = append(got, h.now.String()+": "+strings.Join(h.do(carp.Event{}), ", "))
		if len(got) > 1000 {
			h.t.Fatalf("the deadline does not move: %v", got[999])
		}
	}
	h.now = d
	if diff := cmp.Diff(want, got); diff != "" {
		h.t.Errorf("until %v (-want +got):\n%s", d, diff)
	}
}

func (h *host) state(want carp.State) {
	h.t.Helper()
	if h.m.State() != want {
		h.t.Errorf("at %v: %v (%s), want %v", h.now, h.m.State(), h.m.Reason(), want)
	}
}

// up brings a host up at its time and no further.
func (h *host) up() *host {
	h.t.Helper()
	h.want(carp.Event{Kind: carp.EventUp}, "INIT -> BACKUP (up)")
	return h
}

// newMaster is a host that has just become MASTER, at dead time 3*base+skew.
func newMaster(t *testing.T, base, skew int, change ...func(*carp.Config)) *host {
	t.Helper()
	h := newHost(t, base, skew, change...).up()
	h.now = h.config.Timing.DeadTime()
	h.do(carp.Event{})
	h.state(carp.Master)
	return h
}

var (
	evUp, evDown         = carp.Event{Kind: carp.EventUp}, carp.Event{Kind: carp.EventDown}
	evLinkUp, evLinkDown = carp.Event{Kind: carp.EventLinkUp}, carp.Event{Kind: carp.EventLinkDown}
	evSent, evSendFailed = carp.Event{Kind: carp.EventSent}, carp.Event{Kind: carp.EventSendFailed}
	evInherited          = carp.Event{Kind: carp.EventInherited}
	evDeadline           = carp.Event{Kind: carp.EventDeadline}
)

const (
	bowOut = "advertise advbase 255 advskew 255"
	better = "MASTER -> BACKUP (more frequent advertisement received)"
)

// "INIT: down, no vhid, no address, no parent or no carrier. Coming up: INIT →
// BACKUP, always, and a full dead time of listening."
func TestSpecInit(t *testing.T) {
	h := &host{t: t}
	h.state(carp.Init)
	if _, ok := h.m.Deadline(); ok {
		t.Error("the zero machine has a deadline")
	}
	for _, ev := range []carp.Event{evDeadline, evDown, evLinkDown, carp.Heard(timing(1, 0)), carp.Demoted(0),
		carp.Force(carp.Master), carp.Force(carp.Backup), evUp, evLinkUp} {
		h.want(ev)
		h.state(carp.Init)
	}
	h.want(carp.Configured(carp.Config{Timing: timing(1, 100), NotReady: "no address"}))
	if h.m.Reason() != "no address" {
		t.Errorf("reason %q", h.m.Reason())
	}
	h.now = 5 * s1
	h.want(carp.Configured(carp.Config{Timing: timing(1, 100), Ready: true}), "INIT -> BACKUP (up)")
	h.until(8*s1 + skews(100) - 1)
	h.until(8*s1+skews(100), "8.390625s: BACKUP -> MASTER (master timed out), claim, "+
		"advertise advbase 1 advskew 100, announce")
}

// The same from every side: whichever of up, settings and carrier comes last
// starts the election, and the reason names what is missing.
func TestSpecInitNeedsAll(t *testing.T) {
	events := map[string]carp.Event{
		"down": evUp, "no address": carp.Configured(carp.Config{Timing: timing(1, 0), Ready: true}), "no carrier": evLinkUp,
	}
	for last, lastEvent := range events {
		h := &host{t: t}
		h.do(carp.Configured(carp.Config{Timing: timing(1, 0), NotReady: "no address"}))
		for what, ev := range events {
			if what != last {
				h.want(ev)
			}
		}
		if h.m.Reason() != last {
			t.Errorf("reason %q, want %q", h.m.Reason(), last)
		}
		h.want(lastEvent, "INIT -> BACKUP (up)")
	}
}

// "advertisement interval: advbase + advskew/256 s; dead time of a BACKUP:
// 3·advbase + advskew/256 s, from its own settings"; "advbase 0: interval
// advskew/256 s, dead time 3·advskew/256 s".
func TestSpecTimers(t *testing.T) {
	for _, c := range []struct {
		base, skew   int
		dead, period time.Duration
	}{
		{1, 0, 3 * s1, s1}, {1, 100, 3*s1 + skews(100), s1 + skews(100)}, {2, 128, 6500 * ms, 2500 * ms},
		{0, 64, 750 * ms, 250 * ms}, {0, 1, skews(3), skews(1)}, {0, 0, skews(3), skews(1)},
	} {
		h := newHost(t, c.base, c.skew).up()
		ad := "advertise " + timing(c.base, c.skew).String()
		h.until(c.dead - 1)
		h.until(c.dead, c.dead.String()+": BACKUP -> MASTER (master timed out), claim, "+ad+", announce")
		h.until(c.dead+c.period-1, nil...)
		h.until(c.dead+c.period, (c.dead+c.period).String()+": "+ad)
		h.until(c.dead+2*c.period, (c.dead+2*c.period).String()+": "+ad+", announce")
	}
}

// "BACKUP, silence for the dead time: MASTER, master timed out." The dead time
// is the host's own, also while it is demoted.
func TestSpecBackupSilence(t *testing.T) {
	h := newHost(t, 1, 100).up()
	h.want(carp.Demoted(50))
	h.now = 2 * s1
	h.want(carp.Heard(timing(1, 0)))
	h.until(5*s1 + skews(100) - 1)
	h.until(5*s1+skews(100), "5.390625s: BACKUP -> MASTER (master timed out), claim, "+
		"advertise advbase 1 advskew 150, announce")
}

// "BACKUP, heard, preempt on, mine < theirs (strictly): MASTER at once."
func TestSpecPreemptStrictly(t *testing.T) {
	for _, c := range []struct {
		theirs carp.Timing
		takes  bool
	}{
		{timing(1, 99), false}, {timing(1, 100), false}, {timing(1, 101), true},
		{timing(1, 254), true}, {timing(2, 0), true}, {timing(0, 254), false},
	} {
		h := newHost(t, 1, 100, preempt).up()
		h.now = s1
		if c.takes {
			h.want(carp.Heard(c.theirs), "BACKUP -> MASTER (preempting a slower master)", "claim",
				"advertise advbase 1 advskew 100", "announce")
			continue
		}
		h.want(carp.Heard(c.theirs))
		h.until(s1 + 3*s1 + skews(100) - 1) // the dead time was restarted
		h.state(carp.Backup)
	}
	// Without preempt a slower master is left alone.
	h := newHost(t, 1, 100).up()
	h.want(carp.Heard(timing(1, 254)))
	h.want(carp.Heard(timing(3, 0)))
	h.state(carp.Backup)
}

// "mine is with the effective skew": who is demoted below the master does not
// preempt it.
func TestSpecDemotedDoesNotPreempt(t *testing.T) {
	h := newHost(t, 1, 0, preempt).up()
	h.want(carp.Demoted(100))
	h.want(carp.Heard(timing(1, 100)))
	h.want(carp.Demoted(99))
	h.want(carp.Heard(timing(1, 100)), "BACKUP -> MASTER (preempting a slower master)", "claim",
		"advertise advbase 1 advskew 99", "announce")
}

// "BACKUP, heard, 3·advbase (own) < theirs: MASTER at once, master will time
// out (this is how a bow-out hands over, with or without preempt)."
func TestSpecMasterWillTimeOut(t *testing.T) {
	takeover := []string{"BACKUP -> MASTER (master will time out)", "claim", "advertise advbase 1 advskew 200", "announce"}
	for _, c := range []struct {
		theirs carp.Timing
		takes  bool
	}{
		{timing(255, 255), true}, {timing(4, 0), true}, {timing(3, 1), true}, {timing(3, 0), false}, {timing(2, 254), false},
	} {
		h := newHost(t, 1, 200).up()
		if c.takes {
			h.want(carp.Heard(c.theirs), takeover...)
		} else {
			h.want(carp.Heard(c.theirs))
		}
	}
	h := newHost(t, 1, 200, preempt).up()
	h.want(carp.Demoted(1000)) // even the last of all takes over from one who leaves
	h.want(carp.Heard(timing(255, 255)), "BACKUP -> MASTER (preempting a slower master)", "claim",
		"advertise advbase 1 advskew 240", "announce")
	h = newHost(t, 0, 10).up()
	h.want(carp.Heard(timing(0, 30)))
	h.want(carp.Heard(timing(0, 31)), "BACKUP -> MASTER (master will time out)", "claim",
		"advertise advbase 0 advskew 10", "announce")
}

// "BACKUP, heard, otherwise: restart the dead time."
func TestSpecHeardRestarts(t *testing.T) {
	h := newHost(t, 1, 0).up()
	for i := range 100 {
		h.until(time.Duration(i) * 2999 * ms)
		h.want(carp.Heard(timing(1, 10)))
	}
	h.until(99*2999*ms + 3*s1 - 1)
	h.until(99*2999*ms+3*s1, "4m59.901s: BACKUP -> MASTER (master timed out), claim, advertise advbase 1 advskew 0, announce")
}

// "MASTER, heard, mine ≥ theirs: BACKUP (a tie steps down)"; "On losing
// MASTER: release first, then everything else."
func TestSpecMasterStepsDown(t *testing.T) {
	for _, c := range []struct {
		theirs carp.Timing
		yields bool
	}{
		{timing(1, 99), true}, {timing(1, 100), true}, {timing(1, 101), false}, {timing(0, 254), true},
		{timing(2, 0), false}, {timing(255, 255), false},
	} {
		h := newMaster(t, 1, 100)
		h.now += 100 * ms
		if c.yields {
			h.want(carp.Heard(c.theirs), "release", better)
		} else {
			h.want(carp.Heard(c.theirs))
			h.state(carp.Master)
		}
	}
	// The effective skew counts here too.
	h := newMaster(t, 1, 0)
	h.want(carp.Demoted(100), "advertise advbase 1 advskew 100")
	h.want(carp.Heard(timing(1, 101)))
	h.want(carp.Heard(timing(1, 100)), "release", better)
}

// Two hosts with the same timing that start in the same instant depose each
// other; the tie delay ends that, also where the whole dead time is 12 ms.
func TestSpecTieDelayEndsLockstep(t *testing.T) {
	worst := map[carp.Timing]int{}
	for _, tm := range []carp.Timing{timing(1, 0), timing(1, 100), timing(0, 1), timing(0, 8)} {
		for seed := range uint64(500) {
			hosts := []*host{newHost(t, 0, 0), newHost(t, 0, 0)}
			for i, h := range hosts {
				h.config.Timing, h.config.TieBreak = tm, 2*seed+uint64(i)
				h.do(carp.Configured(h.config))
				h.up()
			}
			cycles := 0
			for ; cycles < 50; cycles++ {
				a, _ := hosts[0].m.Deadline()
				b, _ := hosts[1].m.Deadline()
				if a != b {
					break // one will be heard before the other is due
				}
				for _, h := range hosts {
					h.now = a.Sub(start)
					h.do(evDeadline)
					h.state(carp.Master)
				}
				for _, h := range hosts { // their first advertisements cross
					h.want(carp.Heard(tm), "release", better)
				}
			}
			worst[tm] = max(worst[tm], cycles)
		}
	}
	for tm, cycles := range worst {
		if cycles > 10 {
			t.Errorf("%v: %d lockstep cycles", tm, cycles)
		}
	}
	// The delay is up to a quarter second, and only after a tie.
	h := newMaster(t, 1, 100)
	h.want(carp.Heard(timing(1, 99)), "release", better)
	if d, _ := h.m.Deadline(); d != at(h.now+3*s1+skews(100)) {
		t.Errorf("after a clear defeat: %v", d.Sub(start))
	}
	for range 200 {
		h := newMaster(t, 1, 100, func(c *carp.Config) { c.TieBreak++ })
		h.do(carp.Heard(timing(1, 100)))
		d, _ := h.m.Deadline()
		if late := d.Sub(at(h.now + 3*s1 + skews(100))); late < 0 || late > s1/4 {
			t.Errorf("after a tie: %v late", late)
		}
	}
}

// The delay after a tie outlives the advertisements of the other family and of
// a third host in the same lockstep, and delays preemption too: hosts that hear
// a slower master in the same instant must not depose each other again.
func TestSpecTieDelayLasts(t *testing.T) {
	h := newMaster(t, 1, 100, preempt, func(c *carp.Config) { c.TieBreak = 3 })
	h.want(carp.Heard(timing(1, 100)), "release", better)
	d, _ := h.m.Deadline()
	delay := d.Sub(at(h.now + 3*s1 + skews(100)))
	if delay <= 0 {
		t.Fatalf("choose another TieBreak: delay %v", delay)
	}
	check := func(want time.Duration) {
		t.Helper()
		if d, _ := h.m.Deadline(); d != at(want) {
			t.Errorf("at %v: deadline %v, want %v", h.now, d.Sub(start), want)
		}
	}
	tied := h.now
	h.want(carp.Heard(timing(1, 100)))
	check(tied + 3*s1 + skews(100) + delay)
	h.now = tied + 3*s1
	h.want(carp.Heard(timing(1, 101))) // not at once
	check(tied + 3*s1 + delay)
	h.want(carp.Heard(timing(1, 100))) // the other was faster
	check(tied + 6*s1 + skews(100) + delay)
	h.now += ms
	h.want(carp.Heard(timing(1, 101)))
	h.now += delay
	h.want(evDeadline, "BACKUP -> MASTER (preempting a slower master)", "claim", "advertise advbase 1 advskew 100", "announce")
	// Two dead times after the tie all is as ever.
	h.want(carp.Heard(timing(1, 99)), "release", better)
	h.now = tied + 2*(3*s1+skews(100))
	h.want(carp.Heard(timing(1, 99)))
	check(h.now + 3*s1 + skews(100))
	h.want(carp.Heard(timing(1, 101)), "BACKUP -> MASTER (preempting a slower master)", "claim", "advertise advbase 1 advskew 100", "announce")
}

// With advbase 0 the skew is the whole interval, so a demoted host listens as
// long as its demotion says; otherwise it would depose slower masters without
// end.
func TestSpecSubSecondDemoted(t *testing.T) {
	h := newHost(t, 0, 8).up()
	h.want(carp.Demoted(240))
	if d, _ := h.m.Deadline(); d != at(3*skews(240)) {
		t.Errorf("deadline %v, want %v", d.Sub(start), 3*skews(240))
	}
	h.want(carp.Heard(timing(0, 30)))
	h.want(carp.Heard(timing(0, 254)))
	h.state(carp.Backup)
	h.now = 100 * ms
	h.want(carp.Demoted(0)) // the silence so far counts
	if d, _ := h.m.Deadline(); d != at(3*skews(8)) {
		t.Errorf("deadline %v, want %v", d.Sub(start), 3*skews(8))
	}
}

// "MASTER, heard, mine < theirs: stay; after a conflict has ended, announce
// again: the other side's frames may have moved ARP entries and switch ports."
func TestSpecConflictReannounces(t *testing.T) {
	h := newMaster(t, 1, 0)
	ad := "advertise advbase 1 advskew 0"
	h.until(8*s1, "4s: "+ad, "5s: "+ad+", announce", "6s: "+ad, "7s: "+ad+", announce, asking too", "8s: "+ad)
	h.now = 8500 * ms
	h.want(carp.Heard(timing(1, 100)))
	h.until(15*s1, "9s: "+ad+", announce", "10s: "+ad+", announce", "11s: "+ad, "12s: "+ad,
		"13s: "+ad+", announce, asking too", "14s: "+ad, "15s: "+ad)
}

// "Announce again after two advertisements"; "in request form only when no
// other master can still hold the address", that is after a lease.
func TestSpecAnnouncements(t *testing.T) {
	h := newMaster(t, 1, 100)
	ad := "advertise advbase 1 advskew 100"
	h.until(12*s1,
		"4.78125s: "+ad,
		"6.171875s: "+ad+", announce",
		"7.5625s: "+ad+", announce, asking too", // 4 s after the promotion at 3.39 s
		"8.953125s: "+ad, "10.34375s: "+ad, "11.734375s: "+ad)
}
