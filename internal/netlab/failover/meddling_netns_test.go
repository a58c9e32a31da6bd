//go:build netns

package failover

import (
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// What other programs do to carp0 is put right, or else provider takes over.
func TestMeddling(t *testing.T) {
	atMost(t, smooth, func(t *testing.T) netlab.Result {
		s := pair(t)
		w := s.watch(virtual1, s.hosta)
		since := time.Now()
		// flush looks ten times whether it is done and may give up: the address is
		// back before it looks.
		s.on(s.hosta, "ip addr flush dev carp0; true")
		w.served(s.hosta)
		s.figure("addresses flushed: %v", w.since(since))

		since = time.Now()
		s.on(s.hosta, "ip link delete carp0")
		w.served(s.provider)
		s.awaitSince(s.hosta, "carp0", backup, since)
		r := w.since(since)
		s.figure("interface deleted: %v", r)
		s.oneMaster(w)

		// Set down, it is silent until that is noticed, at the next advertisement at
		// the latest.
		since = time.Now()
		s.on(s.provider, "ip link set carp0 down")
		s.pass(1500 * time.Millisecond)
		w.served(s.provider)
		all := w.Stop()
		down := all.Since(since)
		s.figure("interface set down: %v", down)
		if down.LongestGap() > 1100*time.Millisecond {
			s.Errorf("set down: gaps %+v, want none longer than an advertisement interval", down.Gaps)
		}
		return r
	})
}
