//go:build netns

package failover

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// move is one planned switch of vhid 1 between two hosts.
type move struct {
	name     string
	on       *netlab.Host
	line     string
	to       *netlab.Host // serves the client afterwards
	state    string       // of the host where the line was typed
	wantBows bool
}

// switchOver plays a move and logs what the client saw.
func (s *stage) switchOver(w *watch, m move) {
	s.Helper()
	since := time.Now()
	s.on(m.on, m.line)
	typed := time.Since(since)
	w.served(m.to)
	s.awaitSince(m.on, "carp0", m.state, time.Time{})
	s.expect(m.to, master)
	r := w.since(since)
	s.figure("%s: longest gap %s, %d lost, %d duplicate; the line took %s", m.name, millis(r.LongestGap()), r.Lost, r.Duplicates, millis(typed))
	if took := bows(s.advertisements(m.on, 1), since); took != m.wantBows {
		s.Errorf("%s: bow-out seen: %v, want %v", m.name, took, m.wantBows)
	}
}

// bows tells whether there is a bow-out since a moment.
func bows(ads []advertisement, since time.Time) bool {
	for _, ad := range ads {
		if ad.bowOut() && ad.at.After(since) {
			return true
		}
	}
	return false
}

// The planned ways to move an address, without preemption: none loses the client.
func TestDownAndNudge(t *testing.T) {
	atMost(t, smooth, func(t *testing.T) netlab.Result {
		s := pair(t)
		w := s.watch(virtual1, s.hosta)
		for _, m := range []move{
			{"down at hosta", s.hosta, down0, s.provider, initial, true},
			{"up at hosta", s.hosta, up0, s.provider, backup, false},
			{"nudge at provider", s.provider, nudge, s.hosta, backup, true},
			{"nudge at hosta", s.hosta, nudge, s.provider, backup, true},
			{"nudge at provider again", s.provider, nudge, s.hosta, backup, true},
			{"state backup at hosta", s.hosta, "ifconfig-carp carp0 state backup", s.provider, backup, true},
			{"state master at hosta", s.hosta, "ifconfig-carp carp0 state master", s.hosta, master, false},
			{"destroy at hosta", s.hosta, "ifconfig-carp carp0 destroy", s.provider, initial, true},
			{"create at hosta", s.hosta, create0 + " && " + hosta0, s.provider, backup, false},
		} {
			s.switchOver(w, m)
		}
		r := w.Stop()
		s.figure("nine planned moves: %v", r)
		s.figure("both MASTER for %s at most", millis(s.neverTwo("1")))
		return r
	})
}

// With preemption the hosts follow their settings: a demotion or another advskew moves
// the address, and so does taking it back.
func TestPreemptFollowsSettings(t *testing.T) {
	atMost(t, smooth, func(t *testing.T) netlab.Result {
		s := pair(t)
		s.on(s.hosta, preempt)
		s.on(s.provider, preempt)
		w := s.watch(virtual1, s.hosta)
		for _, m := range []move{
			{"demotion of hosta", s.hosta, "ifconfig-carp sysctl net.inet.carp.demotion=150", s.provider, backup, false},
			{"demotion of hosta taken back", s.hosta, "ifconfig-carp sysctl net.inet.carp.demotion=-150", s.hosta, master, false},
			{"advskew 200 at hosta", s.hosta, "ifconfig-carp carp0 advskew 200", s.provider, backup, false},
			{"advskew 0 at hosta", s.hosta, "ifconfig-carp carp0 advskew 0", s.hosta, master, false},
		} {
			s.switchOver(w, m)
		}
		s.expect(s.provider, backup)
		r := w.Stop()
		s.figure("four moves by preemption: %v", r)
		s.figure("both MASTER for %s at most", millis(s.neverTwo("1")))
		return r
	})
}

// A nudge does not come undone: provider keeps the address.
func TestNudgeKeeps(t *testing.T) {
	t.Parallel()
	s := pair(t)
	w := s.watch(virtual1, s.hosta)
	s.on(s.hosta, nudge)
	w.served(s.provider)
	since := time.Now()
	s.pass(deadTime)
	s.unchanged(s.hosta, since)
	s.unchanged(s.provider, since)
	if h := s.oneMaster(w); h != s.provider {
		s.Errorf("MASTER after the nudge is %s, want provider", name(h))
	}
	w.Stop()
}

// An orderly end of the supervisor hands over and keeps the record.
func TestOrderlyExit(t *testing.T) {
	atMost(t, smooth, func(t *testing.T) netlab.Result {
		s := pair(t)
		w := s.watch(virtual1, s.hosta)
		since := s.signal(s.hosta, unix.SIGTERM)
		w.served(s.provider)
		s.expect(s.provider, master)
		s.gone(s.hosta)
		if !bows(s.advertisements(s.hosta, 1), since) {
			s.Error("no bow-out on the wire")
		}
		if _, there, err := s.hosta.Link(s.Context(), "carp0"); there || err != nil {
			s.Errorf("carp0 in the kernel after the end: %v, %v", there, err)
		}
		if got := strings.TrimSpace(s.on(s.hosta, "ifconfig-carp -l")); got != "carp0" {
			s.Errorf("-l after the end prints %q, want carp0", got)
		}
		// The record suffices to begin again.
		if out := s.on(s.hosta, show0); !strings.Contains(out, "inet 192.168.1.50 ") {
			s.Errorf("after the restart: %s", out)
		}
		s.await(s.hosta, "carp0", backup)
		s.expect(s.provider, master)
		w.served(s.provider)
		r := w.Stop()
		s.figure("SIGTERM of the supervisor: longest gap %s, %d lost", millis(r.LongestGap()), r.Lost)
		s.neverTwo("1")
		return r
	})
}

// net.inet.carp.allow=0 takes the MASTER out of the election, in good order.
func TestAllow(t *testing.T) {
	atMost(t, smooth, func(t *testing.T) netlab.Result {
		s := pair(t)
		w := s.watch(virtual1, s.hosta)
		since := time.Now()
		if got := s.on(s.hosta, "ifconfig-carp sysctl net.inet.carp.allow=0"); got != "net.inet.carp.allow: 1 -> 0\n" {
			s.Errorf("sysctl printed %q", got)
		}
		c := s.awaitSince(s.hosta, "carp0", initial, since)
		s.figure("allow=0 takes effect %s after the command began (%s)", millis(c.At.Sub(since)), c.Reason)
		w.served(s.provider)
		s.expect(s.hosta, initial)
		s.expect(s.provider, master)

		since = time.Now()
		s.on(s.hosta, "ifconfig-carp sysctl net.inet.carp.allow=1")
		s.awaitSince(s.hosta, "carp0", backup, since)
		s.pass(deadTime)
		s.expect(s.hosta, backup)
		s.expect(s.provider, master)
		w.served(s.provider)
		r := w.Stop()
		s.figure("allow 0 and 1: longest gap %s, %d lost", millis(r.LongestGap()), r.Lost)
		s.neverTwo("1")
		return r
	})
}
