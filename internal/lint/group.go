package lint

import (
	"net/netip"
	"slices"
)

// Check holds the hosts against each other and returns what is wrong with them, sorted
// by file and line. Of hosts that were not read only that is known.
func Check(hosts []*Host) []Finding {
	var all []Finding
	complete := true // every vhid of every host is known
	var carps []*iface
	for _, h := range hosts {
		all = append(all, h.found...)
		all = append(all, h.alone()...)
		carps = append(carps, h.carps...)
		complete = complete && !h.unread && !slices.ContainsFunc(h.carps, func(c *iface) bool { return c.broken })
	}
	all = append(all, addressesTwice(carps)...)
	for _, c := range carps {
		all = append(all, c.ownAddresses(hosts)...)
	}
	for _, cluster := range clusters(carps) {
		all = append(all, checkCluster(cluster, len(hosts) > 1 && complete)...)
	}
	return sorted(hosts, withoutEchoes(all))
}

// clusters are the interfaces that have one vhid on one segment.
func clusters(carps []*iface) (all [][]*iface) {
	for _, c := range carps {
		if c.vhid.value != 0 {
			all = join(all, c, func(a, b *iface) bool {
				return a.vhid.value == b.vhid.value && (sameSegment(a, b) || a.talks(b) || b.talks(a))
			})
		}
	}
	return all
}

// join adds c to the sets that have a member it belongs to, which become one.
func join(sets [][]*iface, c *iface, belongs func(a, b *iface) bool) (joined [][]*iface) {
	var with []*iface
	at := -1
	for _, set := range sets {
		switch {
		case !slices.ContainsFunc(set, func(other *iface) bool { return belongs(c, other) }):
			joined = append(joined, set)
		case at < 0:
			at = len(joined)
			joined = append(joined, nil)
			fallthrough
		default:
			with = append(with, set...)
		}
	}
	if at < 0 {
		return append(joined, []*iface{c})
	}
	joined[at] = append(with, c)
	return joined
}

// checkCluster finds what is wrong among interfaces that have one vhid on one segment.
func checkCluster(cluster []*iface, several bool) (all []Finding) {
	members := slices.Clone(cluster)
	for n, c := range cluster {
		first := slices.IndexFunc(cluster[:n], func(other *iface) bool { return other.host == c.host })
		if first < 0 {
			continue
		}
		members = slices.DeleteFunc(members, func(m *iface) bool { return m == c })
		all = append(all, c.about(codeVHIDTwice, c.vhid.place, "%s of this host has this vhid on the same segment", cluster[first].title()).
			see(cluster[first], cluster[first].vhid.place, "%s", cluster[first].title()).
			remedy("give one of them another vhid: the virtual MAC comes of it"))
	}
	var groups [][]*iface
	for _, c := range members {
		groups = join(groups, c, sharesAddress)
	}
	// Interfaces without addresses say nothing about which group they are of.
	groups = slices.DeleteFunc(groups, func(g []*iface) bool { return len(groups) > 1 && len(g[0].addresses) == 0 })
	for n, g := range groups {
		if n > 0 {
			first := groups[0][0]
			all = append(all, g[0].about(codeVHIDClash, g[0].vhid.place, "no address in common with %s of %s", first.title(), first.host.title()).
				see(first, first.vhid.place, "%s of %s", first.title(), first.host.title()).
				remedy("if they are one group, all its hosts need the same addresses; of two groups on a segment one needs another vhid"))
		}
		all = append(all, checkGroup(g)...)
	}
	if several && len(cluster) == 1 {
		c := cluster[0]
		all = append(all, c.about(codeAlone, c.vhid.place, "none of the other hosts has this vhid on its segment").
			remedy("give another host the same vhid, pass and addresses, with a larger advskew, or leave its file out"))
	}
	return all
}

// sharesAddress tells whether two interfaces have a virtual address in common.
func sharesAddress(a, b *iface) bool {
	return slices.ContainsFunc(a.addresses, func(i item[netip.Prefix]) bool { return b.has(i.value.Addr()) })
}

// checkGroup finds what is different among the hosts of one group and must not be, or
// is not and should be.
func checkGroup(group []*iface) (all []Finding) {
	all = append(all, checkKeys(group)...)
	all = append(all, checkLists(group)...)
	all = append(all, checkParents(group)...)
	return append(all, checkIntervals(group)...)
}

// reference is the member that the others are held against: one of the largest set of
// members that are alike, and of sets of one size the last, so that the first host
// given is the one that a finding is about.
func reference(group []*iface, alike func(a, b *iface) bool) *iface {
	best, most := (*iface)(nil), 0
	for _, c := range group {
		n := 0
		for _, other := range group {
			if alike(c, other) {
				n++
			}
		}
		if n >= most {
			best, most = c, n
		}
	}
	return best
}

// withoutEchoes leaves out that a pass is missing where that was said already.
func withoutEchoes(all []Finding) []Finding {
	return slices.DeleteFunc(all, func(f Finding) bool {
		return f.Code == codeNoKey && slices.ContainsFunc(all, func(g Finding) bool {
			return g.Code == codeKeyDiffers && g.Pos == f.Pos && g.VHID == f.VHID
		})
	})
}
