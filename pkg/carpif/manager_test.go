package carpif

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

// steward is a service manager that writes down what it is told, with the time since
// its start.
type steward struct {
	every time.Duration
	start time.Time

	mu    sync.Mutex
	told  []string
	alive []time.Duration
}

func (s *steward) say(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, what)
}

func (s *steward) Ready()                    { s.say("ready") }
func (s *steward) Stopping()                 { s.say("stopping") }
func (s *steward) Status(line string)        { s.say(line) }
func (s *steward) AliveEvery() time.Duration { return s.every }

func (s *steward) Alive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alive = append(s.alive, time.Since(s.start))
}

// watched starts carp0's supervisor under a manager, as a member of the group.
func (h *host) watched(every time.Duration) (*unit, *steward) {
	m := &steward{every: every, start: time.Now()}
	u := h.supervise("carp0", func(u *unit) { u.iface.opts.Manager = m })
	return u, m
}

// born makes the interface of a supervisor that has been started.
func (u *unit) born(line ...word) {
	u.Helper()
	if resp := u.ask(control.Request{Op: control.OpCreate, Change: change(line...)}); resp.Error != nil {
		u.Fatalf("create %s: %v", u.name, resp.Error)
	}
}

// What the manager hears, from the first to the last: each state once, with the reason
// and under the present name.
func TestManagerIsTold(t *testing.T) {
	inLab(t, func(l *lab) {
		u, m := l.host(2).watched(0)
		u.born(member(0))
		time.Sleep(4 * time.Second)
		u.set(down)
		u.set(down)
		u.set(name("web"))
		u.stop()
		<-u.ended
		want := []string{
			"ready",
			"carp0: INIT, no vhid",
			"carp0: BACKUP vhid 1 on eth0 (up)",
			"carp0: MASTER vhid 1 on eth0 (master timed out)",
			"carp0: INIT vhid 1 on eth0 (down)",
			"web: INIT vhid 1 on eth0 (down)",
			"stopping",
		}
		if !slices.Equal(m.told, want) {
			t.Errorf("it was told\n%s\nwant\n%s", strings.Join(m.told, "\n"), strings.Join(want, "\n"))
		}
		if len(m.alive) != 0 {
			t.Errorf("it was told %d times that the owner is alive, and does not listen", len(m.alive))
		}
	})
}

// The owner says that it is alive, punctually, and only as long as it is: nothing is
// said in its stead while it hangs.
func TestOwnerSaysThatItIsAlive(t *testing.T) {
	inLab(t, func(l *lab) {
		u, m := l.host(2).watched(2 * time.Second)
		u.born(member(0))
		time.Sleep(9 * time.Second)
		u.stall(20 * time.Second)
		time.Sleep(19 * time.Second)
		synctest.Wait()
		m.mu.Lock()
		defer m.mu.Unlock()
		want := []time.Duration{2 * time.Second, 4 * time.Second, 6 * time.Second, 8 * time.Second}
		if !slices.Equal(m.alive, want) {
			t.Errorf("it was told at %v, want %v and nothing since", m.alive, want)
		}
	})
}
