package carp

import "fmt"

// EventKind says what happened.
type EventKind uint8

// What can happen to a machine.
const (
	// EventDeadline is the time that Deadline named, reached. Only this event
	// makes a machine act on a deadline, and it comes last: what has arrived
	// meanwhile is handed over first, since late is not dead.
	EventDeadline EventKind = iota
	// EventUp and EventDown are the administrator's words.
	EventUp
	EventDown
	// EventLinkUp and EventLinkDown are the parent's carrier, found and lost;
	// a parent that vanishes is a link down too.
	EventLinkUp
	EventLinkDown
	// EventConfigured hands over the settings, at first and when they change.
	EventConfigured
	// EventDemoted hands over the host's demotion.
	EventDemoted
	// EventHeard is an authentic advertisement of the group.
	EventHeard
	// EventSent and EventSendFailed are what became of an advertisement.
	EventSent
	EventSendFailed
	// EventForce is `state backup` and `state master`.
	EventForce
	// EventInherited says that the kernel still holds the addresses of an
	// earlier supervisor that died, for a lease at most.
	EventInherited
	// EventSlept says that the host has been suspended for more than a dead
	// time, which its monotonic clock does not show.
	EventSlept
)

var eventNames = [...]string{"deadline", "up", "down", "link-up", "link-down", "configured",
	"demoted", "heard", "sent", "send-failed", "force", "inherited", "slept"}

// Event is one thing that happened. Make one with the functions below.
type Event struct {
	Kind     EventKind
	Timing   Timing // EventHeard
	Config   Config // EventConfigured
	Demotion int    // EventDemoted
	State    State  // EventForce
}

// Config is what the administrator has set, as far as the election goes.
type Config struct {
	Timing  Timing
	Preempt bool
	// Ready is false while the interface cannot take part, whatever the
	// administrator says: no vhid, no address, no parent, net.inet.carp.allow
	// is 0. NotReady then says which, for people.
	Ready    bool
	NotReady string
	// Generation is another number whenever the addresses or the key have
	// changed: a MASTER then claims, advertises and announces anew and stays
	// MASTER (FreeBSD falls back to BACKUP for a whole dead time).
	Generation uint64
	// TieBreak differs between hosts; two hosts with the same timing that
	// started in lockstep part by it.
	TieBreak uint64
}

// Heard is the event of an authentic advertisement with this timing.
func Heard(t Timing) Event { return Event{Kind: EventHeard, Timing: t} }

// Configured is the event of new settings.
func Configured(c Config) Event { return Event{Kind: EventConfigured, Config: c} }

// Demoted is the event of a new sum of the host's demotions.
func Demoted(sum int) Event { return Event{Kind: EventDemoted, Demotion: sum} }

// Force is the event of `state backup` or `state master`.
func Force(s State) Event { return Event{Kind: EventForce, State: s} }

// String is for transcripts: the kind and what belongs to it.
func (e Event) String() string {
	name := eventNames[e.Kind]
	switch e.Kind {
	case EventHeard:
		return fmt.Sprintf("%s %v", name, e.Timing)
	case EventConfigured:
		s := fmt.Sprintf("%s %v", name, e.Config.Timing)
		if e.Config.Preempt {
			s += " preempt"
		}
		if !e.Config.Ready {
			s += " not ready: " + e.Config.NotReady
		}
		return s
	case EventDemoted:
		return fmt.Sprintf("%s %d", name, e.Demotion)
	case EventForce:
		return fmt.Sprintf("%s %v", name, e.State)
	}
	return name
}
