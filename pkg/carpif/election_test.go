package carpif

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

func TestElection(t *testing.T) {
	inLab(t, func(l *lab) {
		a := l.host(2).create("carp0", member(0))
		b := l.host(3).create("carp0", member(100))
		c := l.host(4).create("carp0", member(200))
		time.Sleep(3*time.Second - ms)
		a.is("BACKUP", "up") // a whole dead time of listening first
		time.Sleep(2 * ms)
		a.is("MASTER", "master timed out")
		time.Sleep(time.Minute)
		b.is("BACKUP", "up")
		c.is("BACKUP", "up")
		b.answers(false)
		if s := b.status(); s.Transitions != 1 || len(s.Peers) != 1 || s.Peers[0].Address != a.addr.Addr() {
			t.Errorf("b has seen %d transitions and the peers %v", s.Transitions, s.Peers)
		}
	})
}

// A cut cable at the switch: nobody is told, the backup's dead time decides.
func TestFailOverAfterTheDeadTime(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		l.hub.Cut(a.wire())
		heard := l.last("192.0.2.2 advertises")
		time.Sleep(5 * time.Second)
		b.is("MASTER", "master timed out")
		if got := b.status().Since.Sub(heard); got != dead100 {
			t.Errorf("taken over %v after the last advertisement, want %v", got, dead100)
		}
		after := l.since(heard.Add(dead100))
		want := []string{"192.0.2.3 advertises 1/100", "192.0.2.50 is at 00:00:5e:00:01:01"}
		if len(after) < 2 || !slices.Equal(after[:2], want) {
			t.Errorf("on taking over the segment heard %q, want first %q", after, want)
		}
		a.is("MASTER", "") // it does not know
	})
}

func TestDownHandsOverInTheSameInstant(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		then := time.Now()
		a.set(down)
		if took := time.Since(then); took != 0 {
			t.Errorf("down took %v although somebody took over", took)
		}
		a.is("INIT", "down")
		a.answers(false)
		b.is("MASTER", "master will time out")
		b.answers(true)
		if b.status().Since != then.UTC() && !b.status().Since.Equal(then) {
			t.Errorf("taken over at %v, down at %v", b.status().Since, then)
		}
		if heard := l.since(then); heard[0] != "192.0.2.2 advertises 255/255" {
			t.Errorf("the segment heard %q, want a bow-out first", heard)
		}
	})
}

// Make before break: while nobody takes over, the kernel goes on answering for
// 20 ms, and the command waits for the end of it.
func TestDownLingersWhenNobodyTakesOver(t *testing.T) {
	inLab(t, func(l *lab) {
		a := l.host(2).create("carp0", member(0))
		time.Sleep(10 * time.Second)
		then := time.Now()
		done := make(chan struct{})
		go func() { defer close(done); a.set(down) }()
		time.Sleep(carp.HandoverTime - ms)
		a.answers(true)
		<-done
		if took := time.Since(then); took != carp.HandoverTime {
			t.Errorf("down took %v, want %v", took, carp.HandoverTime)
		}
		a.answers(false)
	})
}

// The nudge: down and up again on the master moves the addresses, and without
// preempt they stay where they are.
func TestNudge(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		a.set(down)
		a.set(up)
		a.is("BACKUP", "up")
		time.Sleep(time.Minute)
		a.is("BACKUP", "")
		b.is("MASTER", "")
		if n := b.status().Transitions; n != 2 {
			t.Errorf("b changed state %d times, want 2", n)
		}
	})
}

func TestPreempt(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		a.set(down)
		a.set(up)
		time.Sleep(10 * time.Second)
		b.is("MASTER", "")
		a.host.store.set(func(v *sysctl.Values) { v.Preempt = true })
		time.Sleep(2 * time.Second) // b's next advertisement
		a.is("MASTER", "preempting a slower master")
		b.is("BACKUP", "more frequent advertisement received")
		a.answers(true)
		b.answers(false)
	})
}

func TestForcedState(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		a.set(force(carp.Backup))
		a.is("BACKUP", "forced")
		b.is("MASTER", "master will time out")
		a.set(force(carp.Master))
		a.is("MASTER", "forced")
		b.is("BACKUP", "more frequent advertisement received")
	})
}

func TestBothFamilies(t *testing.T) {
	inLab(t, func(l *lab) {
		a := l.host(2).create("carp0", member(0), alias("2001:db8::50/64"))
		b := l.host(3).create("carp0", member(100), alias("2001:db8::50/64"))
		time.Sleep(10 * time.Second)
		a.is("MASTER", "")
		b.is("BACKUP", "")
		for _, who := range []string{"192.0.2.2 advertises", "fe80::2 advertises", "2001:db8::50 is at"} {
			if l.last(who).IsZero() {
				t.Errorf("nobody heard %q", who)
			}
		}
		if c := a.status().Counters; c["sent inet"] != c["sent inet6"] || c["sent inet"] == 0 {
			t.Errorf("counters %v, want as many in either family", c)
		}
		a.set(down)
		b.is("MASTER", "master will time out")
	})
}

// A change of the timing is judged by the peers now, not an interval later.
func TestAdvskewAtOnce(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		b.host.store.set(func(v *sysctl.Values) { v.Preempt = true })
		then := time.Now()
		a.set(advskew(200))
		b.is("MASTER", "preempting a slower master")
		if heard := l.since(then); heard[0] != "192.0.2.2 advertises 1/200" {
			t.Errorf("the segment heard %q", heard)
		}
	})
}

func TestStatus(t *testing.T) {
	inLab(t, func(l *lab) {
		a, _ := l.pair()
		s := a.status()
		if s.Name != "carp0" || s.VHID != 1 || s.CarpDev != "eth0" || !s.Up || s.LLAddr != "00:00:5e:00:01:01" ||
			s.MTU != 1500 || s.PID != 4711 || s.Key != nil || s.Transitions != 2 || s.AdvertisedSkew != 0 {
			t.Errorf("status %+v", s)
		}
		if want := time.Now().Add(-7*time.Second - ms); !s.Since.Equal(want) {
			t.Errorf("MASTER since %v, want %v", s.Since, want)
		}
		withKey := a.ask(control.Request{Op: control.OpStatus, Keys: true}).Status
		if withKey.Key == nil || *withKey.Key != "sesame" {
			t.Error("the key is not in the status that asks for it")
		}
		a.host.store.set(func(v *sysctl.Values) { v.Demotion = 50 })
		if s := a.status(); s.Demotion != 50 || s.AdvertisedSkew != 50 || s.AdvSkew != 0 {
			t.Errorf("demoted by 50: demotion %d, advskew %d advertised as %d", s.Demotion, s.AdvSkew, s.AdvertisedSkew)
		}
	})
}

// A flood of requests must not keep the owner from its advertisements.
func TestRequestFlood(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		stop := time.Now().Add(20 * time.Second)
		for range 4 {
			go func() {
				for time.Now().Before(stop) {
					for range 10 {
						a.iface.Handle(l.Context(), control.Request{Op: control.OpStatus})
					}
					time.Sleep(10 * ms)
				}
			}()
		}
		time.Sleep(21 * time.Second)
		synctest.Wait()
		b.is("BACKUP", "")
		if n := b.status().Transitions; n != 1 {
			t.Errorf("b changed state %d times under the flood", n)
		}
	})
}
