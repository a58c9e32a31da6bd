package lint

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// checkLists finds the hosts of a group whose list of addresses is another one.
func checkLists(group []*iface) (all []Finding) {
	whole := slices.DeleteFunc(slices.Clone(group), func(c *iface) bool { return c.broken || len(c.addresses) == 0 })
	ref := reference(whole, sameList)
	for _, c := range whole {
		if sameList(c, ref) {
			continue
		}
		more, less := c.without(ref), ref.without(c)
		var what []string
		place, theirs := c.addresses[0].place, ref.addresses[0].place
		if len(more) > 0 {
			what = append(what, "it alone has "+listed(more))
			place = more[0].place
		}
		if len(less) > 0 {
			what = append(what, fmt.Sprintf("%s alone has %s", ref.host.title(), listed(less)))
			theirs = less[0].place
		}
		all = append(all, c.about(codeAddresses, place, "not the addresses of %s: %s", ref.host.title(), strings.Join(what, "; ")).
			see(ref, theirs, "the addresses of %s", ref.host.title()).
			remedy("give every host of vhid %d the same list of addresses: it is part of what the pass signs, "+
				"so that a host with another list is not believed", c.vhid.value))
	}
	return all
}

func sameList(a, b *iface) bool { return a.list().Equal(b.list()) }

// without are the addresses that another interface has not.
func (c *iface) without(other *iface) []item[netip.Prefix] {
	return slices.DeleteFunc(slices.Clone(c.addresses), func(a item[netip.Prefix]) bool { return other.has(a.value.Addr()) })
}

// maxListed is how many addresses a message names.
const maxListed = 4

func listed(addresses []item[netip.Prefix]) string {
	var names []string
	for n, a := range addresses {
		if n == maxListed {
			names = append(names, fmt.Sprintf("%d more", len(addresses)-n))
			break
		}
		names = append(names, a.value.Addr().String())
	}
	return strings.Join(names, ", ")
}

// addressesTwice finds addresses that two vhids have, each once. Where every host that
// has one of the vhids has the address in both, it may be load sharing.
func addressesTwice(carps []*iface) (all []Finding) {
	type pair struct {
		addr netip.Addr
		a, b carp.VHID
	}
	said := map[pair]bool{}
	for n, c := range carps {
		for _, a := range c.addresses {
			addr := a.value.Addr()
			at := slices.IndexFunc(carps[:n], func(other *iface) bool { return other.has(addr) && clashes(c, other) })
			if at < 0 {
				continue
			}
			other := carps[at]
			p := pair{addr, min(c.vhid.value, other.vhid.value), max(c.vhid.value, other.vhid.value)}
			if !said[p] {
				said[p] = true
				all = append(all, c.twice(a, other, carps))
			}
		}
	}
	return all
}

// clashes tells whether two interfaces must not have an address in common. Within a
// vhid it is the group's, or the vhid itself is there twice.
func clashes(a, b *iface) bool {
	if a.vhid.value == b.vhid.value {
		return a.host == b.host && !sameSegment(a, b)
	}
	return a.vhid.value != 0 && b.vhid.value != 0
}

// twice is the finding about an address that another interface has, too.
func (c *iface) twice(a item[netip.Prefix], other *iface, carps []*iface) Finding {
	addr := a.value.Addr()
	f := c.about(codeTwice, a.place, "%v is also an address of %s of %s", addr, other.title(), other.host.title()).
		see(other, other.placeOf(addr), "%s of %s", other.title(), other.host.title())
	if c.shares(addr, other, carps) {
		f.Severity = Warning
		return f.remedy("this is load sharing if net.inet.carp.arpbalance is 1 on all hosts, else take it out of one")
	}
	return f.remedy("take it out of one of the two: both vhids would have a MASTER that answers for it")
}

// shares tells whether an address is in both vhids wherever one of them is.
func (c *iface) shares(addr netip.Addr, with *iface, carps []*iface) bool {
	if c.vhid.value == with.vhid.value || !addr.Is4() {
		return false
	}
	vhids := map[*Host]int{}
	for _, other := range carps {
		if v := other.vhid.value; (v == c.vhid.value || v == with.vhid.value) && other.has(addr) {
			vhids[other.host]++
		}
	}
	for _, n := range vhids {
		if n < 2 {
			return false
		}
	}
	return true
}

// placeOf is where an address of it is.
func (c *iface) placeOf(addr netip.Addr) rcconf.Pos {
	for _, a := range c.addresses {
		if a.value.Addr() == addr {
			return a.place
		}
	}
	return c.pos
}
