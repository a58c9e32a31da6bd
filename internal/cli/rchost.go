package cli

import (
	"context"
	"net"
	"net/netip"
	"slices"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
)

// card is an interface of this host with its addresses, as far as rc looks at it.
type card struct {
	name     string
	prefixes []netip.Prefix
}

// cards are this host's interfaces now, less the carp ones.
func (r *rcRun) cards() ([]card, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	names, err := r.cloner.Names()
	if err != nil {
		return nil, err
	}
	var list []card
	for _, one := range all {
		if slices.Contains(names, one.Name) {
			continue
		}
		c := card{name: one.Name}
		addrs, err := one.Addrs()
		if err != nil { // it has just gone
			continue
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				c.prefixes = append(c.prefixes, p)
			}
		}
		list = append(list, c)
	}
	return list, nil
}

// ours finds which interface of this host the files mean by a name: the one that it
// is mapped to, the one that is called so, or the one that has an address which the
// files give it. It is empty while there is none.
func ours(name string, mapped map[string]string, plan *rcconf.Plan, list []card) string {
	name = rcconf.Mangle(name)
	for _, m := range []map[string]string{mapped, plan.Map} {
		if to, ok := m[name]; ok {
			return to
		}
	}
	for _, c := range list {
		if rcconf.Mangle(c.name) == name {
			return c.name
		}
	}
	for _, h := range plan.Hosts {
		if h.Name != name {
			continue
		}
		for _, a := range h.Addresses {
			for _, c := range list {
				for _, p := range c.prefixes {
					if p.Addr() == a {
						return c.name
					}
				}
			}
		}
	}
	return ""
}

// parent finds the interface of this host that bears a vhid of the files: as [ours]
// does, or where that does not help as a carpN finds its own, by the subnet; or it is
// that of the carp interface that is there already. It is empty while there is none.
func (r *rcRun) parent(ctx context.Context, i *rcconf.Interface, list []card) string {
	if name := ours(i.Parent, r.options.mapped, r.plan, list); name != "" {
		return name
	}
	addresses := i.Addresses()
	if found := covering(addresses, list); len(found) == 1 {
		return found[0]
	}
	vhid, err := i.Number()
	if err != nil {
		return ""
	}
	all, _ := r.cloner.Status(ctx, false)
	for _, s := range all {
		if s.VHID == vhid && slices.ContainsFunc(s.Addresses, func(p netip.Prefix) bool { return slices.Contains(addresses, p.Addr()) }) {
			return s.CarpDev
		}
	}
	return ""
}

// covering are the interfaces with a subnet that holds one of the addresses.
func covering(addresses []netip.Addr, list []card) (names []string) {
	for _, c := range list {
		if slices.ContainsFunc(c.prefixes, func(p netip.Prefix) bool {
			return slices.ContainsFunc(addresses, func(a netip.Addr) bool { return !a.IsLinkLocalUnicast() && p.Contains(a) })
		}) {
			names = append(names, c.name)
		}
	}
	return names
}

// ready tells whether an attempt to make the interface is worth its while: its parent
// is there, or somebody has a subnet for each of its addresses. Link-local ones tell
// nothing.
func ready(c *control.Change, list []card) bool {
	switch {
	case c.CarpDev != nil && *c.CarpDev != "":
		return slices.ContainsFunc(list, func(one card) bool { return one.name == *c.CarpDev })
	}
	for _, a := range c.Addresses {
		if ip := a.Prefix.Addr(); !ip.IsLinkLocalUnicast() && len(covering([]netip.Addr{ip}, list)) == 0 {
			return false
		}
	}
	return true
}
