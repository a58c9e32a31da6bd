//go:build netns

package failover

import (
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// losePower powers hosta off and returns when provider serves the client.
func (s *stage) losePower(w *watch) {
	s.Helper()
	since := s.powerOff(s.hosta)
	s.awaitSince(s.provider, "carp0", master, since)
	w.served(s.provider)
	s.withinDeadTime(s.hosta, 1, since, cutOff)
	r := w.since(since)
	s.figure("gap when hosta loses its power %s, %d lost", seconds(r.LongestGap()), r.Lost)
	if gap := r.LongestGap(); gap > deadTime+cutOff || len(r.Gaps) != 1 {
		s.Errorf("gaps %+v, want one of at most %v", r.Gaps, deadTime+cutOff)
	}
}

// boot powers hosta on and types what its rc.conf would hold.
func (s *stage) boot(lines ...string) time.Time {
	s.Helper()
	at := time.Now()
	s.must(s.hosta.PowerOn(s.Context()))
	s.on(s.hosta, lines...)
	return at
}

// Without preemption provider keeps what it has taken over.
func TestPowerWithoutPreempt(t *testing.T) {
	atMost(t, smooth, func(t *testing.T) netlab.Result {
		s := pair(t)
		w := s.watch(virtual1, s.hosta)
		s.losePower(w)
		since := s.boot(create0, hosta0)
		s.awaitSince(s.hosta, "carp0", backup, since)
		s.pass(deadTime)
		s.expect(s.hosta, backup)
		s.expect(s.provider, master)
		w.served(s.provider)
		s.neverTwo("1")
		r := w.Stop().Since(since)
		s.figure("power on without preempt: longest gap %s, %d lost", millis(r.LongestGap()), r.Lost)
		return r
	})
}

// With preemption hosta takes the address back by itself, and the client does not
// notice.
func TestPowerWithPreempt(t *testing.T) {
	atMost(t, smooth, func(t *testing.T) netlab.Result {
		s := pair(t)
		s.on(s.hosta, preempt)
		s.on(s.provider, preempt)
		w := s.watch(virtual1, s.hosta)
		s.losePower(w)
		since := s.boot(preempt, create0, hosta0)
		c := s.awaitSince(s.hosta, "carp0", master, since)
		s.figure("with preempt hosta is MASTER %s after power on (%s)", millis(c.At.Sub(since)), c.Reason)
		w.served(s.hosta)
		s.pass(deadTime)
		s.expect(s.hosta, master)
		s.expect(s.provider, backup)
		w.served(s.hosta)
		s.figure("both MASTER for %s at most", millis(s.neverTwo("1")))
		r := w.Stop().Since(since)
		s.figure("fail-back with preempt: longest gap %s, %d lost, %d duplicate", millis(r.LongestGap()), r.Lost, r.Duplicates)
		return r
	})
}

// Both web hosts lose their power at once: provider takes both addresses over.
func TestBothLosePower(t *testing.T) {
	s := whole(t)
	w1 := s.watch(virtual1, s.hosta)
	w2 := s.watch(virtual2, s.hostb)
	since := s.powerOff(s.hosta)
	s.powerOff(s.hostb)
	s.awaitSince(s.provider, "carp0", master, since)
	s.awaitSince(s.provider, "carp1", master, since)
	w1.served(s.provider)
	w2.served(s.provider)
	s.withinDeadTime(s.hosta, 1, since, cutOff)
	s.withinDeadTime(s.hostb, 2, since, cutOff)
	for addr, w := range map[string]*watch{virtual1.String(): w1, virtual2.String(): w2} {
		r := w.Stop().Since(since)
		s.figure("gap at %s when both lose their power %s", addr, seconds(r.LongestGap()))
		if gap := r.LongestGap(); gap > deadTime+cutOff || len(r.Gaps) != 1 {
			s.Errorf("%s: gaps %+v, want one of at most %v", addr, r.Gaps, deadTime+cutOff)
		}
	}
	s.neverTwo("1")
	s.neverTwo("2")
}
