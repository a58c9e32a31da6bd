package link

import (
	"maps"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// memoryAddress is one address; lease is nil when it is for ever.
type memoryAddress struct {
	Address
	// unusable: tentative, temporary, or put there by this package.
	unusable bool
	until    time.Time
	lease    *time.Timer
}

// drop removes an address by its position.
func (l *memoryLink) drop(i int) Event {
	a := l.held[i]
	if a.lease != nil {
		a.lease.Stop()
	}
	l.held = slices.Delete(l.held, i, i+1)
	return Event{Kind: AddressChanged, Index: l.index, Name: l.name, Prefix: a.Prefix, Removed: true}
}

func (l *memoryLink) find(p netip.Prefix) int {
	return slices.IndexFunc(l.held, func(a *memoryAddress) bool { return a.Prefix == p })
}

func (m *memory) addresses(index int) ([]localAddress, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []localAddress
	for _, name := range slices.Sorted(maps.Keys(m.links)) {
		l := m.links[name]
		for _, a := range l.held {
			if index == 0 || index == l.index {
				left := a.Address
				if a.lease != nil {
					left.Lease = time.Until(a.until)
				}
				all = append(all, localAddress{index: l.index, Address: left, usable: !a.unusable || l.ours()})
			}
		}
	}
	return all, nil
}

func (m *memory) putAddress(d device, a Address, exclusive bool) error {
	return m.update(func() ([]Event, error) {
		op := opPutAddress(d, a, exclusive)
		l, err := m.at(d)
		switch {
		case err != nil:
			return nil, m.refuse(op, err)
		case exclusive && l.find(a.Prefix) >= 0:
			return nil, syscall.EEXIST // a question answered, not a change: not logged
		case a.Prefix.Addr().Is6() && m.disabled6(l):
			return nil, m.refuse(op, syscall.EACCES)
		}
		if err := m.attempt(op); err != nil {
			return nil, err
		}
		if a.Prefix.Addr().Is6() && !l.up && a.Lease > 0 {
			return nil, nil // the kernel drops it at once
		}
		m.hold(l, a)
		l.held[l.find(a.Prefix)].unusable = true
		return nil, nil // as with the kernel's watch, what we put somewhere is no news
	})
}

// hold adds an address or renews it, and arms its lease.
func (m *memory) hold(l *memoryLink, a Address) {
	i := l.find(a.Prefix)
	if i < 0 {
		i = len(l.held)
		l.held = append(l.held, &memoryAddress{Address: a})
	}
	held := l.held[i]
	held.Lease = a.Lease
	if held.lease != nil {
		held.lease.Stop()
		held.lease = nil
	}
	if a.Lease > 0 {
		lease := time.Duration(a.seconds()) * time.Second
		until := time.Now().Add(lease)
		held.until = until
		held.lease = time.AfterFunc(lease, func() { m.expire(l, held, until) })
	}
}

// expire drops an address whose lease was not renewed since the timer was set.
func (m *memory) expire(l *memoryLink, a *memoryAddress, until time.Time) {
	m.update(func() ([]Event, error) {
		if i := slices.Index(l.held, a); i >= 0 && a.until.Equal(until) {
			return []Event{l.drop(i)}, nil
		}
		return nil, nil
	})
}

func (m *memory) deleteAddress(d device, p netip.Prefix) error {
	return m.update(func() ([]Event, error) {
		op := opDeleteAddress(d, p)
		l, err := m.at(d)
		if err != nil {
			return nil, m.refuse(op, err)
		}
		i := l.find(p)
		if i < 0 {
			return nil, m.refuse(op, syscall.EADDRNOTAVAIL)
		}
		if err := m.attempt(op); err != nil {
			return nil, err
		}
		return []Event{l.drop(i)}, nil
	})
}
