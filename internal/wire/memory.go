package wire

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync"

	"golang.org/x/net/bpf"
)

// portQueue is how many frames wait in a Port before further ones are dropped.
const portQueue = 1024

// Hub is an Ethernet segment in memory, for tests: a frame sent into one Port is waiting in every
// other when Send returns. It has no clock, no goroutine and no socket, so it works in a synctest
// bubble. The zero Hub is an empty segment.
type Hub struct {
	mu    sync.Mutex
	ports []*Port
}

// Port is a host's place on a Hub. It has the methods of a Conn and their promises; any goroutine
// may call any of them.
type Port struct {
	hub    *Hub
	filter *bpf.VM // nil hears everything
	ready  chan struct{}

	// Under hub.mu.
	queue   [][]byte
	armed   bool
	cut     bool
	closed  bool
	sendErr error
	stats   Stats
}

// Plug adds a port that hears what a Conn for vhid would: that vhid's frames from the other ports.
// With vhid 0 it hears every frame, as a sniffer does; hosts never ask for that.
func (h *Hub) Plug(vhid uint8) *Port {
	p := &Port{hub: h, ready: make(chan struct{}, 1), armed: true}
	if vhid != 0 {
		vm, err := bpf.NewVM(frameFilter(vhid))
		if err != nil {
			panic(fmt.Sprintf("wire: filter for vhid %d: %v", vhid, err)) // tested for all 255
		}
		p.filter = vm
	}
	return h.join(p)
}

// PlugARP adds a port that hears what an ARPConn for these targets would. It panics when one of
// them is not IPv4.
func (h *Hub) PlugARP(targets ...netip.Addr) *Port {
	program, err := arpFilter(targets)
	if err != nil {
		panic("wire: " + err.Error())
	}
	vm, err := bpf.NewVM(program)
	if err != nil {
		panic(fmt.Sprintf("wire: filter for ARP: %v", err)) // tested, to the greatest number
	}
	return h.join(&Port{hub: h, filter: vm, ready: make(chan struct{}, 1), armed: true})
}

func (h *Hub) join(p *Port) *Port {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ports = append(h.ports, p)
	return p
}

// Cut unplugs a port's cable at the switch: it hears nobody and nobody hears it, and neither side
// is told. Frames already waiting stay.
func (h *Hub) Cut(p *Port) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p.cut = true
}

// Mend undoes Cut.
func (h *Hub) Mend(p *Port) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p.cut = false
}

// FailSends makes each later Send return err and deliver nothing; nil ends that.
func (p *Port) FailSends(err error) {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	p.sendErr = err
}

// Send delivers a copy of b to every other port. It returns the error set by FailSends, or
// os.ErrClosed; a cut cable is silent.
func (p *Port) Send(b []byte) error {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	switch {
	case p.closed:
		return fmt.Errorf("send: %w", os.ErrClosed)
	case p.sendErr != nil:
		return fmt.Errorf("send: %w", p.sendErr)
	case p.cut:
		return nil
	}
	for _, other := range p.hub.ports {
		if other != p && !other.cut && other.wants(b) {
			other.deliver(bytes.Clone(b))
		}
	}
	return nil
}

func (p *Port) wants(b []byte) bool {
	if p.filter == nil {
		return true
	}
	n, err := p.filter.Run(b)
	return err == nil && n > 0
}

func (p *Port) deliver(b []byte) {
	if len(p.queue) == portQueue {
		p.stats.Dropped++
		return
	}
	p.stats.Received++
	p.queue = append(p.queue, b)
	if p.armed {
		p.notify()
	}
}

// notify gives the one notice that a Rearm asked for.
func (p *Port) notify() {
	p.armed = false
	select {
	case p.ready <- struct{}{}:
	default: // the previous one was not taken yet, and says the same
	}
}

// Receive is Conn.Receive; its only error is os.ErrClosed.
func (p *Port) Receive(buf []byte) (n int, ok bool, err error) {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	if p.closed {
		return 0, false, fmt.Errorf("receive: %w", os.ErrClosed)
	}
	if len(p.queue) == 0 {
		return 0, false, nil
	}
	n = copy(buf, p.queue[0])
	p.queue[0] = nil
	p.queue = p.queue[1:]
	return n, true, nil
}

// Ready is Conn.Ready.
func (p *Port) Ready() <-chan struct{} { return p.ready }

// Rearm is Conn.Rearm.
func (p *Port) Rearm() {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	if len(p.queue) > 0 {
		p.notify()
		return
	}
	p.armed = true
}

// Stats is Conn.Stats.
func (p *Port) Stats() Stats {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	return p.stats
}

// Close takes the port off the hub. It returns nil.
func (p *Port) Close() error {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	p.closed, p.queue = true, nil
	p.hub.ports = slices.DeleteFunc(p.hub.ports, func(other *Port) bool { return other == p })
	return nil
}
