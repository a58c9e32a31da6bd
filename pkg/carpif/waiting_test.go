package carpif

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

// apart is the longest time between two advertisements of a host since then.
func (l *lab) apart(from string, then time.Time) (longest time.Duration) {
	l.last(from)
	l.mu.Lock()
	defer l.mu.Unlock()
	last := then
	for _, s := range l.heard {
		if s.at.After(then) && strings.HasPrefix(s.what, from+" advertises ") {
			longest = max(longest, s.at.Sub(last))
			last = s.at
		}
	}
	return max(longest, time.Since(last))
}

// steady asserts that a has advertised all the time, and that b has believed it.
func (l *lab) steady(a, b *unit, then time.Time) {
	l.Helper()
	if d := l.apart(a.addr.Addr().String(), then); d > time.Second+ms {
		l.Errorf("silent for %v", d)
	}
	a.is("MASTER", "master timed out")
	a.answers(true)
	b.is("BACKUP", "up")
	if n := b.status().Transitions; n != 1 {
		l.Errorf("b changed state %d times", n)
	}
}

// A name that is another's for the time being is waited for, but not by the owner:
// whoever types it must not silence a MASTER.
func TestNameIsNotWaitedForByTheOwner(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		a.nameTakes = 3500 * ms
		then := time.Now()
		for range 5 {
			got := a.refused(name("web"), advskew(7))
			if want := "ioctl SIOCSIFNAME (set name): File exists\nhint: carp0: name web: another carp interface has that name: file exists"; got != want {
				t.Errorf("refused with %q", got)
			}
		}
		if d := time.Since(then); d < 5*a.nameTakes {
			t.Errorf("it was not waited for: %v", d)
		}
		l.steady(a, b, then)
		if s := a.status(); s.Name != "carp0" || s.AdvSkew != 0 {
			t.Errorf("now %s, advskew %d", s.Name, s.AdvSkew)
		}
		oneName(t, a.host, "carp0", "web")

		// Nor for longer than a command waits.
		a.nameTakes = time.Hour
		then = time.Now()
		a.refused(name("web"))
		if d := time.Since(then); d > exclusiveTime {
			t.Errorf("refused after %v", d)
		}
		l.steady(a, b, then)
	})
}

// A new name is let go of whatever the line comes to, and before that is told: the next
// command may want it.
func TestNameIsLetGoOf(t *testing.T) {
	inLab(t, func(l *lab) {
		a, _ := l.pair()
		var taken []*newName
		a.iface.opts.Rename = keep(&taken, a.iface.opts.Rename)
		past := int64(1)
		for what, req := range map[string]control.Request{
			"too late":       {Op: control.OpChange, Until: past, Change: change(name("web"))},
			"another's":      {Op: control.OpChange, Name: "carp7", Change: change(name("web"))},
			"a second birth": {Op: control.OpCreate, Change: change(name("web"))},
			"a wrong word":   {Op: control.OpChange, Change: change(name("web"), vhid(0))},
			"the parent's":   {Op: control.OpChange, Change: change(name("eth0"))},
		} {
			n := len(taken)
			if resp := a.ask(req); resp.Error == nil {
				t.Errorf("%s: not refused", what)
			}
			if len(taken) != n+1 || !taken[n].ended {
				t.Errorf("%s: the name was not taken, or is held still", what)
			}
		}
		a.set(name("web"))
		if n := taken[len(taken)-1]; n.ended {
			t.Error("the name was let go of after it had become the interface's")
		}
	})
}

// While a process that is stopped has the folder's lock, commands wait and fail. The
// owner never waits for it: neither with a request that has had its turn, nor with one
// that has not.
func TestFolderLockedByAStoppedProcess(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		then := time.Now()
		stopped := func() { a.host.store.lock <- struct{}{} }
		goesOn := func() { <-a.host.store.lock }
		stopped()
		for _, line := range [][]word{{advskew(7)}, {name("web")}, {alias("192.0.2.51/24")}} {
			if got := a.refused(line...); got != errLocked.Error() {
				t.Errorf("refused with %q", got)
			}
			a.ask(control.Request{Op: control.OpClear})
		}
		l.steady(a, b, then)
		goesOn()

		// Between the steps of a change nobody gets in.
		for _, step := range []string{"RenameBacking", "Claim"} {
			a.kernel.before(step, func() error {
				select {
				case a.host.store.lock <- struct{}{}:
					t.Errorf("%s: the folder was free", step)
				default:
				}
				return nil
			})
		}
		then = time.Now()
		a.set(name("web"), alias("192.0.2.51/24"))
		stopped() // it is free now
		time.Sleep(10 * time.Second)
		if d := l.apart("192.0.2.2", then); d > time.Second+ms {
			t.Errorf("silent for %v", d)
		}
		a.is("MASTER", "")
		b.is("BACKUP", "up")
		goesOn()
	})
}

// Who cannot strike itself off the parent's users, since a stopped process has the lock,
// leaves the parent as another MASTER on it needs it.
func TestLeavingWhileTheFolderIsLocked(t *testing.T) {
	inLab(t, func(l *lab) {
		h := l.host(2)
		first := h.create("carp0", member(0)) // who keeps the original settings
		other := h.create("carp1", vhid(2), addr("192.0.2.51/24"))
		time.Sleep(10*time.Second + ms)
		settings := func() map[string]string {
			t.Helper()
			now, err := h.fake.ParentSettings("eth0")
			if err != nil {
				t.Fatal(err)
			}
			return now
		}
		before, then := settings(), time.Now()
		h.store.lock <- struct{}{}
		if resp := first.ask(control.Request{Op: control.OpDestroy}); resp.Error != nil {
			t.Fatal(resp.Error)
		}
		<-first.ended
		if now := settings(); !maps.Equal(now, before) {
			t.Errorf("eth0 has %v, want %v", now, before)
		}
		other.is("MASTER", "")
		if d := l.apart("192.0.2.2", then); d > time.Second+ms {
			t.Errorf("silent for %v", d)
		}
		// The last one to leave has nobody to leave them to.
		if resp := other.ask(control.Request{Op: control.OpDestroy}); resp.Error != nil {
			t.Fatal(resp.Error)
		}
		<-other.ended
		<-h.store.lock
	})
}
