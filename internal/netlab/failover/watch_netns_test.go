//go:build netns

package failover

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// attempts is how often a scenario with a limit of milliseconds is played at most.
const attempts = 3

// atMost plays a scenario whose longest gap, as the client saw it, has a limit. It
// is played again, on a new stage, only if the prober itself came late by so much
// that the gap may be its own: the lateness is known, and what remains of the gap
// without it must be within the limit at once.
func atMost(t *testing.T, limit time.Duration, scenario func(*testing.T) netlab.Result) {
	t.Helper()
	for n := 1; ; n++ {
		var r netlab.Result
		if !t.Run(fmt.Sprintf("attempt %d", n), func(t *testing.T) { r = scenario(t) }) {
			return
		}
		gap := r.LongestGap()
		switch {
		case gap <= limit:
			return
		case gap-r.Stall > limit || n == attempts:
			t.Errorf("%v: gaps %+v, want none longer than %v", r, r.Gaps, limit)
			return
		}
		t.Logf("a gap of %s, but the prober itself was late by %s: played again", millis(gap), millis(r.Stall))
	}
}

// watch is a client's 1 kHz probe of a virtual address.
type watch struct {
	*netlab.Probe
	s *stage
}

// watch begins to probe an address from the client and waits for the first answer.
func (s *stage) watch(addr netip.Addr, by *netlab.Host) *watch {
	s.Helper()
	s.probed = true
	return s.watchFrom(s.client, addr, by)
}

func (s *stage) watchFrom(from *netlab.Host, addr netip.Addr, by *netlab.Host) *watch {
	s.Helper()
	p, err := netlab.StartProbe(s.Context(), from, addr, time.Millisecond)
	s.must(err)
	w := &watch{Probe: p, s: s}
	w.served(by)
	return w
}

// since is what the watch has seen since a moment, without what came before the
// first answer of all.
func (w *watch) since(t time.Time) netlab.Result { return w.Result().Since(t) }

// served waits until the host answers, and has been the one to answer for a while.
func (w *watch) served(by *netlab.Host) {
	w.s.Helper()
	const while = 300 * time.Millisecond
	since := time.Now()
	w.s.must(netlab.Wait(w.s.Context(), settling, "the client to be served by "+by.Name(), func() (bool, string) {
		host, at := w.LastFrom()
		if host != by.Name() {
			since = time.Now()
		}
		return at.Sub(since) > while, host
	}))
}

// silent waits until nobody has answered for a while and returns the moment of the
// last answer.
func (w *watch) silent() time.Time {
	w.s.Helper()
	w.s.must(netlab.Wait(w.s.Context(), settling, "silence", func() (bool, string) {
		host, at := w.LastFrom()
		return time.Since(at) > 500*time.Millisecond, host
	}))
	_, at := w.LastFrom()
	return at
}

// advertisement is one seen by the client.
type advertisement struct {
	at         time.Time
	base, skew byte
}

// bowOut tells whether it is the last one of a MASTER that leaves in order.
func (a advertisement) bowOut() bool { return a.base == 255 && a.skew == 255 }

// advertisements lists those of a vhid from a host, in the order they passed.
func (s *stage) advertisements(h *netlab.Host, vhid byte) (list []advertisement) {
	s.Helper()
	addr := s.own(h)
	for _, f := range s.ads.Frames() {
		carp := f.Payload()
		if f.From() != addr || len(carp) < 20+36 || carp[20+1] != vhid {
			continue
		}
		list = append(list, advertisement{at: f.At, skew: carp[20+2], base: carp[20+5]})
	}
	return list
}

// own is a host's own address.
func (s *stage) own(h *netlab.Host) netip.Addr {
	switch h {
	case s.hosta:
		return netip.MustParseAddr("192.168.1.3")
	case s.hostb:
		return netip.MustParseAddr("192.168.1.4")
	case s.provider:
		return netip.MustParseAddr("192.168.1.5")
	}
	return netip.MustParseAddr("192.168.1.10")
}

// silence is the time between the last advertisement of the old MASTER and the first
// of the new one after a moment; at is the latter.
func (s *stage) silence(old, next *netlab.Host, vhid byte, after time.Time) (d time.Duration, at time.Time) {
	s.Helper()
	for _, ad := range s.advertisements(next, vhid) {
		if ad.at.After(after) {
			at = ad.at
			break
		}
	}
	if at.IsZero() {
		s.Fatalf("no advertisement of vhid %d from %s since %v", vhid, next.Name(), after)
	}
	var last time.Time
	for _, ad := range s.advertisements(old, vhid) {
		if ad.at.Before(at) {
			last = ad.at
		}
	}
	return at.Sub(last), at
}

// withinDeadTime wants that provider took vhid over from a host that fell silent: not
// before its dead time, and not later than slack after it.
func (s *stage) withinDeadTime(old *netlab.Host, vhid byte, after time.Time, slack time.Duration) (at time.Time) {
	s.Helper()
	d, at := s.silence(old, s.provider, vhid, after)
	s.figure("provider takes vhid %d over %s after %s's last advertisement (dead time %s)", vhid, seconds(d), old.Name(), seconds(deadTime))
	// The client's clock starts when the frame passes it, which may be a moment after
	// it passed provider.
	if d < deadTime-2*time.Millisecond || d > deadTime+slack {
		s.Errorf("vhid %d taken over after a silence of %v, want %v to %v", vhid, d, deadTime, deadTime+slack)
	}
	return at
}

// waitFor waits for a condition as long as for a state.
func waitFor(s *stage, what string, cond func() (bool, string)) error {
	return netlab.Wait(s.Context(), settling, what, cond)
}
