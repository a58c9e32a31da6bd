//go:build netns

package boot

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// The two hosts of the group: hosta, first choice, has the whole system; provider has the
// program alone.
const (
	member0   = "ifconfig-carp carp0 create vhid 1 pass testpass 192.168.1.50/24"
	provider0 = "ifconfig-carp carp0 create vhid 1 advskew 100 pass testpass 192.168.1.50/24"

	master = "MASTER"
	backup = "BACKUP"
)

// smooth is the longest gap that a client may see where nothing is to be lost. Its own
// lateness is taken off.
const smooth = 20 * time.Millisecond

// scene is the LAN.
type scene struct {
	*machine
	provider, client *netlab.Host
}

func newScene(t *testing.T) *scene {
	t.Helper()
	lab := netlab.ForTest(t)
	s := &scene{
		provider: lab.HostForTest(t, "provider", "192.168.1.5/24"),
		client:   lab.HostForTest(t, "client", "192.168.1.10/24"),
	}
	s.provider.Setenv("PATH", filepath.Dir(program)+":"+os.Getenv("PATH"))
	s.provider.Setenv("IFCONFIG_CARP_STATE", filepath.Join(s.provider.Dir(), "run"))
	s.provider.Setenv("IFCONFIG_CARP_LOG", filepath.Join(s.provider.Dir(), "log"))
	s.machine = newMachine(t, lab, "hosta", "192.168.1.3/24")
	return s
}

// group makes hosta MASTER and provider BACKUP.
func (s *scene) group() {
	s.Helper()
	s.on(member0)
	s.is(master)
	_, err := s.onProvider(provider0)
	s.must(err)
	s.providerIs(backup)
}

func (s *scene) onProvider(line string) (string, error) {
	return s.provider.Run(s.Context(), "sh", "-c", line)
}

// is waits for a state of carp0 on hosta.
func (s *scene) is(want string) {
	s.Helper()
	s.until(want+" on hosta", func() (bool, string) {
		got := state(s.try)
		return got == want, got
	})
}

func (s *scene) providerIs(want string) {
	s.Helper()
	s.until(want+" on provider", func() (bool, string) {
		got := state(s.onProvider)
		return got == want, got
	})
}

// watch probes the virtual address from the client; by answers.
func (s *scene) watch(by *netlab.Host) *netlab.Probe {
	s.Helper()
	p, err := netlab.StartProbe(s.Context(), s.client, netip.MustParseAddr("192.168.1.50"), time.Millisecond)
	s.must(err)
	s.until("an answer of "+by.Name(), func() (bool, string) {
		from, _ := p.LastFrom()
		return from == by.Name(), from
	})
	return p
}

// unnoticed wants that the client has missed nothing.
func (s *scene) unnoticed(what string, p *netlab.Probe, since time.Time) {
	s.Helper()
	r := p.Stop().Since(since)
	s.Logf("figure: %s: %v", what, r)
	if gap := r.LongestGap(); gap > smooth && gap-r.Stall > smooth {
		s.Errorf("%s: a gap of %s, want none longer than %v: %+v", what, netlab.Millis(gap), smooth, r.Gaps)
	}
}

// supervisor is carp0's, by the process ID that the machine has for it.
func (s *scene) supervisor() string {
	s.Helper()
	return s.unit("carp@carp0", "MainPID")
}
