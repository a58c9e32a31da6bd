package link

import "net/netip"

// What happens to a host from outside: cables, hot-plugging, other programs.
// None of it is logged as an operation of ours.

// plug adds a device.
func (m *memory) plug(d device) (index int) {
	m.update(func() ([]Event, error) {
		l := m.insert(d)
		l.plugged = d.carrier
		index = l.index
		return []Event{m.changed(l)}, nil
	})
	return index
}

// unplug removes a device and what sits on it.
func (m *memory) unplug(name string) {
	m.update(func() ([]Event, error) {
		if l := m.links[name]; l != nil {
			return m.remove(l), nil
		}
		return nil, nil
	})
}

// setLink changes a device and tells of those on it too, as the kernel does.
func (m *memory) setLink(name string, up, carrier bool) {
	m.update(func() (events []Event, _ error) {
		l := m.links[name]
		if l == nil {
			return nil, nil
		}
		l.plugged = carrier
		events = append(l.setUp(up), m.changed(l))
		for _, other := range m.on(l) {
			events = append(events, m.changed(other))
		}
		return events, nil
	})
}

// assign adds an address; it is news unless the interface is a backing.
func (m *memory) assign(name string, a Address) {
	m.update(func() ([]Event, error) {
		l := m.links[name]
		if l == nil {
			return nil, nil
		}
		m.hold(l, a)
		if l.ours() {
			return nil, nil
		}
		return []Event{{Kind: AddressChanged, Index: l.index, Name: name, Prefix: a.Prefix}}, nil
	})
}

// unassign deletes an address.
func (m *memory) unassign(name string, p netip.Prefix) {
	m.update(func() ([]Event, error) {
		if l := m.links[name]; l != nil {
			if i := l.find(p); i >= 0 {
				return []Event{l.drop(i)}, nil
			}
		}
		return nil, nil
	})
}
