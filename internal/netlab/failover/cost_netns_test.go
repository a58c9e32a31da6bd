//go:build netns

package failover

import (
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// A machine that is busy does not lose its MASTER.
func TestStarved(t *testing.T) {
	s := pair(t)
	w := s.watch(virtual1, s.hosta)
	since := time.Now()
	for range 4 {
		busy := exec.CommandContext(s.Context(), "sh", "-c", "while :; do :; done")
		s.must(busy.Start())
		defer func() {
			_ = busy.Process.Kill()
			_ = busy.Wait()
		}()
	}
	s.pass(6 * time.Second)
	s.unchanged(s.hosta, since)
	s.unchanged(s.provider, since)
	ads := s.advertisements(s.hosta, 1)
	var slowest time.Duration
	for n := range ads {
		if n > 0 && ads[n].at.After(since) {
			slowest = max(slowest, ads[n].at.Sub(ads[n-1].at))
		}
	}
	s.figure("four busy loops for 6 s: no change of state; at most %s between two advertisements; the client sees %v",
		seconds(slowest), w.Stop().Since(since))
}

const (
	// heaviest and slowest are generous: what is aimed at is 4 MB and 5 ms.
	heaviest = 6 << 20
	slowest  = 50 * time.Millisecond
	timings  = 50
	// settled is when a supervisor has given back what its start took.
	settled = 11 * time.Second
)

// What a supervisor and a look at an interface cost.
func TestCost(t *testing.T) {
	s := whole(t)
	s.pass(settled)
	for _, h := range s.servers() {
		found, err := h.Find("supervise")
		s.must(err)
		for _, p := range found {
			pss, err := p.PSS()
			s.must(err)
			s.figure("supervisor of %s on %s: PSS %.2f MB", p.Args[len(p.Args)-1], h.Name(), float64(pss)/(1<<20))
			if pss > heaviest {
				s.Errorf("PSS %d bytes, want at most %d", pss, heaviest)
			}
		}
	}
	took := s.timeStatus(s.hosta)
	median := took[len(took)/2]
	s.figure("ifconfig-carp carp0: median %s of %d, best %s, worst %s", millis(median), timings, millis(took[0]), millis(took[len(took)-1]))
	if median > slowest {
		s.Errorf("ifconfig-carp carp0 takes %v, want at most %v", median, slowest)
	}
}

// timeStatus measures the command by itself, without a shell or ip netns exec, and
// returns the times in order.
func (s *stage) timeStatus(h *netlab.Host) (took []time.Duration) {
	s.Helper()
	s.must(h.Do(func() error {
		for range timings {
			cmd := exec.Command(program, "carp0")
			cmd.Env = h.Environ()
			start := time.Now()
			if err := cmd.Run(); err != nil {
				return err
			}
			took = append(took, time.Since(start))
		}
		return nil
	}))
	slices.Sort(took)
	return took
}
