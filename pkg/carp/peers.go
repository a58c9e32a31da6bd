package carp

import (
	"net/netip"
	"slices"
	"time"
)

// maxPeers bounds the table of hosts heard: a flood of forged sources must not
// grow it. The one silent for longest makes room.
const maxPeers = 32

// Peer is a host heard on the vhid, whatever became of what it said.
type Peer struct {
	Addr  netip.Addr
	First time.Time
	Last  time.Time
	// Believed is when it was last believed, zero if it never was.
	Believed time.Time
	Timing   Timing // as last advertised; zero until a header could be read
	Counts   [NumVerdicts]uint64
}

// Peers remembers who was heard and what became of their frames, so that the
// answer to "both are MASTER, why" is a name and a reason.
type Peers struct{ list []*Peer }

// Note counts one frame and returns its sender's entry.
func (p *Peers) Note(now time.Time, from netip.Addr, t Timing, v Verdict) *Peer {
	i := slices.IndexFunc(p.list, func(e *Peer) bool { return e.Addr == from })
	var e *Peer
	switch {
	case i >= 0:
		e = p.list[i]
	case len(p.list) < maxPeers:
		e = &Peer{Addr: from, First: now}
		p.list = append(p.list, e)
	default:
		e = slices.MinFunc(p.list, func(a, b *Peer) int { return a.Last.Compare(b.Last) })
		*e = Peer{Addr: from, First: now}
	}
	e.Last = now
	e.Counts[v]++
	if v.Believed() {
		e.Believed = now
	}
	if t != (Timing{}) {
		e.Timing = t
	}
	return e
}

// All are the peers, those heard first first.
func (p *Peers) All() []Peer {
	all := make([]Peer, 0, len(p.list))
	for _, e := range p.list {
		all = append(all, *e)
	}
	slices.SortFunc(all, func(a, b Peer) int { return a.First.Compare(b.First) })
	return all
}

// ClearCounts begins to count anew; who is there and since when is not forgotten.
func (p *Peers) ClearCounts() {
	for _, e := range p.list {
		e.Counts = [NumVerdicts]uint64{}
	}
}

// Clear forgets all, as on a change of vhid or parent.
func (p *Peers) Clear() { p.list = nil }
