package link

import (
	"context"
	"net/netip"
	"slices"
)

// EventKind says what an Event is about.
type EventKind int

// The kinds of events.
const (
	// LinkChanged: an interface was made, went up or down, gained or lost
	// carrier, was renamed, or changed in another way.
	LinkChanged EventKind = iota
	// LinkGone: an interface was deleted or left the namespace.
	LinkGone
	// AddressChanged: an interface gained or lost an address.
	AddressChanged
	// Resync: events were lost, in the kernel or because the consumer was
	// slow. Whoever gets it reads the state anew.
	Resync
)

// String returns the kind in words.
func (k EventKind) String() string {
	return [...]string{"link changed", "link gone", "address changed", "resync"}[k]
}

// Event is one piece of news about the host's interfaces.
type Event struct {
	Kind    EventKind
	Index   int    // ifindex; 0 for Resync
	Name    string // as last known; empty for Resync
	Up      bool   // of LinkChanged: set up by the administrator
	Carrier bool   // of LinkChanged: operational (IFF_RUNNING)
	// Prefix and Removed belong to AddressChanged.
	Prefix  netip.Prefix
	Removed bool
}

// maxPending bounds what is kept for a slow consumer. More becomes one
// Resync, which asks less of it than working through a backlog.
const maxPending = 64

// pending is the news not yet taken.
type pending []Event

// add appends an event. A newer LinkChanged stands for an older one of the
// same interface with nothing else in between; once a Resync waits, all other
// news is covered by it.
func (p pending) add(e Event) pending {
	if len(p) > 0 && p[0].Kind == Resync {
		return p
	}
	if e.Kind == Resync || len(p) >= maxPending {
		return pending{{Kind: Resync}}
	}
	last := len(p) - 1
	if e.Kind == LinkChanged && last >= 0 && p[last].Kind == LinkChanged && p[last].Index == e.Index {
		p[last] = e
		return p
	}
	return append(p, e)
}

// forward hands events on until in is closed or ctx ends, then closes out. It
// is always ready to take, however slow the consumer, so that the reader of
// the socket never waits. When in closes first, what is pending is lost: the
// closed channel tells the consumer more.
func forward(ctx context.Context, in <-chan Event, out chan<- Event) {
	defer close(out)
	var queue pending
	for {
		var first Event
		var ready chan<- Event
		if len(queue) > 0 {
			first, ready = queue[0], out
		}
		select {
		case <-ctx.Done():
			return
		case e, ok := <-in:
			if !ok {
				return
			}
			queue = queue.add(e)
		case ready <- first:
			queue = slices.Delete(queue, 0, 1)
		}
	}
}
