package link

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"syscall"
)

// Label marks the interfaces this project made: it is their ifalias, which
// `ip link` shows and no program sets by itself.
const Label = "ifconfig-carp"

// birthGroup ("CARP") is the interface group a backing is born in. The kernel
// takes no alias at creation, but it takes a group: so an interface whose
// creator was killed before it could label it is still known as ours. With
// the label it moves to the default group, 0.
const birthGroup = 0x43415250

// backing is what is remembered of a carpN, so that a failover asks the
// kernel nothing.
type backing struct {
	device  device
	parent  device    // of a TUN: it bears the IPv6 addresses
	held    []Address // in the kernel as far as we know, in the order they were put there
	inet6   bool      // disable_ipv6 is 0
	claimed bool      // between Claim and Release
}

// backings is the set of carpN of one kind on a host: the procedures, over
// any host. Its methods may be called from several goroutines.
type backings struct {
	host     host
	kind     string           // of the interfaces it makes: macvlan or tun
	needs    []need           // of their parent
	hostWide []need           // of the settings for all interfaces
	settings []backingSetting // of theirs
	mu       sync.Mutex
	known    map[string]*backing
}

func newBackings(h host) *backings {
	return &backings{host: h, kind: "macvlan", needs: parentNeeds, hostWide: hostWide, settings: backingSettings, known: map[string]*backing{}}
}

// EnsureBacking makes carpN (name) a macvlan in mode bridge on the interface
// parentIndex with the given MAC, and returns its ifindex. It is down and
// without addresses afterwards, whatever it was before. One that is ours is
// adopted when parent and mode are right, else made anew. The error matches
// fs.ErrExist when the name belongs to something that is not ours, and
// nothing is changed then; fs.ErrNotExist when the parent is gone; EBUSY when
// the other kind of backing is in use on it.
//
// Mode bridge, because in mode private the parent would not see the ARP
// requests of another MASTER with the same virtual MAC.
func (b *backings) EnsureBacking(name string, parentIndex int, mac [6]byte) (index int, err error) {
	if err := checkName(name); err != nil {
		return 0, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.known, name)

	parent, err := b.deviceByIndex(parentIndex)
	if err != nil {
		return 0, failed(name, fmt.Sprintf("find parent with index %d", parentIndex), err)
	}
	if err := b.alone(parent); err != nil {
		return 0, err
	}
	want := device{name: name, kind: "macvlan", mode: "bridge", parent: parent.index, mac: mac, mtu: parent.mtu, alias: Label, group: birthGroup}
	found, err := b.host.device(name)
	switch {
	case err == nil && (!found.ours() || found.name != name): // an alternative name may lead to any device
		return 0, failed(name, "make interface", fmt.Errorf("a %s interface that is not ours has this name: %w", kindOf(found), fs.ErrExist))
	case err == nil && found.parent == want.parent && found.kind == want.kind && found.mode == want.mode:
		if err := b.adopt(found, want); err != nil {
			return 0, err
		}
		b.known[name] = &backing{device: found}
		return found.index, nil
	case err == nil:
		if err := b.host.deleteDevice(found); err != nil {
			return 0, failed(name, "delete interface of another parent or mode", err)
		}
	case !missing(err):
		return 0, failed(name, "look up interface", err)
	}

	made, err := b.make(want)
	if err != nil {
		return 0, err
	}
	b.known[name] = &backing{device: made}
	return made.index, nil
}

func kindOf(d device) string {
	if d.kind == "" {
		return "hardware"
	}
	return d.kind
}

// deviceByIndex looks through all devices: creation is no hot path, and the
// seam stays narrow.
func (b *backings) deviceByIndex(index int) (device, error) {
	all, err := b.host.devices()
	if err != nil {
		return device{}, err
	}
	for _, d := range all {
		if d.index == index {
			return d, nil
		}
	}
	return device{}, syscall.ENODEV
}

// make creates the interface or leaves none.
func (b *backings) make(want device) (made device, err error) {
	if err := b.host.addDevice(want); err != nil {
		return device{}, failed(want.name, "make interface", err)
	}
	made, err = b.host.device(want.name)
	if err != nil {
		return device{}, failed(want.name, "look up interface just made", err)
	}
	if err = b.writeBackingSettings(want.name, "ipv6", "ipv4"); err == nil {
		if err = b.host.changeDevice(made, change{label: &want.alias}); err != nil {
			err = failed(want.name, "label interface", err)
		}
	}
	if err != nil {
		return device{}, errors.Join(err, b.host.deleteDevice(made))
	}
	return made, nil
}

// adopt brings an interface of ours, perhaps one that a killed MASTER left
// up and with addresses, into the state of a new one. The addresses go
// first: they are what answers.
func (b *backings) adopt(found, want device) error {
	if err := b.sweep(found); err != nil {
		return err
	}
	var c change
	down := false
	if found.up {
		c.up = &down
	}
	if found.mac != want.mac {
		c.mac = &want.mac
	}
	if found.mtu != want.mtu {
		c.mtu = &want.mtu
	}
	if found.alias != want.alias {
		c.label = &want.alias
	}
	if err := b.host.changeDevice(found, c); err != nil {
		return failed(found.name, "adopt interface", err)
	}
	return b.writeBackingSettings(found.name, "ipv6", "ipv4")
}

// sweep deletes every address the kernel has on the device, last first: the
// first IPv4 address of a subnet is its primary one, whose deletion makes the
// kernel promote the next.
func (b *backings) sweep(d device) error {
	left, err := b.host.addresses(d.index)
	if err != nil {
		return failed(d.name, "list addresses", err)
	}
	for i := len(left) - 1; i >= 0; i-- {
		p := left[i].Prefix
		if err := b.host.deleteAddress(d, p); err != nil && !errors.Is(err, syscall.EADDRNOTAVAIL) {
			return failed(d.name, "delete address "+p.String(), err)
		}
	}
	return nil
}

// DeleteBacking deletes carpN, with its addresses. One that does not exist is
// no error; one that is not ours stays, and the error matches fs.ErrExist.
func (b *backings) DeleteBacking(name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.known, name)

	d, err := b.host.device(name)
	switch {
	case missing(err):
		return nil
	case err != nil:
		return failed(name, "look up interface", err)
	case !d.ours() || d.name != name:
		return failed(name, "delete interface", fmt.Errorf("a %s interface that is not ours has this name: %w", kindOf(d), fs.ErrExist))
	}
	if err := b.host.deleteDevice(d); err != nil && !missing(err) {
		return failed(name, "delete interface", err)
	}
	return nil
}

// missing reports whether err says that an interface is not there.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENODEV)
}
