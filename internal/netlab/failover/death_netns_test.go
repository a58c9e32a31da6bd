//go:build netns

package failover

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

const (
	// killed is how late after its dead time provider may take over from a host whose
	// supervisor has been killed or stopped.
	killed = 50 * time.Millisecond
	// both is how long the old host's kernel may go on answering beside the new MASTER:
	// a lease of 4 s against a dead time of 3.39 s.
	both = time.Second
	// grain is how late the kernel's own timer may be on top of that. Address lifetimes
	// run out at a check that is rounded by up to a quarter second and hangs on a timer
	// that is 256 ms coarse at 250 Hz: of 260 leases of 4 s one in forty outlived
	// 4.39 s, the longest 4.47 s.
	grain = 150 * time.Millisecond

	// restarted is what a command says that found the supervisor dead.
	restarted = "its supervisor had died; started it again"
)

// watchKernel probes the virtual address on one host alone, whoever else answers for
// it: the observer sends to the host's own MAC, where the kernel takes what is for an
// address that it has.
func (s *stage) watchKernel(h *netlab.Host) *watch {
	s.Helper()
	observer := s.lab.HostForTest(s, "observer", "192.168.1.11/24")
	s.on(observer, "ip neigh replace "+virtual1.String()+" lladdr "+h.MAC().String()+" dev eth0 nud permanent")
	return s.watchFrom(observer, virtual1, h)
}

// letsGo wants that hosta's kernel stops answering by itself, after provider has taken
// over but soon.
func (s *stage) letsGo(kernel *watch, taken time.Time) {
	s.Helper()
	after := kernel.silent().Sub(taken)
	s.figure("hosta's kernel stops answering %s after provider took over", millis(after))
	if after < 0 || after > both+grain {
		s.Errorf("hosta's kernel answered until %v after provider took over, want 0 to %v", after, both+grain)
	}
	if got, err := s.hosta.Addresses(s.Context(), "carp0"); err != nil || len(got) != 0 {
		s.Errorf("hosta's kernel has %v, %v; want no address", got, err)
	}
}

// A supervisor that is killed: its kernel goes on answering until provider has taken
// over, and then stops by itself.
func TestKilled(t *testing.T) {
	atMost(t, smooth, func(t *testing.T) netlab.Result {
		s := pair(t)
		kernel := s.watchKernel(s.hosta)
		w := s.watch(virtual1, s.hosta)
		since := s.signal(s.hosta, unix.SIGKILL)
		s.fence(s.hosta)
		s.awaitSince(s.provider, "carp0", master, since)
		w.served(s.provider)
		taken := s.withinDeadTime(s.hosta, 1, since, killed)
		s.letsGo(kernel, taken)
		kernel.Stop()

		// The next command says what has happened and starts it again.
		since = time.Now()
		if out := s.on(s.hosta, show0); !strings.Contains(out, restarted) {
			s.Errorf("after the kill: %q", out)
		}
		s.awaitSince(s.hosta, "carp0", backup, since)
		s.pass(deadTime)
		s.expect(s.hosta, backup)
		s.expect(s.provider, master)
		w.served(s.provider)
		s.neverTwo("1")
		r := w.Stop()
		s.figure("SIGKILL: longest gap %s, %d lost, %d duplicate", millis(r.LongestGap()), r.Lost, r.Duplicates)
		return r
	})
}

// A supervisor that is killed and at once started again inherits what its kernel holds:
// the client notices neither that nor the takeover that follows.
func TestKilledAndStartedAgain(t *testing.T) {
	atMost(t, smooth, func(t *testing.T) netlab.Result {
		s := pair(t)
		w := s.watch(virtual1, s.hosta)
		since := s.signal(s.hosta, unix.SIGKILL)
		s.fence(s.hosta)
		if out := s.on(s.hosta, show0); !strings.Contains(out, restarted) {
			s.Errorf("at once after the kill: %q", out)
		}
		again := s.awaitSince(s.hosta, "carp0", backup, since)
		s.figure("started again %s after SIGKILL, by the next command", millis(again.At.Sub(since)))
		s.pass(deadTime)
		// Whoever waited for less time takes over.
		s.must(waitFor(s, "a MASTER", func() (bool, string) {
			a, p := s.lastState(s.hosta), s.lastState(s.provider)
			return a == master || p == master, a + " " + p
		}))
		s.pass(time.Second)
		s.oneMaster(w)
		s.neverTwo("1")
		r := w.Stop()
		s.figure("SIGKILL and started again: %v", r)
		return r
	})
}

// A supervisor that is stopped for less than a dead time changes nothing. One that is
// stopped for longer is replaced, and does not come back as a stale MASTER.
func TestStopped(t *testing.T) {
	atMost(t, smooth, func(t *testing.T) netlab.Result {
		s := pair(t)
		kernel := s.watchKernel(s.hosta)
		w := s.watch(virtual1, s.hosta)

		since := s.signal(s.hosta, unix.SIGSTOP)
		s.pass(1500 * time.Millisecond)
		s.signal(s.hosta, unix.SIGCONT)
		s.pass(deadTime)
		s.unchanged(s.hosta, since)
		s.unchanged(s.provider, since)

		since = s.signal(s.hosta, unix.SIGSTOP)
		s.fence(s.hosta)
		s.awaitSince(s.provider, "carp0", master, since)
		w.served(s.provider)
		taken := s.withinDeadTime(s.hosta, 1, since, killed)
		s.letsGo(kernel, taken)
		s.shownAsHung()

		resumed := s.signal(s.hosta, unix.SIGCONT)
		c := s.awaitSince(s.hosta, "carp0", backup, resumed)
		s.figure("SIGCONT: hosta is BACKUP %s later (%s)", millis(c.At.Sub(resumed)), c.Reason)
		s.pass(deadTime)
		for _, ad := range s.advertisements(s.hosta, 1) {
			if ad.at.After(resumed) {
				s.Errorf("hosta advertised %v after SIGCONT, want never", ad.at.Sub(resumed))
			}
		}
		if _, at := kernel.LastFrom(); at.After(resumed) {
			s.Errorf("hosta's kernel answered %v after SIGCONT, want never", at.Sub(resumed))
		}
		kernel.Stop()
		s.expect(s.hosta, backup)
		s.expect(s.provider, master)
		w.served(s.provider)
		s.neverTwo("1")
		r := w.Stop()
		s.figure("SIGSTOP: longest gap %s, %d lost, %d duplicate", millis(r.LongestGap()), r.Lost, r.Duplicates)
		return r
	})
}

// shownAsHung wants that a stopped supervisor does not hang who asks for its state.
func (s *stage) shownAsHung() {
	s.Helper()
	start := time.Now()
	out, err := s.hosta.Run(s.Context(), "ifconfig-carp", "carp0")
	took := time.Since(start)
	s.figure("the state of a stopped supervisor is shown after %s", millis(took))
	if err == nil || !strings.Contains(out, "carp: UNKNOWN vhid 1") || took > 2*time.Second {
		s.Errorf("carp0 of a stopped supervisor, after %v, %v: %s", took, err, out)
	}
}

// A BACKUP that was stopped for longer than its dead time reads what it has missed
// before it believes its timer: late is not dead.
func TestStoppedBackup(t *testing.T) {
	t.Parallel()
	s := pair(t)
	w := s.watch(virtual1, s.hosta)
	since := s.signal(s.provider, unix.SIGSTOP)
	s.pass(deadTime + time.Second)
	s.signal(s.provider, unix.SIGCONT)
	s.pass(deadTime)
	s.unchanged(s.hosta, since)
	s.unchanged(s.provider, since)
	s.expect(s.provider, backup)
	if n := len(s.advertisements(s.provider, 1)); n != 0 {
		s.Errorf("provider sent %d advertisements, want none", n)
	}
	w.Stop()
}
