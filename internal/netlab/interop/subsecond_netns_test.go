//go:build netns

package interop

import (
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// quick is a scene with advbase 0: one is MASTER and two is BACKUP.
func quick(t *testing.T, skew1, skew2 int) (s *scene, one, two, client *netlab.Host) {
	t.Helper()
	s = newScene(t)
	one, two = s.member("one", "192.168.1.3/24"), s.member("two", "192.168.1.5/24")
	client = s.other("client", "192.168.1.10/24")
	for n, h := range []*netlab.Host{one, two} {
		s.join(h, fmt.Sprintf("vhid 1 advbase 0 advskew %d pass %s", []int{skew1, skew2}[n], password), "192.168.1.50/24")
		s.await(h, "carp0", []string{master, backup}[n])
	}
	return s, one, two, client
}

// quickDead is the dead time with advbase 0.
func quickDead(advskew int) time.Duration { return 3 * time.Duration(max(advskew, 1)) * tick }

// overhead is what a takeover may cost beyond the dead time, on a machine that does not
// stand still.
const overhead = 10 * time.Millisecond

// With advbase 0 a MASTER that falls silent is replaced within hundredths of a second.
func TestSubSecondTakeover(t *testing.T) {
	for _, tt := range []struct {
		name         string
		skew1, skew2 int
		fault        func(*scene, *netlab.Host)
	}{
		{"1 before 2, killed", 1, 2, func(s *scene, h *netlab.Host) { s.kill(h, "carp0") }},
		{"1 before 2, cut off", 1, 2, func(s *scene, h *netlab.Host) { s.fence(h); s.must(h.Cut(s.Context())) }},
		{"2 before 1, killed", 2, 1, func(s *scene, h *netlab.Host) { s.kill(h, "carp0") }},
		{"2 before 1, cut off", 2, 1, func(s *scene, h *netlab.Host) { s.fence(h); s.must(h.Cut(s.Context())) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, one, two, client := quick(t, tt.skew1, tt.skew2)
			ads := s.listen(client, "eth0")
			p := s.probe(client, virtual4)
			s.served(p, one)
			since := time.Now()
			tt.fault(s, one)
			s.awaitSince(two, "carp0", master, since)
			s.served(p, two)
			d := s.silence(ads, netip.MustParseAddr("192.168.1.3"), netip.MustParseAddr("192.168.1.5"), since)
			r := p.Stop().Since(since)
			stalled := machine.stalled(since, since.Add(500*time.Millisecond))
			s.figure("advskew %s: taken over after a silence of %s (dead time %s); the client's gap %s; the machine stood still for %s",
				tt.name, millis(d), millis(quickDead(tt.skew2)), millis(r.LongestGap()), millis(stalled))
			if d < quickDead(tt.skew2)-2*time.Millisecond || d > quickDead(tt.skew2)+overhead+stalled {
				s.Errorf("taken over after a silence of %v, want %v to %v", d, quickDead(tt.skew2), quickDead(tt.skew2)+overhead)
			}
			s.neverTwo(1)
		})
	}
}

// load keeps the machine busy until the test ends, with programs of the shell.
func (s *scene) load(n int, script string) {
	s.Helper()
	for range n {
		busy := exec.CommandContext(s.Context(), "sh", "-c", script)
		s.must(busy.Start())
		s.Cleanup(func() {
			_ = busy.Process.Kill()
			_ = busy.Wait()
		})
	}
}

// A busy machine does not lose its MASTER, with dead times of hundredths of a second.
func TestSubSecondOnABusyMachine(t *testing.T) {
	for _, skew := range []struct{ one, two int }{{1, 2}, {0, 1}} {
		t.Run(fmt.Sprintf("advskew %d before %d", skew.one, skew.two), func(t *testing.T) {
			s, one, two, client := quick(t, skew.one, skew.two)
			s.load(4, "while :; do :; done")
			taken, processor, lock := s.hold("four busy loops", two, client, skew.two)
			margin := quickDead(skew.two) - time.Duration(max(skew.one, 1))*tick
			switch {
			case taken > 0 && max(processor, lock) < margin/2:
				s.Errorf("%d false takeovers although the machine never stood still", taken)
			case taken == 0:
				s.expect(one, "carp0", master)
				s.expect(two, "carp0", backup)
			}
		})
	}
}

// The kernel's lock for changes of interfaces is one for all network namespaces: where
// containers come and go it is held for long. A MASTER needs it to renew its lease, but
// does not wait for it: it is not taken for dead.
func TestSubSecondWhereNamespacesComeAndGo(t *testing.T) {
	s, one, two, client := quick(t, 1, 2)
	name := strings.TrimSuffix(one.Namespace(), one.Name()) + "churn"
	s.load(1, fmt.Sprintf(`while ip netns add %[1]s && ip -n %[1]s -batch - <<END
link add name v0 type veth peer name v1
link add name b0 type bridge
link set v1 master b0
link add name m0 link v0 type macvlan mode bridge
link set v0 up
link set v1 up
link set b0 up
link set m0 up
link set m0 down
END
do ip netns del %[1]s; done`, name))
	s.Cleanup(func() { _ = exec.Command("ip", "netns", "del", name).Run() })
	taken, processor, lock := s.hold("namespaces that come and go", two, client, 2)
	if taken > 0 && processor < quickDead(2)/2 {
		s.Errorf("%d false takeovers while the kernel's lock was held for %s", taken, millis(lock))
	}
	s.wait("one MASTER", func() (bool, string) {
		a, b := s.last(one, "carp0").To, s.last(two, "carp0").To
		return (a == master) != (b == master), a + " " + b
	})
}

// hold lets a load act for five seconds and tells how often two has taken over falsely,
// and what the machine kept the monitor waiting for.
func (s *scene) hold(what string, two, client *netlab.Host, advskew int) (taken int, processor, lock time.Duration) {
	s.Helper()
	s.pass(200 * time.Millisecond)
	ads := s.listen(client, "eth0")
	since := time.Now()
	s.pass(5 * time.Second)
	until := time.Now()
	for _, c := range s.changes(two) {
		if c.At.After(since) && c.At.Before(until) && c.To == master {
			taken++
		}
	}
	var slowest time.Duration
	sent := advertisements(ads.Frames())
	for n := range sent {
		if n > 0 {
			slowest = max(slowest, sent[n].At.Sub(sent[n-1].At))
		}
	}
	processor, lock = machine.longest(since, until)
	s.figure("%s for 5 s: %d false takeovers; %d advertisements, at most %s between two (dead time %s)",
		what, taken, len(sent), millis(slowest), millis(quickDead(advskew)))
	s.figure("meanwhile the machine kept the monitor waiting for the processor for %s, for the kernel's lock for %s at most", millis(processor), millis(lock))
	if len(sent) < 600 {
		s.Errorf("%d advertisements in 5 s, want 600 at least", len(sent))
	}
	return taken, processor, lock
}
