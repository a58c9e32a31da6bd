package carpif

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// stall stops a unit's owner for d at its next call of the kernel, which the
// test provokes: a stopped process, a starved host.
func (u *unit) stall(d time.Duration) {
	u.kernel.before("Parent", func() error {
		u.kernel.before("Parent", nil)
		time.Sleep(d)
		return nil
	})
	u.fake.Overrun()
}

// Late is not dead: a backup that was stopped past the dead time hears what is
// waiting before it believes in silence.
func TestLateIsNotDead(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		for range 20 { // whichever of the ready channels is looked at first
			b.stall(5 * time.Second)
			time.Sleep(7 * time.Second)
		}
		b.is("BACKUP", "")
		if n := b.status().Transitions; n != 1 {
			t.Errorf("b changed state %d times\n%s", n, b.said)
		}
		a.is("MASTER", "")
	})
}

// A master that overslept steps back before it does anything else: nobody
// answers twice, and its kernel let go of the addresses meanwhile.
func TestOverslept(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		for range 20 {
			a.stall(4500 * ms)
			time.Sleep(4400 * ms)
			a.answers(false)
			b.is("MASTER", "master timed out")
			then := time.Now()
			time.Sleep(ms)
			time.Sleep(200 * ms)
			a.is("BACKUP", "overslept")
			for _, what := range l.since(then) {
				if what != "192.0.2.3 advertises 1/100" && what != "192.0.2.50 is at 00:00:5e:00:01:01" {
					t.Errorf("after waking, the segment heard %q", what)
				}
			}
			for _, op := range a.fake.Ops() {
				if op == "ip addr add 192.0.2.50/24 dev carp0 valid_lft 4 preferred_lft 4 noprefixroute" {
					t.Fatalf("a host that overslept claimed again\n%s", a.said)
				}
			}
			b.set(down)
			b.set(up)
			time.Sleep(5 * time.Second)
			a.is("MASTER", "")
			a.fake.Ops()
		}
	})
}

// The lease is renewed by advertisements that went out, and by nothing else.
func TestLease(t *testing.T) {
	inLab(t, func(l *lab) {
		a := l.host(2).create("carp0", member(0))
		time.Sleep(10*time.Second + ms)
		a.fake.Ops()
		time.Sleep(3 * time.Second)
		if ops := a.fake.Ops(); len(ops) != 3 {
			t.Errorf("in three intervals: %q", ops)
		}
		a.wire().FailSends(unix.ENOBUFS)
		a.host.store.set(func(v *sysctl.Values) { v.Demotion = 3 })
		time.Sleep(3900 * ms)
		a.answers(true)
		if ops := a.fake.Ops(); len(ops) != 0 {
			t.Errorf("with nothing going out: %q", ops)
		}
		time.Sleep(200 * ms)
		a.answers(false)
		time.Sleep(10 * time.Second)
		a.answers(false)
	})
}

// An interval of 4 ms does not mean 256 calls of the kernel a second.
func TestLeaseOfAFastMaster(t *testing.T) {
	inLab(t, func(l *lab) {
		a := l.host(2).create("carp0", vhid(1), advbase(0), advskew(1), addr("192.0.2.50/24"))
		time.Sleep(2 * time.Second)
		a.fake.Ops()
		then := time.Now()
		time.Sleep(2 * time.Second)
		if n := len(l.since(then)); n < 500 {
			t.Errorf("%d advertisements in two seconds", n)
		}
		if ops := a.fake.Ops(); len(ops) == 0 || len(ops) > 8 {
			t.Errorf("%d calls of the kernel in two seconds", len(ops))
		}
		a.answers(true)
	})
}
