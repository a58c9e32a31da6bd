//go:build netns

package interop

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
	// password is the one that hosts share unless the test is about it.
	password = "testpass"
	// settling bounds every wait for a state: a dead time of 4 s, on a busy machine.
	settling = 10 * time.Second
	// instant is how long two hosts may both take themselves for MASTER while one
	// hands over to the other.
	instant = 50 * time.Millisecond
	// smooth is the longest gap that a planned switch may show to the client.
	smooth = 20 * time.Millisecond
	// late is how long after its dead time a host may take over on a busy machine.
	late = 250 * time.Millisecond
)

// The states as --json names them.
const (
	initial = "INIT"
	backup  = "BACKUP"
	master  = "MASTER"
)

// dead is the dead time of a host with advbase 1.
func dead(advskew int) time.Duration { return 3*time.Second + time.Duration(advskew)*tick }

// tick is the unit of advskew.
const tick = time.Second / 256

// scene is a LAN with members, which run the program, and others.
type scene struct {
	*testing.T
	lab     *netlab.Lab
	members []*netlab.Host
	fences  map[*netlab.Host][]time.Time
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{T: t, lab: netlab.ForTest(t), fences: map[*netlab.Host][]time.Time{}}
	t.Cleanup(s.explain) // before the lab goes
	return s
}

// member adds a host that runs the program.
func (s *scene) member(name string, addrs ...string) *netlab.Host {
	s.Helper()
	return s.memberOf(s.lab, name, addrs...)
}

// memberOf adds one to another LAN of the scene.
func (s *scene) memberOf(lab *netlab.Lab, name string, addrs ...string) *netlab.Host {
	s.Helper()
	h := lab.HostForTest(s, name, addrs...)
	h.Setenv("PATH", filepath.Dir(program)+":"+os.Getenv("PATH"))
	h.Setenv("IFCONFIG_CARP_STATE", filepath.Join(h.Dir(), "run"))
	h.Setenv("IFCONFIG_CARP_LOG", logFile(h))
	s.members = append(s.members, h)
	return h
}

// other adds a host that does not.
func (s *scene) other(name string, addrs ...string) *netlab.Host {
	s.Helper()
	return s.lab.HostForTest(s, name, addrs...)
}

// explain shows the reader of a failure what the supervisors had to say.
func (s *scene) explain() {
	if !s.Failed() {
		return
	}
	for _, h := range s.members {
		if text, err := os.ReadFile(logFile(h)); err == nil {
			s.Logf("log of %s:\n%s", h.Name(), text)
		}
	}
}

// logFile is where the host's supervisors write.
func logFile(h *netlab.Host) string { return filepath.Join(h.Dir(), "log") }

// log is what they have written.
func (s *scene) log(h *netlab.Host) string {
	s.Helper()
	text, err := os.ReadFile(logFile(h))
	if !os.IsNotExist(err) {
		s.must(err)
	}
	return string(text)
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// figure logs a measurement that is worth quoting.
func (s *scene) figure(format string, args ...any) {
	s.Helper()
	s.Logf("figure: "+format, args...)
}

// on types lines on a host and returns what the last one printed.
func (s *scene) on(h *netlab.Host, lines ...string) (out string) {
	s.Helper()
	for _, line := range lines {
		var err error
		out, err = h.Run(s.Context(), "sh", "-c", line)
		s.must(err)
	}
	return out
}

// join makes carp0 on a host: first its addresses, then what puts them into a group.
// In another order the group's list of addresses would change, and for minutes after
// that a MASTER speaks to members with the old list too.
func (s *scene) join(h *netlab.Host, group string, addrs ...string) {
	s.Helper()
	s.on(h, "ifconfig-carp carp0 create")
	for _, a := range addrs {
		s.on(h, "ifconfig-carp carp0 "+a+" alias")
	}
	s.on(h, "ifconfig-carp carp0 "+group)
}

// fails types a line that is to fail and returns its exit status.
func (s *scene) fails(h *netlab.Host, line string) int {
	s.Helper()
	cmd := h.Command(s.Context(), "sh", "-c", line)
	if err := cmd.Run(); err == nil {
		s.Errorf("%s# %s: succeeded, want it to fail", h.Name(), line)
	}
	return cmd.ProcessState.ExitCode()
}

// launch starts a command on a host that ends with it at the latest. What it prints
// goes to the host's folder.
func (s *scene) launch(h *netlab.Host, argv ...string) (output string) {
	s.Helper()
	output = filepath.Join(h.Dir(), filepath.Base(argv[0])+".out")
	f, err := os.OpenFile(output, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	s.must(err)
	defer f.Close()
	cmd := h.Command(s.Context(), argv...)
	cmd.Stdout, cmd.Stderr = f, f
	s.must(cmd.Start())
	go func() { _ = cmd.Wait() }()
	return output
}

// status is the part of an object of --json that the tests look at.
type status struct {
	Name       string            `json:"name"`
	State      string            `json:"state"`
	VHID       int               `json:"vhid"`
	AdvSkew    int               `json:"advskew"`
	Advertised int               `json:"advertised_advskew"`
	Demotion   int               `json:"demotion"`
	CarpDev    string            `json:"carpdev"`
	Peer       netip.Addr        `json:"peer"`
	Peer6      netip.Addr        `json:"peer6"`
	Reason     string            `json:"reason"`
	Counters   map[string]uint64 `json:"counters"`
	Peers      []struct {
		Address  netip.Addr        `json:"address"`
		Verdicts map[string]uint64 `json:"verdicts"`
	} `json:"peers"`
	Families []struct {
		Family string `json:"family"`
		Health string `json:"health"`
		Sent   uint64 `json:"sent"`
		Heard  uint64 `json:"heard"`
	} `json:"families"`
	Demotions []struct {
		Name  string    `json:"name"`
		Owner string    `json:"owner"`
		Value int       `json:"value"`
		Since time.Time `json:"since"`
	} `json:"demotions"`
}

// status asks a host about a carp interface.
func (s *scene) status(h *netlab.Host, ifname string) status {
	s.Helper()
	var list []status
	s.must(json.Unmarshal([]byte(s.on(h, "ifconfig-carp --json "+ifname)), &list))
	if len(list) != 1 {
		s.Fatalf("%s: --json %s printed %d objects, want 1", h.Name(), ifname, len(list))
	}
	return list[0]
}

// expect asks for the state of a carp interface and wants this one.
func (s *scene) expect(h *netlab.Host, ifname, state string) {
	s.Helper()
	if got := s.status(h, ifname); got.State != state {
		s.Errorf("%s on %s is %s (%s), want %s", ifname, h.Name(), got.State, got.Reason, state)
	}
}

// counts waits until a counter of carp0 on a host is not 0 any more.
func (s *scene) counts(h *netlab.Host, counter string) (got status) {
	s.Helper()
	s.wait(fmt.Sprintf("%s to count %q", h.Name(), counter), func() (bool, string) {
		got = s.status(h, "carp0")
		return got.Counters[counter] > 0, fmt.Sprint(got.Counters)
	})
	return got
}

// supervisor finds the supervisor of a carp interface.
func (s *scene) supervisor(h *netlab.Host, ifname string) netlab.Process {
	s.Helper()
	found, err := h.Find("supervise")
	s.must(err)
	for _, p := range found {
		if p.Args[len(p.Args)-1] == ifname {
			return p
		}
	}
	s.Fatalf("%s has no supervisor of %s among %v", h.Name(), ifname, found)
	return netlab.Process{}
}

// kill ends a supervisor without a word, and notes it.
func (s *scene) kill(h *netlab.Host, ifname string) time.Time {
	s.Helper()
	p := s.supervisor(h, ifname)
	at := s.fence(h)
	s.must(p.Signal(unix.SIGKILL))
	return at
}

// powerOff cuts a host's power; what it keeps in /run is lost.
func (s *scene) powerOff(h *netlab.Host) time.Time {
	s.Helper()
	at := s.fence(h)
	s.must(h.PowerOff(s.Context()))
	s.must(os.RemoveAll(filepath.Join(h.Dir(), "run")))
	return at
}

// wait waits for a condition as long as for a state.
func (s *scene) wait(what string, cond func() (bool, string)) {
	s.Helper()
	s.must(netlab.Wait(s.Context(), settling, what, cond))
}

// waitLong waits for what takes another program some seconds to begin.
func waitLong(s *scene, what string, cond func() (bool, string)) error {
	return netlab.Wait(s.Context(), 2*settling, what, cond)
}

// pass waits for a time to pass: the wait is the test, not a hope.
func (s *scene) pass(d time.Duration) {
	s.Helper()
	start := time.Now()
	s.must(netlab.Wait(s.Context(), d+time.Minute, "time to pass", func() (bool, string) {
		return time.Since(start) >= d, ""
	}))
}

// pings wants three answers from an address, which may have a zone. Only where the
// machine stood still meanwhile they are asked for again.
func (s *scene) pings(from *netlab.Host, to string) {
	s.Helper()
	for since := time.Now(); ; {
		begun := time.Now()
		_, err := from.Run(s.Context(), "ping", "-n", "-c", "3", "-i", "0.05", "-W", "2", to)
		if err == nil {
			return
		}
		if time.Since(since) > settling || machine.stalled(begun.Add(-time.Second), time.Now()) < 100*time.Millisecond {
			s.Fatal(err)
		}
	}
}

// silentTo wants no answer at all.
func (s *scene) silentTo(from *netlab.Host, to string) {
	s.Helper()
	s.fails(from, "ping -n -c 2 -i 0.1 -W 1 "+to)
}

// neighbour is the MAC that a host has for an address, "none" without one.
func (s *scene) neighbour(h *netlab.Host, addr netip.Addr) string {
	s.Helper()
	mac, ok, err := h.Neighbour(s.Context(), addr)
	s.must(err)
	if !ok {
		return "none"
	}
	return mac.String()
}

// learns waits until a host has this MAC for an address.
func (s *scene) learns(h *netlab.Host, addr netip.Addr, mac netlab.MAC) {
	s.Helper()
	s.wait(fmt.Sprintf("%s to have %v for %v", h.Name(), mac, addr), func() (bool, string) {
		got := s.neighbour(h, addr)
		return got == mac.String(), got
	})
}

// linkLocal is the link-local address of an interface, without its zone.
func (s *scene) linkLocal(h *netlab.Host, ifname string) (addr netip.Addr) {
	s.Helper()
	s.wait("a link-local address on "+h.Name(), func() (bool, string) {
		all, err := h.Addresses(s.Context(), ifname)
		for _, p := range all {
			if p.Addr().IsLinkLocalUnicast() && p.Addr().Is6() {
				addr = p.Addr()
				return true, ""
			}
		}
		return false, fmt.Sprint(all, err)
	})
	return addr
}

// switchOf is the namespace of the switch that a host is plugged into.
func switchOf(h *netlab.Host) string {
	return strings.TrimSuffix(h.Namespace(), h.Name()) + "switch"
}

// cable joins two hosts, or a host and a LAN's switch, by a cable of their own: an
// interface of the given name on each side, both up.
func (s *scene) cable(h *netlab.Host, ifname, otherNamespace, otherName string) {
	s.Helper()
	s.on(h, fmt.Sprintf("ip link add name %s type veth peer name %s netns %s && ip link set %s up && ip -n %s link set %s up",
		ifname, otherName, otherNamespace, ifname, otherNamespace, otherName))
}

func millis(d time.Duration) string { return netlab.Millis(d) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }
