//go:build netns

package backing

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

const (
	// deadTime is how long a BACKUP with advskew 100 listens to silence.
	deadTime = 3*time.Second + 100*time.Second/256
	// late is how much later than that it may take over on a busy machine.
	late = 300 * time.Millisecond
	// settling bounds every wait for a state.
	settling = deadTime + 5*time.Second
	// smooth is the longest gap that a planned switch may show to a client.
	smooth = 50 * time.Millisecond
	// pace is the time between a client's requests.
	pace = 2 * time.Millisecond
)

// The virtual addresses.
var (
	virtual4 = netip.MustParseAddr("192.168.1.50")
	virtual6 = netip.MustParseAddr("2001:db8::50")
)

// stage is a LAN.
type stage struct {
	*testing.T
	lab     *netlab.Lab
	servers []*netlab.Host
}

// newStage makes the LAN, without hosts.
func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{T: t, lab: netlab.ForTest(t)}
	t.Cleanup(func() { // before the lab goes
		for _, h := range s.servers {
			if text, err := os.ReadFile(logFile(h)); err == nil && t.Failed() {
				t.Logf("log of %s:\n%s", h.Name(), text)
			}
		}
	})
	return s
}

// server adds a host that is to run carp interfaces: 192.168.1.N and 2001:db8::N.
func (s *stage) server(name string, n int) *netlab.Host {
	s.Helper()
	h := s.client(name, n)
	h.Setenv("PATH", filepath.Dir(program)+":"+os.Getenv("PATH"))
	h.Setenv("IFCONFIG_CARP_STATE", stateDir(h))
	h.Setenv("IFCONFIG_CARP_LOG", logFile(h))
	s.servers = append(s.servers, h)
	return h
}

// client adds a host with nothing on it.
func (s *stage) client(name string, n int) *netlab.Host {
	s.Helper()
	return s.lab.HostForTest(s, name, fmt.Sprintf("192.168.1.%d/24", n), fmt.Sprintf("2001:db8::%d/64", n))
}

// stateDir stands for /run on a host of its own.
func stateDir(h *netlab.Host) string { return filepath.Join(h.Dir(), "run") }

// logFile is where the host's supervisors write.
func logFile(h *netlab.Host) string { return filepath.Join(h.Dir(), "log") }

func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// figure logs a measurement that is worth quoting.
func (s *stage) figure(format string, args ...any) {
	s.Helper()
	s.Logf("figure: "+format, args...)
}

// on types lines on a host and returns what the last one printed.
func (s *stage) on(h *netlab.Host, lines ...string) (out string) {
	s.Helper()
	for _, line := range lines {
		var err error
		out, err = h.Run(s.Context(), "sh", "-c", line)
		s.must(err)
	}
	return out
}

// state is the state of a carp interface, as the host says.
func (s *stage) state(h *netlab.Host, ifname string) string {
	s.Helper()
	var list []struct {
		State string `json:"state"`
	}
	s.must(json.Unmarshal([]byte(s.on(h, "ifconfig-carp --json "+ifname)), &list))
	if len(list) != 1 {
		s.Fatalf("%s: --json %s printed %d objects, want 1", h.Name(), ifname, len(list))
	}
	return list[0].State
}

// await waits until a carp interface is in a state.
func (s *stage) await(h *netlab.Host, ifname, state string) {
	s.Helper()
	s.must(netlab.Wait(s.Context(), settling, fmt.Sprintf("%s on %s to be %s", ifname, h.Name(), state), func() (bool, string) {
		got := s.state(h, ifname)
		return got == state, got
	}))
}

// signal sends a signal to the supervisor of an interface, and returns the moment
// before.
func (s *stage) signal(h *netlab.Host, ifname string, sig unix.Signal) time.Time {
	s.Helper()
	found, err := h.Find(ifname)
	s.must(err)
	if len(found) != 1 {
		s.Fatalf("supervisors of %s on %s: %v, want 1", ifname, h.Name(), found)
	}
	at := time.Now()
	s.must(found[0].Signal(sig))
	return at
}

// watch is a client's probe of a virtual address.
type watch struct {
	*netlab.Probe
	s    *stage
	what string
}

// watch begins to probe an address.
func (s *stage) watch(from *netlab.Host, addr netip.Addr) *watch {
	s.Helper()
	p, err := netlab.StartProbe(s.Context(), from, addr, pace)
	s.must(err)
	return &watch{Probe: p, s: s, what: fmt.Sprintf("%v from %s", addr, from.Name())}
}

// served waits until the host answers, and has been the one to answer for a while.
func (w *watch) served(by *netlab.Host) {
	w.s.Helper()
	const while = 300 * time.Millisecond
	since := time.Now()
	w.s.must(netlab.Wait(w.s.Context(), settling, w.what+" to be answered by "+by.Name(), func() (bool, string) {
		host, at := w.LastFrom()
		if host != by.Name() {
			since = time.Now()
		}
		return at.Sub(since) > while, host
	}))
}

// gap logs the longest silence since a moment and wants it to be within a limit. What
// may hide in the prober's own lateness is not held against the hosts.
func (w *watch) gap(name string, since time.Time, limit time.Duration) {
	w.s.Helper()
	r := w.Result().Since(since)
	longest := r.LongestGap()
	w.s.figure("%s: %s: longest gap %s, %d lost", name, w.what, netlab.Millis(longest), r.Lost)
	if longest-r.Stall > limit {
		w.s.Errorf("%s: %s: %v: gaps %+v, want none longer than %v", name, w.what, r, r.Gaps, limit)
	}
}

// neighbour wants a host to have, or to get at once, this MAC for an address.
func (s *stage) neighbour(h *netlab.Host, addr netip.Addr, want netlab.MAC) {
	s.Helper()
	s.must(netlab.Wait(s.Context(), time.Second, fmt.Sprintf("%s to know %v by %v", h.Name(), addr, want), func() (bool, string) {
		got, _, err := h.Neighbour(s.Context(), addr)
		s.must(err)
		return got == want, got.String()
	}))
}

// card is what a host's eth0 is set to, and the addresses on it without the time that
// they are good for.
func (s *stage) card(h *netlab.Host) string {
	s.Helper()
	var b strings.Builder
	for _, key := range []string{"arp_ignore", "arp_announce", "rp_filter"} {
		value, err := h.Sysctl("net/ipv4/conf/eth0/" + key)
		s.must(err)
		fmt.Fprintf(&b, "%s %s\n", key, value)
	}
	list, err := h.Addresses(s.Context(), "eth0")
	s.must(err)
	fmt.Fprintln(&b, list)
	return b.String()
}
