package cli

import (
	"context"
	"net/netip"
	"reflect"
	"slices"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/clone"
)

// survey looks which parents this host has. One look serves for a round of attempts: what
// comes meanwhile is news, and for the next round.
func (r *rcRun) survey() error {
	present, err := clone.Parents()
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(present, r.present) {
		r.present = present
		r.surveyed++
	}
	r.known = nil
	return nil
}

// statuses are the carp interfaces as they were when somebody first asked since the last
// survey.
func (r *rcRun) statuses(ctx context.Context) []control.Status {
	if r.known == nil {
		all, _ := r.cloner.Status(ctx, false)
		r.known = append([]control.Status{}, all...)
	}
	return r.known
}

// ours finds which interface of this host the files mean by a name: the one that it
// is mapped to, the one that is called so, or the one that has an address which the
// files give it. It is empty while there is none.
func ours(name string, mapped map[string]string, plan *rcconf.Plan, list []clone.Parent) string {
	name = rcconf.Mangle(name)
	for _, m := range []map[string]string{mapped, plan.Map} {
		if to, ok := m[name]; ok {
			return to
		}
	}
	for _, c := range list {
		if rcconf.Mangle(c.Name) == name {
			return c.Name
		}
	}
	for _, c := range list {
		for _, alt := range c.AltNames {
			if rcconf.Mangle(alt) == name {
				return c.Name
			}
		}
	}
	for _, h := range plan.Hosts {
		if h.Name != name {
			continue
		}
		for _, a := range h.Addresses {
			for _, c := range list {
				for _, p := range c.Prefixes {
					if p.Addr() == a {
						return c.Name
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
func (r *rcRun) parent(ctx context.Context, i *rcconf.Interface) string {
	if name := ours(i.Parent, r.options.mapped, r.plan, r.present); name != "" {
		return name
	}
	addresses := i.Addresses()
	if found := covering(addresses, r.present); len(found) == 1 {
		return found[0]
	}
	vhid, err := i.Number()
	if err != nil {
		return ""
	}
	for _, s := range r.statuses(ctx) {
		if s.VHID == vhid && slices.ContainsFunc(s.Addresses, func(p netip.Prefix) bool { return slices.Contains(addresses, p.Addr()) }) {
			return s.CarpDev
		}
	}
	return ""
}

// covering are the interfaces with a subnet that holds one of the addresses.
func covering(addresses []netip.Addr, list []clone.Parent) (names []string) {
	for _, c := range list {
		if slices.ContainsFunc(c.Prefixes, func(p netip.Prefix) bool {
			return slices.ContainsFunc(addresses, func(a netip.Addr) bool { return !a.IsLinkLocalUnicast() && p.Contains(a) })
		}) {
			names = append(names, c.Name)
		}
	}
	return names
}

// ready tells whether an attempt to make the interface is worth its while: its parent
// is there, or somebody has a subnet for each of its addresses. Link-local ones tell
// nothing.
func ready(c *control.Change, list []clone.Parent) bool { return unready(c, list) == "" }

// unready is what keeps [ready] from being true, empty if nothing does.
func unready(c *control.Change, list []clone.Parent) string {
	if c.CarpDev != nil && *c.CarpDev != "" {
		if slices.ContainsFunc(list, func(p clone.Parent) bool { return p.Name == *c.CarpDev || slices.Contains(p.AltNames, *c.CarpDev) }) {
			return ""
		}
		return *c.CarpDev + " is not there"
	}
	for _, a := range c.Addresses {
		if ip := a.Prefix.Addr(); !ip.IsLinkLocalUnicast() && len(covering([]netip.Addr{ip}, list)) == 0 {
			return "no interface has a subnet that holds " + ip.String()
		}
	}
	return ""
}
