package lint

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// Host is one host as its files describe it.
type Host struct {
	// Name is its hostname, or what stands for it.
	Name string
	// files are its files in the order in which they are read, exposed those that everybody on it can read.
	files, exposed []string
	// own are its physical interfaces' addresses.
	own []own
	// leased are its physical interfaces whose addresses are not all in the files.
	leased []string
	carps  []*iface
	// found is what reading the files has found.
	found []Finding
	// unread tells that they could not be read.
	unread bool
}

// own is an address of a physical interface.
type own struct {
	on     string
	prefix netip.Prefix
	pos    rcconf.Pos
}

// isLoopback tells it by FreeBSD's names, lo0 and lo1.
func (o own) isLoopback() bool {
	unit, ok := strings.CutPrefix(o.on, "lo")
	return ok && strings.Trim(unit, "0123456789") == ""
}

// item is something that a file says, and where. Where it does not say it, place is
// unset and value the default.
type item[T any] struct {
	value T
	place rcconf.Pos
}

func (i item[T]) said() bool { return i.place.Line > 0 }

// iface is one carp interface.
type iface struct {
	host *Host
	// name is for people: "carp0", or "em0 vhid 1".
	name string
	pos  rcconf.Pos
	// vhid is 0 while there is none.
	vhid    item[carp.VHID]
	advBase item[carp.AdvBase]
	advSkew item[carp.AdvSkew]
	// pass is the password uncut; elsewhere tells that it is in another file.
	pass      item[control.Password]
	elsewhere bool
	// parent is the physical interface it is on, if the file names it.
	parent item[string]
	// onParent tells that it is a vhid on a physical interface, as on FreeBSD 10.
	onParent  bool
	peers     []netip.Addr
	addresses []item[netip.Prefix]
	// broken tells that a line about it could not be read: it may be anything else
	// than what the rest says.
	broken bool
}

// at is where something is said; if it is not, where the vhid is or the interface.
func (c *iface) at(place rcconf.Pos) rcconf.Pos {
	switch {
	case place.Line > 0:
		return place
	case c.vhid.said():
		return c.vhid.place
	}
	return c.pos
}

// key is the part of the password that counts, and whether it is known.
func (c *iface) key() (carp.Key, bool) {
	key, _ := carp.NewKey(string(c.pass.value))
	return key, !c.elsewhere && !c.broken
}

// list is the list of addresses as the digest takes it.
func (c *iface) list() carp.AddressList {
	var all []netip.Addr
	for _, a := range c.addresses {
		all = append(all, a.value.Addr())
	}
	return carp.NewAddressList(all)
}

func (c *iface) has(addr netip.Addr) bool {
	return slices.ContainsFunc(c.addresses, func(a item[netip.Prefix]) bool { return a.value.Addr() == addr })
}

// parents are the own addresses of the interface that it is on; none if the files do
// not tell which that is.
func (c *iface) parents() []own {
	name := c.parent.value
	if name == "" {
		for _, o := range c.host.own {
			if slices.ContainsFunc(c.addresses, func(a item[netip.Prefix]) bool { return o.prefix.Contains(a.value.Addr()) }) {
				name = o.on
				break
			}
		}
	}
	if name == "" && len(c.host.leased) == 0 { // a host with one interface has no choice
		for _, o := range c.host.own {
			if name != "" && name != o.on {
				return nil
			}
			name = o.on
		}
	}
	var found []own
	for _, o := range c.host.own {
		if o.on == name && !o.prefix.Addr().IsLinkLocalUnicast() {
			found = append(found, o)
		}
	}
	return found
}

// networks are what the segment is known by, host bits kept: the parent's own
// networks, and those of the virtual addresses unless they are somewhere else.
func (c *iface) networks() (nets []netip.Prefix) {
	parents := c.parents()
	for _, o := range parents {
		nets = append(nets, o.prefix)
	}
	for _, a := range c.addresses {
		if len(parents) == 0 || slices.ContainsFunc(parents, func(o own) bool { return o.prefix.Contains(a.value.Addr()) }) {
			nets = append(nets, a.value)
		}
	}
	return nets
}

// sameSegment tells whether two interfaces are on one segment, as far as the files
// tell: an address of either is in a network of the other.
func sameSegment(a, b *iface) bool {
	for _, m := range a.networks() {
		for _, n := range b.networks() {
			if m.Contains(n.Addr()) && n.Contains(m.Addr()) && !m.Addr().IsLinkLocalUnicast() {
				return true
			}
		}
	}
	return false
}

// talks tells whether one advertises to the other's host by unicast.
func (c *iface) talks(to *iface) bool {
	return slices.ContainsFunc(c.peers, func(peer netip.Addr) bool {
		return slices.ContainsFunc(to.host.own, func(o own) bool { return o.prefix.Addr() == peer })
	})
}
