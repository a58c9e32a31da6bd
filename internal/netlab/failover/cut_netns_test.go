//go:build netns

package failover

import (
	"testing"
	"time"
)

// cutOff is how late after the dead time the client may be served again when the
// MASTER is cut off.
const cutOff = 100 * time.Millisecond

// A MASTER whose cable is pulled is replaced; it sees the loss itself, and stays
// BACKUP when the cable is back.
func TestUnplug(t *testing.T) {
	s := pair(t)
	w := s.watch(virtual1, s.hosta)
	since := time.Now()
	s.must(s.hosta.Unplug(s.Context()))
	lost := s.awaitSince(s.hosta, "carp0", initial, since)
	if lost.Reason != "no carrier" {
		s.Errorf("hosta became INIT because of %q, want no carrier", lost.Reason)
	}
	s.figure("hosta sees the loss of its carrier %s after it", millis(lost.At.Sub(since)))
	s.await(s.provider, "carp0", master)
	w.served(s.provider)
	s.withinDeadTime(s.hosta, 1, since, cutOff)
	if got := s.status(s.hosta, "carp0").Demotion; got != 240 {
		s.Errorf("demotion without carrier is %d, want 240", got)
	}
	plugged := time.Now()
	r := w.since(since)
	s.figure("gap when hosta is unplugged %s, %d lost", seconds(r.LongestGap()), r.Lost)
	if gap := r.LongestGap(); gap > deadTime+cutOff || len(r.Gaps) != 1 {
		s.Errorf("gaps %+v, want one of at most %v", r.Gaps, deadTime+cutOff)
	}

	s.must(s.hosta.Plug(s.Context()))
	s.awaitSince(s.hosta, "carp0", backup, plugged)
	s.pass(time.Second)
	s.oneMaster(w)
	s.expect(s.provider, master)
	if got := s.status(s.hosta, "carp0").Demotion; got != 0 {
		s.Errorf("demotion with the carrier back is %d, want 0", got)
	}
	s.figure("when hosta is plugged in again the client sees %v", w.Stop().Since(plugged))
	s.neverTwo("1")
}

// A MASTER that is cut off behind its switch cannot know: it stays MASTER, and when
// the network is one again there is one MASTER again.
func TestCutAndMend(t *testing.T) {
	s := pair(t)
	w := s.watch(virtual1, s.hosta)
	since := time.Now()
	s.must(s.hosta.Cut(s.Context()))
	s.awaitSince(s.provider, "carp0", master, since)
	w.served(s.provider)
	s.withinDeadTime(s.hosta, 1, since, cutOff)
	s.expect(s.hosta, master)
	r := w.since(since)
	s.figure("gap when hosta is cut off %s, %d lost", seconds(r.LongestGap()), r.Lost)
	if gap := r.LongestGap(); gap > deadTime+cutOff || len(r.Gaps) != 1 {
		s.Errorf("gaps %+v, want one of at most %v", r.Gaps, deadTime+cutOff)
	}

	// hosta advertises within a second; provider lets go when it hears that.
	mended := time.Now()
	s.must(s.hosta.Mend(s.Context()))
	stepped := s.awaitSince(s.provider, "carp0", backup, mended)
	w.served(s.hosta)
	s.pass(3 * time.Second) // the announcements that repair what the conflict moved
	if h := s.oneMaster(w); h != s.hosta {
		s.Errorf("MASTER after the conflict is %s, want hosta", name(h))
	}
	r = w.Stop().Since(mended)
	s.figure("after the mend two MASTERs for %s; the client sees %v", millis(stepped.At.Sub(mended)), r)
	if after := stepped.At.Sub(mended); after > 1100*time.Millisecond {
		s.Errorf("provider let go after %v, want an advertisement interval at most", after)
	}
	if r.Duplicates > 1100 || r.LongestGap() > cutOff {
		s.Errorf("%v: want at most 1100 duplicates and no gap over %v", r, cutOff)
	}
}

// A cable that comes and goes does not leave two MASTERs, or none.
func TestFlap(t *testing.T) {
	s := pair(t)
	w := s.watch(virtual1, s.hosta)
	since := time.Now()
	for range 5 {
		s.must(s.hosta.Unplug(s.Context()))
		s.pass(200 * time.Millisecond)
		s.must(s.hosta.Plug(s.Context()))
		s.pass(200 * time.Millisecond)
	}
	s.figure("5 flaps of hosta's port took %s", seconds(time.Since(since)))
	flapped := time.Now()
	s.must(waitFor(s, "one MASTER that serves the client", func() (bool, string) {
		a, p := s.lastState(s.hosta), s.lastState(s.provider)
		who, at := w.LastFrom()
		ok := (a == master) != (p == master) && (a == backup) != (p == backup) && time.Since(at) < smooth
		return ok, "hosta " + a + ", provider " + p + ", client served by " + who
	}))
	s.figure("one MASTER again %s after the last flap", seconds(time.Since(flapped)))
	s.pass(deadTime)
	h := s.oneMaster(w)
	if h != nil {
		s.figure("MASTER after the flaps: %s; the client saw %v", h.Name(), w.Stop().Since(since))
	}
	if got := s.status(s.hosta, "carp0").Demotion; got != 0 {
		s.Errorf("demotion after the flaps is %d, want 0", got)
	}
	s.neverTwo("1")
}
