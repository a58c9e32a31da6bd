package cli

import (
	"net"
	"net/netip"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
)

// card is an interface of this host with its addresses, as far as rc looks at it.
type card struct {
	name     string
	prefixes []netip.Prefix
}

// cards are this host's interfaces now.
func cards() ([]card, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var list []card
	for _, one := range all {
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

// ready tells whether an attempt to make the interface is worth its while: its parent
// is there, or somebody has a subnet with its first address.
func ready(c *control.Change, list []card) bool {
	for _, one := range list {
		if c.CarpDev != nil && *c.CarpDev != "" {
			if one.name == *c.CarpDev {
				return true
			}
			continue
		}
		if len(c.Addresses) == 0 {
			return true
		}
		for _, p := range one.prefixes {
			if p.Contains(c.Addresses[0].Prefix.Addr()) {
				return true
			}
		}
	}
	return false
}
