package link

import (
	"cmp"
	"io"
	"io/fs"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"
)

// memory is the host behind a Fake.
type memory struct {
	mu       sync.Mutex
	next     int // ifindex
	links    map[string]*memoryLink
	ops      []string
	failures []failure
	tell     func(Event)
}

// memoryLink is one interface of a memory.
type memoryLink struct {
	device
	plugged  bool // its own cable; a macvlan also needs its parent's
	held     []*memoryAddress
	settings map[setting]string
}

// memoryAddress is one address; lease is nil when it is for ever.
type memoryAddress struct {
	Address
	ours  bool // put there by this package
	until time.Time
	lease *time.Timer
}

func newMemory() *memory {
	return &memory{next: 1, links: map[string]*memoryLink{}, tell: func(Event) {}}
}

// birthSettings are the kernel's values on a new interface.
var birthSettings = map[string]string{
	"ipv4/arp_ignore": "0", "ipv4/arp_filter": "0", "ipv4/proxy_arp": "0", "ipv4/arp_announce": "0", "ipv4/rp_filter": "0", "ipv4/promote_secondaries": "0",
	"ipv6/disable_ipv6": "0", "ipv6/addr_gen_mode": "0", "ipv6/accept_dad": "1", "ipv6/dad_transmits": "1",
	"ipv6/accept_ra": "1", "ipv6/autoconf": "1", "ipv6/router_solicitations": "-1",
}

// insert adds a link with the lock held. Index 0 is the next free one.
func (m *memory) insert(d device) *memoryLink {
	if d.index == 0 {
		d.index = m.next
	}
	m.next = max(m.next, d.index+1)
	l := &memoryLink{device: d, plugged: true, settings: map[setting]string{}}
	for id, value := range birthSettings {
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
		t.ops = append(t.ops, opCloseTUN(l.name)) // a descriptor can always be closed
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
				all = append(all, localAddress{index: l.index, Address: left, usable: !a.ours || l.ours()})
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
		case a.Prefix.Addr().Is6() && l.settings[setting{l.name, "ipv6", "disable_ipv6"}] == "1":
			return nil, m.refuse(op, syscall.EACCES)
		}
		if err := m.attempt(op); err != nil {
			return nil, err
		}
		if a.Prefix.Addr().Is6() && !l.up && a.Lease > 0 {
			return nil, nil // the kernel drops it at once
		}
		m.hold(l, a)
		l.held[l.find(a.Prefix)].ours = true
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

func (m *memory) readSetting(s setting) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.device == "all" {
		return "0", nil // nobody has changed these
	}
	if l := m.links[s.device]; l != nil {
		if value, ok := l.settings[s]; ok {
			return value, nil
		}
	}
	return "", fs.ErrNotExist
}

func (m *memory) writeSetting(s setting, value string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.links[s.device]
	if l == nil {
		return m.refuse(opWriteSetting(s, value), fs.ErrNotExist)
	}
	if _, ok := l.settings[s]; !ok {
		return m.refuse(opWriteSetting(s, value), fs.ErrNotExist)
	}
	if err := m.attempt(opWriteSetting(s, value)); err != nil {
		return err
	}
	l.settings[s] = value
	return nil
}
