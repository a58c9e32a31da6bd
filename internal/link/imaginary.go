package link

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
)

// Imaginary is a host in memory with the methods of [Kernel]. It behaves as the
// kernel does in what this package relies on: leases run out (also in the
// virtual time of a testing/synctest bubble), IPv6 addresses go when an
// interface goes down, a macvlan goes with its parent. It prints itself as ip
// would, logs each change as the command for it, and can be told to fail. It
// may be used from several goroutines.
type Imaginary struct {
	*backings
	mem *memory

	watchMu  sync.Mutex
	watchers map[chan Event]context.Context
}

// NewImaginary returns a host without interfaces.
func NewImaginary() *Imaginary {
	f := &Imaginary{mem: newMemory(), watchers: map[chan Event]context.Context{}}
	f.mem.tell = f.tell
	f.backings = newBackings(f.mem)
	return f
}

// TUN returns the other backing, on the same host: see [Kernel.TUN].
func (f *Imaginary) TUN() *TUN { return newTUN(f.mem, f.Watch) }

// Close does nothing: the interfaces stay, as they would on a host.
func (f *Imaginary) Close() error { return nil }

// Watch returns news as Kernel.Watch does, until ctx ends.
func (f *Imaginary) Watch(ctx context.Context) (<-chan Event, error) {
	in, out := make(chan Event), make(chan Event)
	f.watchMu.Lock()
	defer f.watchMu.Unlock()
	f.watchers[in] = ctx
	go func() {
		forward(ctx, in, out)
		f.watchMu.Lock()
		defer f.watchMu.Unlock()
		delete(f.watchers, in)
	}()
	return out, nil
}

// tell sends an event to every watch; forward takes it at once.
func (f *Imaginary) tell(e Event) {
	f.watchMu.Lock()
	defer f.watchMu.Unlock()
	for in, ctx := range f.watchers {
		select {
		case in <- e:
		case <-ctx.Done():
		}
	}
}

// Overrun makes every watch lose events, as an overflow of the socket would.
func (f *Imaginary) Overrun() { f.tell(Event{Kind: Resync}) }

// AddParent adds an Ethernet interface, with p.Addresses for ever, and
// returns its index: p.Index, or the next free one when that is zero.
func (f *Imaginary) AddParent(p Parent) int {
	d := device{index: p.Index, name: p.Name, mac: p.MAC, mtu: p.MTU, ether: true, multicast: true, up: p.Up, carrier: p.Carrier}
	if d.mtu == 0 {
		d.mtu = 1500
	}
	index := f.mem.plug(d)
	for _, a := range p.Addresses {
		f.mem.assign(p.Name, Address{Prefix: a})
	}
	return index
}

// AddForeign adds an interface that is not ours, to be in the way of a name.
func (f *Imaginary) AddForeign(name string) int {
	return f.mem.plug(device{name: name, kind: "dummy", mtu: 1500, ether: true})
}

// RemoveLink removes an interface, and every macvlan on it.
func (f *Imaginary) RemoveLink(name string) { f.mem.unplug(name) }

// SetLink sets an interface up or down and plugs its cable in or out. Backings
// on it follow its carrier.
func (f *Imaginary) SetLink(name string, up, carrier bool) { f.mem.setLink(name, up, carrier) }

// AddAddress adds an address by another program's hand.
func (f *Imaginary) AddAddress(name string, a Address) { f.mem.assign(name, a) }

// RemoveAddress deletes an address by another program's hand.
func (f *Imaginary) RemoveAddress(name string, p netip.Prefix) { f.mem.unassign(name, p) }

// FailOnce makes the next change fail with err whose line, as Ops would
// return it, begins with op: "ip addr replace 192.0.2.1/24", "ip link add",
// "sysctl -w net/ipv6".
func (f *Imaginary) FailOnce(op string, err error) {
	f.mem.mu.Lock()
	defer f.mem.mu.Unlock()
	f.mem.failures = append(f.mem.failures, failure{op, err})
}

// Ops returns the changes made since the last call, as the commands that
// would make them, in order. One that failed ends in " # " and the error.
func (f *Imaginary) Ops() []string {
	f.mem.mu.Lock()
	defer f.mem.mu.Unlock()
	ops := f.mem.ops
	f.mem.ops = nil
	return ops
}

// Log has each change told at once, in place of keeping it for Ops. log must not
// ask the host anything.
func (f *Imaginary) Log(log func(op string)) {
	f.mem.mu.Lock()
	defer f.mem.mu.Unlock()
	f.mem.log = log
}

// String prints the interfaces, their addresses and the settings that matter.
func (f *Imaginary) String() string {
	s, err := picture(f.mem)
	if err != nil { // memory does not fail to be read
		panic("link: " + err.Error())
	}
	return s
}

type failure struct {
	op  string
	err error
}

// attempt logs an operation and returns the failure it was to meet.
func (m *memory) attempt(op string) error {
	for i, f := range m.failures {
		if strings.HasPrefix(op, f.op) {
			m.failures = append(m.failures[:i:i], m.failures[i+1:]...)
			return m.refuse(op, f.err)
		}
	}
	m.note(op)
	return nil
}

// refuse logs an operation that failed.
func (m *memory) refuse(op string, err error) error {
	m.note(fmt.Sprintf("%s # %v", op, err))
	return err
}

func (m *memory) note(op string) {
	if m.log != nil {
		m.log(op)
		return
	}
	m.ops = append(m.ops, op)
}
