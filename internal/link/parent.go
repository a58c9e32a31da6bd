package link

import (
	"net/netip"
)

// Parent is an Ethernet interface that a carpN can live on.
type Parent struct {
	Index int
	Name  string
	// AltNames are further names that the kernel knows it by (ip-link(8), altname).
	AltNames []string
	MAC      [6]byte
	// Addresses are the host addresses with their prefix length, both
	// families, link-local ones too, in the kernel's order: the first IPv4
	// address is the primary one. Tentative, duplicate and temporary
	// (privacy) addresses are left out; ones with a lifetime, as a DHCP
	// client sets them, are in.
	Addresses []netip.Prefix
	Up        bool // set up by the administrator
	Carrier   bool // operational (IFF_RUNNING): up, with carrier, not dormant
	MTU       int  // bytes
	// Port says that the interface is a port of a bridge, a bond or the like.
	// That takes its frames, so no macvlan can be made on it.
	Port bool
}

// Parents returns the interfaces a carpN can live on, in ifindex order: of
// Ethernet type, able to multicast, neither a loopback nor one of ours.
func (b *backings) Parents() ([]Parent, error) {
	all, err := b.host.devices()
	if err != nil {
		return nil, failed("parents", "list interfaces", err)
	}
	locals, err := b.host.addresses(0)
	if err != nil {
		return nil, failed("parents", "list addresses", err)
	}
	var parents []Parent
	for _, d := range all {
		if d.ether && d.multicast && !d.loopback && !d.ours() {
			parents = append(parents, parentOf(d, locals))
		}
	}
	return parents, nil
}

// Parent returns one interface by its name, or by an alternative name that
// the kernel knows for it; whether it is fit to be a parent is not checked.
// The error matches fs.ErrNotExist when there is no such interface.
func (b *backings) Parent(name string) (Parent, error) {
	d, err := b.host.device(name)
	if err != nil {
		return Parent{}, failed(name, "look up interface", err)
	}
	locals, err := b.host.addresses(d.index)
	if err != nil {
		return Parent{}, failed(name, "list addresses", err)
	}
	return parentOf(d, locals), nil
}

func parentOf(d device, locals []localAddress) Parent {
	p := Parent{Index: d.index, Name: d.name, AltNames: d.altNames, MAC: d.mac, Up: d.up, Carrier: d.carrier, MTU: d.mtu, Port: d.port}
	for _, l := range locals {
		if l.index == d.index && l.usable {
			p.Addresses = append(p.Addresses, l.Prefix)
		}
	}
	return p
}
