package carptest

import (
	"errors"
	"fmt"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// watch is what a LAN remembers to see whether everything is as it must be.
type watch struct {
	err error
	// lastFault is when somebody last interfered, lastChange when a machine
	// last changed its state or its demotion.
	lastFault, lastChange time.Duration
	// masterless is since when no healthy host is MASTER; never while one is.
	masterless time.Duration
	// rivals is since when two hosts have been MASTER and heard each other,
	// plus one; 0 while they are not.
	rivals [MaxHosts][MaxHosts]time.Duration
	rival  bool
}

// Err is the first thing that went wrong, nil if nothing did.
func (l *LAN) Err() error { return l.err }

func (l *LAN) failf(format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf("at %v: %w", l.now, fmt.Errorf(format, args...))
		l.logf("FAILED: %v", l.err)
	}
}

// fault notes an interference: the bounds on what follows begin anew.
func (l *LAN) fault(format string, args ...any) {
	l.lastFault = l.now
	if l.Log != nil {
		l.logf("-- "+format, args...)
	}
}

func (l *LAN) changed() { l.lastChange = l.now }

// checkAction holds each action to the state in which it is done.
func (l *LAN) checkAction(h *Host, state carp.State, a carp.Action) {
	if state == carp.Master {
		return
	}
	switch a.Kind {
	case carp.ActionClaim, carp.ActionAnnounce:
		l.failf("%s: %v while %v", h.Name, a, state)
	case carp.ActionAdvertise:
		ad := carp.Advertisement{Timing: a.Timing}
		if !ad.BowOut() {
			l.failf("%s: %v while %v", h.Name, a, state)
		}
	}
}

// checkStep holds a machine to its word after a Step.
func (l *LAN) checkStep(h *Host, ev carp.Event, state carp.State) {
	if got := h.m.State(); got != state {
		l.failf("%s: %v without a transition to it, last %v", h.Name, got, state)
	}
	if h.m.State() == carp.Master && !h.m.Answering() {
		l.failf("%s: MASTER and not answering", h.Name)
	}
	if (h.lease != 0) != h.m.Answering() {
		l.failf("%s: the kernel holds the addresses: %t, the machine says %t", h.Name, h.lease != 0, h.m.Answering())
	}
	if ev.Kind == carp.EventDeadline && h.due <= l.now {
		l.failf("%s: the deadline %v is still there", h.Name, h.due)
	}
}

// check looks at the whole segment.
func (l *LAN) check() {
	masters, healthy := 0, 0
	for _, h := range l.hosts {
		if !h.Healthy() {
			continue
		}
		healthy++
		if h.m.State() == carp.Master {
			masters++
		}
	}
	l.checkMasterless(masters, healthy)
	if masters > 1 || l.rival {
		l.checkRivals()
	}
}

// checkMasterless: with the segment whole, when the last MASTER has gone
// nothing is heard any more but what was on its way, so every healthy host's
// dead time ends.
func (l *LAN) checkMasterless(masters, healthy int) {
	switch {
	case masters > 0 || healthy == 0:
		l.masterless = never
		return
	case l.masterless == never:
		l.masterless = l.now
	}
	if l.cuts > 0 {
		return
	}
	limit := never
	for _, h := range l.hosts {
		if h.Healthy() {
			// The delay after a tie is reckoned from the dead time of then.
			limit = min(limit, h.dead()+min(h.longest, time.Second/4))
		}
	}
	since := max(l.masterless, l.lastFault)
	if wait := l.now - since; wait > limit+l.conditions.slowest() {
		l.failf("no MASTER for %v, since %v; a host's dead time is at most %v", wait, since, limit)
	}
}

// checkRivals: of two masters that hear each other one steps down, at the
// latest when the other has advertised once more.
func (l *LAN) checkRivals() {
	l.rival = false
	for i, a := range l.hosts {
		for j, b := range l.hosts[:i] {
			both := a.Healthy() && b.Healthy() && a.m.State() == carp.Master && b.m.State() == carp.Master
			if !both || l.cut[i][j] || l.cut[j][i] || l.conditions.Loss > 0 {
				l.rivals[i][j] = 0
				continue
			}
			l.rival = true
			if l.rivals[i][j] == 0 {
				l.rivals[i][j] = l.now + 1
			}
			since := max(l.rivals[i][j]-1, l.lastFault)
			limit := max(a.m.Advertised().Interval(), b.m.Advertised().Interval()) + l.conditions.slowest()
			if l.now-since > limit {
				l.failf("%s and %s have both been MASTER since %v", a.Name, b.Name, since)
			}
		}
	}
}

// ErrUnsettled is Settle's error when machines go on changing their states.
var ErrUnsettled = errors.New("the election does not settle")

// settleTurns is how many times the longest dead time an election may take.
// Most need one. Hosts with the same timing part by chance: eight of them on a
// segment with 20 ms of jitter need another turn in half the cases, each time.
const settleTurns = 40

// Settle mends the segment, waits until the election has settled and all
// leases of the past have ended, and says what is not as it must be then:
// exactly one MASTER among the healthy hosts, the only one whose kernel
// answers, and nobody who would have to take over from it.
func (l *LAN) Settle() error {
	c := l.conditions
	c.Loss = 0
	l.HealAll()
	l.SetConditions(c)
	var dead, interval, lease time.Duration
	for _, h := range l.hosts {
		dead = max(dead, h.dead())
		interval = max(interval, h.config.Timing.Demoted(1024).Interval())
		lease = max(lease, h.config.Timing.Lease(), h.lease-l.lastFault)
	}
	quiet := dead + interval + c.slowest()
	limit := l.now + settleTurns*quiet
	for l.err == nil {
		wait := max(l.lastChange+quiet, l.lastFault+max(quiet, lease)) - l.now
		if wait <= 0 {
			return l.checkSettled()
		}
		if l.now > limit {
			l.failf("%w: the last change was at %v", ErrUnsettled, l.lastChange)
			break
		}
		l.Run(wait)
	}
	return l.err
}

func (l *LAN) checkSettled() error {
	var master *Host
	healthy := 0
	for _, h := range l.hosts {
		if !h.Healthy() {
			continue
		}
		healthy++
		if h.m.State() != carp.Master {
			continue
		}
		if master != nil {
			l.failf("settled with two masters, %s and %s", master.Name, h.Name)
		}
		master = h
	}
	if master == nil && healthy > 0 {
		l.failf("settled without a MASTER")
	}
	for _, h := range l.Answering() {
		// Somebody whose sending fails may be MASTER in its own eyes.
		if h != master && (!h.mute || !h.running) {
			l.failf("settled, and the kernel of %s answers", h.Name)
		}
	}
	if master == nil {
		return l.err
	}
	theirs := master.m.Advertised().Interval()
	for _, h := range l.hosts {
		if h.Healthy() && h.config.Preempt && h.m.Advertised().Interval() < theirs {
			l.failf("settled with %s as MASTER, though %s preempts it", master.Name, h.Name)
		}
	}
	return l.err
}
