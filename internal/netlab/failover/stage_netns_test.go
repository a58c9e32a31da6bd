//go:build netns

package failover

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// password is shared by all hosts.
const password = "testpass"

// The command lines of the reference set-up.
const (
	create0   = "ifconfig-carp carp0 create"
	create1   = "ifconfig-carp carp1 create"
	hosta0    = "ifconfig-carp carp0 vhid 1 pass " + password + " 192.168.1.50/24"
	hostb0    = "ifconfig-carp carp0 vhid 2 pass " + password + " 192.168.1.51/24"
	provider0 = "ifconfig-carp carp0 vhid 1 advskew 100 pass " + password + " 192.168.1.50/24"
	provider1 = "ifconfig-carp carp1 vhid 2 advskew 100 pass " + password + " 192.168.1.51/24"
	down0     = "ifconfig-carp carp0 down"
	up0       = "ifconfig-carp carp0 up"
	nudge     = down0 + " && " + up0
	show0     = "ifconfig-carp carp0"
	preempt   = "ifconfig-carp sysctl net.inet.carp.preempt=1"
)

const (
	// deadTime is how long provider listens to silence: 3*advbase + advskew/256 s.
	deadTime = 3*time.Second + 100*time.Second/256
	// settling bounds every wait for a state.
	settling = deadTime + 4*time.Second
	// smooth is the longest gap that a planned switch may show to the client.
	smooth = 20 * time.Millisecond
	// instant is how long two hosts may both take themselves for MASTER while one
	// hands over to the other.
	instant = 50 * time.Millisecond
)

// The virtual addresses and their MACs.
var (
	virtual1 = netip.MustParseAddr("192.168.1.50")
	virtual2 = netip.MustParseAddr("192.168.1.51")
	mac1     = netlab.VirtualMAC(1)
	mac2     = netlab.VirtualMAC(2)
)

// The states as --json names them.
const (
	initial = "INIT"
	backup  = "BACKUP"
	master  = "MASTER"
)

// stage is the LAN of the reference set-up.
type stage struct {
	*testing.T
	lab                            *netlab.Lab
	hosta, hostb, provider, client *netlab.Host

	ads    *netlab.Sniffer // every advertisement that passes the switch
	arp    string          // file with the history of the client's ARP cache
	probed bool
	fences map[*netlab.Host][]time.Time
}

// newStage makes the hosts; no carp interface is there yet.
func newStage(t *testing.T) *stage {
	t.Helper()
	lab := netlab.ForTest(t)
	s := &stage{
		T: t, lab: lab,
		hosta:    lab.HostForTest(t, "hosta", "192.168.1.3/24"),
		hostb:    lab.HostForTest(t, "hostb", "192.168.1.4/24"),
		provider: lab.HostForTest(t, "provider", "192.168.1.5/24"),
		client:   lab.HostForTest(t, "client", "192.168.1.10/24"),
		fences:   map[*netlab.Host][]time.Time{},
	}
	for _, h := range s.servers() {
		h.Setenv("PATH", filepath.Dir(program)+":"+os.Getenv("PATH"))
		h.Setenv("IFCONFIG_CARP_STATE", stateDir(h))
		h.Setenv("IFCONFIG_CARP_LOG", logFile(h))
	}
	var err error
	s.ads, err = s.client.Sniff(t.Context(), "eth0", netlab.OfProtocol(netlab.ProtocolCARP))
	s.must(err)
	s.watchARP()
	t.Cleanup(s.review) // before the lab goes
	return s
}

// pair is a stage on which hosta is MASTER and provider BACKUP of vhid 1.
func pair(t *testing.T) *stage {
	t.Helper()
	s := newStage(t)
	s.on(s.hosta, create0, hosta0)
	s.on(s.provider, create0, provider0)
	s.await(s.hosta, "carp0", master)
	s.await(s.provider, "carp0", backup)
	return s
}

// whole is a stage with the reference set-up in full.
func whole(t *testing.T) *stage {
	t.Helper()
	s := newStage(t)
	s.on(s.hosta, create0, hosta0)
	s.on(s.hostb, create0, hostb0)
	s.on(s.provider, create0, provider0, create1, provider1)
	s.await(s.hosta, "carp0", master)
	s.await(s.hostb, "carp0", master)
	s.await(s.provider, "carp0", backup)
	s.await(s.provider, "carp1", backup)
	return s
}

// review is the end of every test: what must hold throughout, and for the reader of
// a failure what the supervisors had to say.
func (s *stage) review() {
	s.checkARP()
	if !s.Failed() {
		return
	}
	for _, h := range s.servers() {
		if text, err := os.ReadFile(logFile(h)); err == nil {
			s.Logf("log of %s:\n%s", h.Name(), text)
		}
	}
}

func (s *stage) servers() []*netlab.Host { return []*netlab.Host{s.hosta, s.hostb, s.provider} }

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

// status is the part of an object of --json that the tests look at.
type status struct {
	Name      string            `json:"name"`
	State     string            `json:"state"`
	Demotion  int               `json:"demotion"`
	Addresses []netip.Prefix    `json:"addresses"`
	Reason    string            `json:"reason"`
	Counters  map[string]uint64 `json:"counters"`
	Peers     []struct {
		Address  netip.Addr        `json:"address"`
		Verdicts map[string]uint64 `json:"verdicts"`
	} `json:"peers"`
}

// status asks a host about a carp interface.
func (s *stage) status(h *netlab.Host, ifname string) status {
	s.Helper()
	var list []status
	s.must(json.Unmarshal([]byte(s.on(h, "ifconfig-carp --json "+ifname)), &list))
	if len(list) != 1 {
		s.Fatalf("%s: --json %s printed %d objects, want 1", h.Name(), ifname, len(list))
	}
	return list[0]
}

// expect asks for the state of carp0 on a host and wants this one.
func (s *stage) expect(h *netlab.Host, state string) {
	s.Helper()
	if got := s.status(h, "carp0"); got.State != state {
		s.Errorf("carp0 on %s is %s (%s), want %s", h.Name(), got.State, got.Reason, state)
	}
}

// supervisor finds the one supervisor of carp0 on a host.
func (s *stage) supervisor(h *netlab.Host) netlab.Process {
	s.Helper()
	found, err := h.Find("supervise")
	s.must(err)
	if len(found) != 1 {
		s.Fatalf("supervisors on %s: %v, want 1", h.Name(), found)
	}
	return found[0]
}

// signal sends a signal to a host's supervisor and returns the moment before.
func (s *stage) signal(h *netlab.Host, sig unix.Signal) time.Time {
	s.Helper()
	p := s.supervisor(h)
	at := time.Now()
	s.must(p.Signal(sig))
	return at
}

// gone waits until a host's supervisor has ended.
func (s *stage) gone(h *netlab.Host) {
	s.Helper()
	s.must(waitFor(s, "the supervisor of "+h.Name()+" to end", func() (bool, string) {
		left, err := h.Find("supervise")
		return err == nil && len(left) == 0, fmt.Sprint(left)
	}))
}

// powerOff cuts a host's power; what it keeps in /run is lost.
func (s *stage) powerOff(h *netlab.Host) time.Time {
	s.Helper()
	at := s.fence(h)
	s.must(h.PowerOff(s.Context()))
	s.must(os.RemoveAll(stateDir(h)))
	return at
}

// pass waits for a time to pass: the wait is the test, not a hope.
func (s *stage) pass(d time.Duration) {
	s.Helper()
	start := time.Now()
	s.must(netlab.Wait(s.Context(), d+time.Minute, "time to pass", func() (bool, string) {
		return time.Since(start) >= d, ""
	}))
}

// neighbour is the MAC that a host has for an address.
func (s *stage) neighbour(h *netlab.Host, addr netip.Addr) string {
	s.Helper()
	mac, ok, err := h.Neighbour(s.Context(), addr)
	s.must(err)
	if !ok {
		return "none"
	}
	return mac.String()
}

// name is a host's name, for a message about one that may not be there.
func name(h *netlab.Host) string {
	if h == nil {
		return "nobody"
	}
	return h.Name()
}

func millis(d time.Duration) string { return netlab.Millis(d) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }
