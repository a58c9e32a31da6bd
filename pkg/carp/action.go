package carp

import "fmt"

// ActionKind says what is to be done.
type ActionKind uint8

// What a machine can ask for. The actions of one Step are done in the order in
// which they come: it is part of the protocol.
const (
	// ActionTransition reports a change of state: log, counters, events.
	ActionTransition ActionKind = iota
	// ActionClaim asks the kernel to answer for the addresses, under a lease.
	ActionClaim
	// ActionAdvertise sends one advertisement per family that has addresses
	// and, while MASTER, renews the lease if one of them went out.
	ActionAdvertise
	// ActionAnnounce tells the segment where the addresses are: gratuitous
	// ARP in reply form and, if Request is set, in request form too;
	// unsolicited neighbour advertisements.
	ActionAnnounce
	// ActionRelease takes the addresses out of the kernel.
	ActionRelease
	// ActionDemote enters or clears this interface's own reason for demotion
	// named Reason, as On says.
	ActionDemote
)

// Action is one thing to be done.
type Action struct {
	Kind    ActionKind
	Timing  Timing // ActionAdvertise
	From    State  // ActionTransition
	To      State  // ActionTransition
	Reason  string // ActionTransition, ActionDemote
	Request bool   // ActionAnnounce
	On      bool   // ActionDemote
}

// String is for transcripts.
func (a Action) String() string {
	switch a.Kind {
	case ActionTransition:
		return fmt.Sprintf("%v -> %v (%s)", a.From, a.To, a.Reason)
	case ActionClaim:
		return "claim"
	case ActionAdvertise:
		return fmt.Sprintf("advertise %v", a.Timing)
	case ActionAnnounce:
		if a.Request {
			return "announce, asking too"
		}
		return "announce"
	case ActionRelease:
		return "release"
	case ActionDemote:
		return fmt.Sprintf("demote for %s: %t", a.Reason, a.On)
	}
	return fmt.Sprintf("Action(%d)", uint8(a.Kind))
}
