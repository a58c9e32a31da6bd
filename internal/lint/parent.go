package lint

import (
	"fmt"
	"net/netip"
	"slices"
)

// ownAddresses finds virtual addresses that are a host's own. On a loopback interface of
// another host one may be: servers behind a balancer answer by it without being asked.
func (c *iface) ownAddresses(hosts []*Host) (all []Finding) {
	for _, a := range c.addresses {
		for _, h := range hosts {
			at := slices.IndexFunc(h.own, func(o own) bool {
				return o.prefix.Addr() == a.value.Addr() && (h == c.host || !o.isLoopback())
			})
			if at < 0 || a.value.Addr().IsLinkLocalUnicast() && h != c.host {
				continue
			}
			f := c.about(codeOwn, a.place, "%v is %s's own address on %s", a.value.Addr(), h.title(), h.own[at].on).
				remedy("a virtual address must be another than those of the hosts: choose a free one")
			f.Related = append(f.Related, Related{h.own[at].pos, h.Name, h.title() + "'s own address"})
			all = append(all, f)
			break
		}
	}
	return all
}

// subnets finds addresses that are outside the parent's subnets, or whose mask is
// another. A full mask is right with any subnet, as FreeBSD's aliases have it.
func (c *iface) subnets() (all []Finding) {
	for _, a := range c.addresses {
		addr := a.value.Addr()
		nets := c.parentsOf(addr)
		if len(nets) == 0 || addr.IsLinkLocalUnicast() || len(c.peers) > 0 {
			continue
		}
		in := slices.IndexFunc(nets, func(o own) bool { return o.prefix.Contains(addr) })
		switch {
		case in < 0:
			f := c.about(codeOutside, a.place, "%v is in no subnet of %s", addr, nets[0].on)
			f.Related = append(f.Related, Related{nets[0].pos, c.host.Name, fmt.Sprintf("%s has %v", nets[0].on, nets[0].prefix)})
			if c.parent.value != "" { // that is done, with a warning
				f.Severity = Warning
			}
			all = append(all, f.remedy("correct the address, or name the parent with carpdev if it is another"))
		case a.value.Bits() != addr.BitLen() && a.value.Bits() != nets[in].prefix.Bits():
			f := c.about(codeMask, a.place, "%v has a mask of /%d, and %s has /%d", addr, a.value.Bits(), nets[in].on, nets[in].prefix.Bits())
			f.Related = append(f.Related, Related{nets[in].pos, c.host.Name, fmt.Sprintf("%s has %v", nets[in].on, nets[in].prefix)})
			all = append(all, f.remedy("use /%d, as the parent does", nets[in].prefix.Bits()))
		}
	}
	return all
}

// parentsOf are the subnets of an address's family that it could be in; none where the
// files do not tell all of them.
func (c *iface) parentsOf(addr netip.Addr) []own {
	family := func(list []own) []own {
		return slices.DeleteFunc(slices.Clone(list), func(o own) bool {
			return o.prefix.Addr().Is4() != addr.Is4() || o.prefix.Addr().IsLinkLocalUnicast() || o.prefix.Addr().IsLoopback()
		})
	}
	all := c.parents()
	parents := family(all)
	switch {
	case slices.ContainsFunc(parents, func(o own) bool { return o.prefix.Contains(addr) }):
		return parents
	case c.parent.value != "" && slices.Contains(c.host.leased, c.parent.value),
		c.parent.value == "" && len(c.host.leased) > 0:
		return nil
	case c.parent.value == "" && len(all) == 0: // the address alone would choose it
		return family(c.host.own)
	}
	return parents
}

// checkParents finds hosts of a group that have one own address on the segment: a file
// that was copied, and not changed enough.
func checkParents(group []*iface) (all []Finding) {
	for n, c := range group {
		for _, other := range group[:n] {
			for _, o := range c.parents() {
				at := slices.IndexFunc(other.parents(), func(theirs own) bool { return theirs.prefix.Addr() == o.prefix.Addr() })
				if at < 0 {
					continue
				}
				f := finding(codeOwnTwice, o.pos, c.host.Name, "%s: %v is also %s's own address", o.on, o.prefix.Addr(), other.host.title()).
					remedy("give each host an address of its own")
				f.Related = append(f.Related, Related{other.parents()[at].pos, other.host.Name, other.host.title() + "'s own address"})
				all = append(all, f)
			}
		}
	}
	return all
}
