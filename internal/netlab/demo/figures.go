package main

import (
	"fmt"
	"os/exec"
	"slices"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// timings is how often the status command is timed.
const timings = 20

// figures shows what a supervisor costs and how long the status command takes.
func (s *stage) figures() error {
	for _, h := range s.servers() {
		supervisors, err := h.Find("supervise")
		if err != nil {
			return err
		}
		if len(supervisors) == 0 {
			return fmt.Errorf("no supervisor found on %s", h.Name())
		}
		for _, p := range supervisors {
			pss, err := p.PSS()
			if err != nil {
				return err
			}
			s.say("%-9s supervisor %d: PSS %.1f MB", h.Name(), p.PID, float64(pss)/(1<<20))
		}
	}
	median, err := s.timeStatus(s.hosta)
	if err == nil {
		s.say("%-9s ifconfig-carp carp0: %s, median of %d", s.hosta.Name(), netlab.Millis(median), timings)
	}
	return err
}

// timeStatus measures the command by itself, without a shell or ip netns exec.
func (s *stage) timeStatus(h *netlab.Host) (time.Duration, error) {
	var took []time.Duration
	err := h.Do(func() error {
		for range timings {
			cmd := exec.Command(s.binary, "carp0")
			cmd.Env = h.Environ()
			start := time.Now()
			if err := cmd.Run(); err != nil {
				return err
			}
			took = append(took, time.Since(start))
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
