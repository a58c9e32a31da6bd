package link

import (
	"cmp"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"syscall"
)

// memory is the host behind an Imaginary.
type memory struct {
	mu       sync.Mutex
	next     int // ifindex
	links    map[string]*memoryLink
	ops      []string
	failures []failure
	tell     func(Event)
	log      func(op string) // nil: only ops
	// beneath are the settings of the host that this one was imagined after, read
	// when they are asked for; nil: there is none.
	beneath settings
}

// memoryLink is one interface of a memory.
type memoryLink struct {
	device
	plugged  bool   // its own cable; a macvlan also needs its parent's
	origin   string // its name on the host beneath; empty: it is not there
	held     []*memoryAddress
	settings map[setting]string
}

func newMemory() *memory {
	return &memory{next: 1, links: map[string]*memoryLink{}, tell: func(Event) {}}
}

// insert adds a link with the lock held. Index 0 is the next free one.
func (m *memory) insert(d device) *memoryLink {
	if d.index == 0 {
		d.index = m.next
	}
	m.next = max(m.next, d.index+1)
	l := &memoryLink{device: d, plugged: true, settings: map[setting]string{}}
	for id, value := range birthSettings {
		if m.beneath != nil {
			break // it has its own idea of a new interface
		}
		l.settings[setting{d.name, id[:4], id[5:]}] = value
	}
	m.links[d.name] = l
	return l
}

// state returns the device as the kernel would report it: running when it is
// up and every cable below it is in.
func (m *memory) state(l *memoryLink) device {
	d := l.device
	d.carrier = d.up && l.plugged
	for _, p := range m.links {
		if p.index == d.parent {
			d.carrier = d.carrier && m.state(p).carrier
		}
	}
	return d
}

// on returns the links whose parent is l, by name.
func (m *memory) on(l *memoryLink) (above []*memoryLink) {
	for _, name := range slices.Sorted(maps.Keys(m.links)) {
		if m.links[name].parent == l.index {
			above = append(above, m.links[name])
		}
	}
	return above
}

func (m *memory) changed(l *memoryLink) Event {
	d := m.state(l)
	return Event{Kind: LinkChanged, Index: d.index, Name: d.name, Up: d.up, Carrier: d.carrier}
}

// update runs f with the lock held and tells its events after.
func (m *memory) update(f func() ([]Event, error)) error {
	m.mu.Lock()
	events, err := f()
	m.mu.Unlock()
	for _, e := range events {
		m.tell(e)
	}
	return err
}

func (m *memory) devices() ([]device, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []device
	for _, l := range m.links {
		all = append(all, m.state(l))
	}
	slices.SortFunc(all, func(a, b device) int { return cmp.Compare(a.index, b.index) })
	return all, nil
}

func (m *memory) device(name string) (device, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l := m.links[name]; l != nil {
		return m.state(l), nil
	}
	return device{}, fs.ErrNotExist
}

// at returns the link a device value stands for, with the lock held: by its
// index, as the kernel does, since it may have been renamed.
func (m *memory) at(d device) (*memoryLink, error) {
	for _, l := range m.links {
		if l.index == d.index {
			return l, nil
		}
	}
	return nil, syscall.ENODEV
}

func (m *memory) addDevice(d device) error {
	return m.update(func() ([]Event, error) {
		parent := ""
		for _, l := range m.links {
			if l.index == d.parent {
				parent = l.name
			}
		}
		op := opAddDevice(d, parent)
		switch {
		case m.links[d.name] != nil:
			return nil, m.refuse(op, syscall.EEXIST)
		case parent == "":
			return nil, m.refuse(op, syscall.ENODEV)
		}
		if err := m.attempt(op); err != nil {
			return nil, err
		}
		d.index, d.ether, d.multicast = 0, true, true
		return []Event{m.changed(m.insert(d))}, nil
	})
}

// memoryTUN is the open end of a TUN.
type memoryTUN struct {
	*memory
	device
}

func (m *memory) openTUN(name string) (io.Closer, error) {
	var made *memoryLink
	err := m.update(func() ([]Event, error) {
		if m.links[name] != nil {
			return nil, m.refuse(opOpenTUN(name), syscall.EBUSY)
		}
		if err := m.attempt(opOpenTUN(name)); err != nil {
			return nil, err
		}
		made = m.insert(device{name: name, kind: "tun", mtu: 1500, multicast: true})
		return []Event{m.changed(made)}, nil
	})
	if err != nil {
		return nil, err
	}
	return &memoryTUN{m, made.device}, nil
}

// Close takes the TUN away, unless somebody has deleted it.
func (t *memoryTUN) Close() error {
	return t.update(func() ([]Event, error) {
		l, err := t.at(t.device)
		if err != nil {
			return nil, nil
		}
		t.note(opCloseTUN(l.name)) // a descriptor can always be closed
		return t.remove(l), nil
	})
}

func (m *memory) deleteDevice(d device) error {
	return m.update(func() ([]Event, error) {
		l, err := m.at(d)
		if err != nil {
			return nil, m.refuse(opDeleteDevice(d), err)
		}
		if err := m.attempt(opDeleteDevice(d)); err != nil {
			return nil, err
		}
		return m.remove(l), nil
	})
}

// remove takes a link out, and what sits on it first.
func (m *memory) remove(l *memoryLink) (events []Event) {
	for _, other := range m.on(l) {
		events = append(events, m.remove(other)...)
	}
	for len(l.held) > 0 {
		events = append(events, l.drop(0))
	}
	delete(m.links, l.name)
	return append(events, Event{Kind: LinkGone, Index: l.index, Name: l.name})
}

func (m *memory) changeDevice(d device, c change) error {
	return m.update(func() ([]Event, error) {
		l, missing := m.at(d)
		for _, op := range opsChangeDevice(d, c) {
			switch {
			case missing != nil:
				return nil, m.refuse(op, missing)
			case c.name != nil && m.links[*c.name] != nil:
				return nil, m.refuse(op, syscall.EEXIST)
			}
			if err := m.attempt(op); err != nil {
				return nil, err
			}
		}
		if missing != nil || c == (change{}) {
			return nil, missing
		}
		if c.name != nil {
			m.rename(l, *c.name)
		}
		if c.mac != nil {
			l.mac = *c.mac
		}
		if c.mtu != nil {
			l.mtu = *c.mtu
		}
		if c.label != nil {
			l.alias, l.group = *c.label, 0
		}
		var events []Event
		if c.up != nil {
			events = l.setUp(*c.up)
		}
		return append(events, m.changed(l)), nil
	})
}

// rename gives a link another name, and so its settings another path.
func (m *memory) rename(l *memoryLink, to string) {
	delete(m.links, l.name)
	renamed := map[setting]string{}
	for s, value := range l.settings {
		s.device = to
		renamed[s] = value
	}
	l.name, l.settings = to, renamed
	m.links[to] = l
}

// setUp sets a link up or down; going down takes its IPv6 addresses.
func (l *memoryLink) setUp(up bool) (events []Event) {
	l.up = up
	for i := len(l.held) - 1; i >= 0 && !up; i-- {
		if l.held[i].Prefix.Addr().Is6() {
			events = append(events, l.drop(i))
		}
	}
	return events
}
