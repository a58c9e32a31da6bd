//go:build netns

package failover

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// Supervisors built with the race detector, in the foreground as a service manager
// runs them: everything that is asked of them at once finds no race.
func TestRaceDetector(t *testing.T) {
	t.Parallel()
	racy := filepath.Join(t.TempDir(), "ifconfig-carp")
	if err := netlab.BuildProgram(racy, "-race"); err != nil {
		t.Fatal(err)
	}
	s := newStage(t)
	s.on(s.hosta, create0, hosta0)
	s.on(s.provider, create0, provider0)
	for _, h := range []*netlab.Host{s.hosta, s.provider} {
		s.inForeground(h, racy)
	}
	since := time.Now()
	s.awaitSince(s.hosta, "carp0", master, since)
	for _, line := range []string{
		show0, "ifconfig-carp -a -k", alias, "ifconfig-carp sysctl net.inet.carp.demotion=10",
		"ifconfig-carp sysctl net.inet.carp.preempt=1 & ifconfig-carp carp0 advskew 5 & ifconfig-carp carp0; wait",
		removing, down0 + " & ifconfig-carp --json; wait", up0, nudge,
	} {
		s.on(s.hosta, line)
		s.on(s.provider, line)
	}
	s.must(s.hosta.Unplug(s.Context()))
	s.awaitSince(s.provider, "carp0", master, since)
	s.must(s.hosta.Plug(s.Context()))
	s.pass(1500 * time.Millisecond)
	for _, h := range []*netlab.Host{s.hosta, s.provider} {
		s.signal(h, unix.SIGTERM)
		s.gone(h)
		reports, err := filepath.Glob(raceLog(h) + ".*")
		s.must(err)
		for _, r := range reports {
			text, err := os.ReadFile(r)
			s.must(err)
			s.Errorf("%s: %s", h.Name(), text)
		}
	}
}

// inForeground ends a host's supervisor and runs another program in its place.
func (s *stage) inForeground(h *netlab.Host, program string) {
	s.Helper()
	s.signal(h, unix.SIGTERM)
	s.gone(h)
	cmd := h.Command(s.Context(), program, "supervise", "carp0")
	cmd.Env = append(cmd.Env, "GORACE=log_path="+raceLog(h))
	s.must(cmd.Start())
	go func() { _ = cmd.Wait() }() // ended by its host's end at the latest
	s.must(waitFor(s, "the supervisor in the foreground", func() (bool, string) {
		found, err := h.Find(program)
		return err == nil && len(found) == 1, "not there"
	}))
}

// raceLog begins the names of the detector's reports about a host's supervisor.
func raceLog(h *netlab.Host) string { return filepath.Join(h.Dir(), "race") }
