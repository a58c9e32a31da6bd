package carpif

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
	"golang.org/x/sys/unix"
)

// The calls that FreeBSD's errors are named after.
const (
	opSetVHID       = "SIOCSVH"
	opAddAddress    = "ioctl (SIOCAIFADDR)"
	opDeleteAddress = "ioctl (SIOCDIFADDR)"
)

// plan is what a change leads to, checked whole: the record as it will be.
// The record given is not touched. parents are the host's interfaces now,
// siblings its other carp interfaces. The error is a *bsderr.Error.
func plan(old state.Record, c *control.Change, parents []link.Parent, siblings []state.Record) (state.Record, []string, error) {
	r := old
	r.Addresses = slices.Clone(old.Addresses)
	var notes []string
	if err := checkRanges(r.Name, c); err != nil {
		return old, nil, err
	}
	set(&r.VHID, c.VHID)
	set(&r.AdvBase, c.AdvBase)
	set(&r.AdvSkew, c.AdvSkew)
	set(&r.CarpDev, c.CarpDev)
	if c.Backing != nil {
		r.Backing = ""
		if *c.Backing == control.TUN {
			r.Backing = string(control.TUN)
		}
	}
	set(&r.Peer, c.Peer)
	set(&r.Peer6, c.Peer6)
	set(&r.Description, c.Description)
	planGroups(&r, c.Groups)
	if c.Pass != nil {
		r.Password = string(*c.Pass)
	}
	for _, a := range c.Addresses {
		if err := fillEUI64(&r, &a); err != nil {
			return old, nil, err
		}
		if err := planAddress(&r, a); err != nil {
			return old, nil, err
		}
		if err := planInet6(&r, a); err != nil {
			return old, nil, err
		}
		if a.Op != control.AddressDelete {
			r.Up = true // setting an address brings the interface up, as on FreeBSD
		}
	}
	set(&r.Up, c.Up)
	if err := planParent(&r, c, parents); err != nil {
		return old, nil, err
	}
	if err := planProperties(&r, c, parents); err != nil {
		return old, nil, err
	}
	if err := checkClash(&old, &r, c, siblings); err != nil {
		return old, nil, err
	}
	if c.State != nil {
		if err := checkForce(&r, *c.State); err != nil {
			return old, nil, err
		}
	}
	if r.CarpDev != "" && len(c.Addresses) > 0 {
		notes = append(notes, outsideNotes(&r, parents)...)
	}
	return r, notes, nil
}

// checkRanges holds a change to what the words of a command line can say: it
// may come from another program than ours.
func checkRanges(name string, c *control.Change) error {
	flaw := ""
	switch {
	case c.VHID != nil && *c.VHID == 0:
		flaw = "vhid 0: must be 1 to 255"
	case c.AdvSkew != nil && *c.AdvSkew > carp.MaxAdvSkew:
		flaw = fmt.Sprintf("advskew %d: must be 0 to %d", *c.AdvSkew, carp.MaxAdvSkew)
	case c.Peer != nil && c.Peer.IsValid() && !c.Peer.Is4():
		flaw = fmt.Sprintf("peer %v: must be an IPv4 address", c.Peer)
	case c.Peer6 != nil && c.Peer6.IsValid() && (!c.Peer6.Is6() || c.Peer6.Is4In6()):
		flaw = fmt.Sprintf("peer6 %v: must be an IPv6 address", c.Peer6)
	case c.State != nil && *c.State != carp.Backup && *c.State != carp.Master:
		flaw = fmt.Sprintf("state %s: must be master or backup", strings.ToLower(c.State.String()))
	}
	if flaw != "" {
		return bsderr.Errno(opSetVHID, unix.EINVAL, name+": "+flaw)
	}
	for _, a := range c.Addresses {
		switch addr := a.Prefix.Addr(); {
		case a.Op == control.AddressDelete:
		case a.Op != control.AddressAdd && a.Op != control.AddressSet:
			flaw = fmt.Sprintf("%q: must be set, add or delete", string(a.Op))
		case !a.Prefix.IsValid(), addr.Is4In6(), addr.Zone() != "", addr.IsUnspecified(), addr.IsMulticast():
			flaw = fmt.Sprintf("%v: not the address of a host", a.Prefix)
		}
		if flaw != "" {
			return bsderr.Errno(opAddAddress, unix.EINVAL, name+": "+flaw)
		}
	}
	return nil
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// planGroups applies the group words. To join twice, or to leave a group that one is
// not in, is no error of ifconfig's, though one of the kernel's (ifgroup.c).
func planGroups(r *state.Record, changes []control.GroupChange) {
	r.Groups = slices.Clone(r.Groups)
	for _, g := range changes {
		n := slices.Index(r.Groups, g.Name)
		switch {
		case g.Leave && n >= 0:
			r.Groups = slices.Delete(r.Groups, n, n+1)
		case !g.Leave && n < 0:
			r.Groups = append(r.Groups, g.Name)
		}
	}
}

// planAddress applies one address of the line to the record.
func planAddress(r *state.Record, a control.AddressChange) error {
	i := slices.IndexFunc(r.Addresses, func(p netip.Prefix) bool {
		return !a.Prefix.IsValid() && p.Addr().Is4() || p.Addr() == a.Prefix.Addr()
	})
	switch {
	case a.Op == control.AddressDelete && i < 0:
		what := "no IPv4 address to delete"
		if a.Prefix.IsValid() {
			what = fmt.Sprintf("%v is not one of its addresses%s", a.Prefix.Addr(), listed(r.Addresses))
		}
		return bsderr.Errno(opDeleteAddress, unix.EADDRNOTAVAIL, r.Name+": "+what)
	case a.Op == control.AddressDelete:
		r.Addresses = slices.Delete(r.Addresses, i, i+1)
		return nil
	case a.Op == control.AddressSet && a.Prefix.Addr().Is4():
		// The first goes and this one is added, also if it was there already
		// (ifconfig(8) without alias). IPv6 has no first address.
		first := slices.IndexFunc(r.Addresses, func(p netip.Prefix) bool { return p.Addr().Is4() })
		if first >= 0 {
			r.Addresses[first] = a.Prefix
			if i >= 0 && i != first {
				r.Addresses = slices.Delete(r.Addresses, i, i+1)
			}
			return nil
		}
	case i >= 0: // there already: the length may be new
		r.Addresses[i] = a.Prefix
		return nil
	}
	if len(r.Addresses) >= maxAddresses {
		return bsderr.Errno(opAddAddress, unix.ENOBUFS,
			fmt.Sprintf("%s: %v: at most %d addresses", r.Name, a.Prefix, maxAddresses))
	}
	r.Addresses = append(r.Addresses, a.Prefix)
	return nil
}

// maxAddresses bounds the addresses of one interface; each is renewed in the
// kernel with every advertisement.
const maxAddresses = 255

func listed(prefixes []netip.Prefix) string {
	if len(prefixes) == 0 {
		return ", it has none"
	}
	var s []string
	for _, p := range prefixes {
		s = append(s, p.String())
	}
	return " (" + strings.Join(s, ", ") + ")"
}

// planParent decides which parent the record has afterwards.
func planParent(r *state.Record, c *control.Change, parents []link.Parent) error {
	if c.CarpDev == nil && len(c.Addresses) == 0 {
		return nil // nothing that bears on it
	}
	// An address added to an interface that has a parent stays with it if it
	// can: a parent is not changed by the way.
	if c.CarpDev == nil && r.CarpDev == "" && r.Parent != "" && len(r.Addresses) > 0 {
		for n := range parents {
			if p := &parents[n]; p.Name == r.Parent && covers(p, r.Addresses[0].Addr()) {
				return checkCovered(r, c, p, parents)
			}
		}
	}
	p := chooseParent(r, parents)
	switch {
	case p == nil && r.CarpDev != "":
		if c.CarpDev == nil { // it has gone since; it may come back
			return nil
		}
		return bsderr.Errno(opSetVHID, unix.ENXIO,
			fmt.Sprintf("%s: carpdev %s: no Ethernet interface of that name; there are %s", r.Name, r.CarpDev, names(parents)))
	case p == nil && len(r.Addresses) == 0:
		r.Parent = ""
		return nil
	case p == nil && added(c):
		return bsderr.Errno(opAddAddress, unix.EADDRNOTAVAIL,
			fmt.Sprintf("%s: %v: no interface has a subnet that holds it%s; name one with carpdev",
				r.Name, r.Addresses[0].Addr(), subnets(parents)))
	case p == nil:
		return nil
	}
	if p.Port && p.Name != r.Parent {
		return bsderr.Errno(opSetVHID, unix.EBUSY,
			fmt.Sprintf("%s: %s is a port of a bridge or a bond; its parent must be that", r.Name, p.Name))
	}
	r.Parent = p.Name
	return checkCovered(r, c, p, parents)
}

func added(c *control.Change) bool { return slices.ContainsFunc(c.Addresses, adds) }

func adds(a control.AddressChange) bool { return a.Op != control.AddressDelete }

// checkCovered refuses addresses that the parent has no subnet for (unless it
// was named with carpdev) and those that the host has as its own.
// A line that only deletes is not held up by what is left.
func checkCovered(r *state.Record, c *control.Change, p *link.Parent, parents []link.Parent) error {
	if c.CarpDev == nil && !added(c) {
		return nil
	}
	for _, a := range r.Addresses {
		for n := range parents {
			if owns(&parents[n], a.Addr()) {
				return bsderr.Errno(opAddAddress, unix.EEXIST,
					fmt.Sprintf("%s: %v is %s's own address; a virtual address must be another", r.Name, a.Addr(), parents[n].Name))
			}
		}
		if r.CarpDev == "" && !covers(p, a.Addr()) {
			return bsderr.Errno(opAddAddress, unix.EADDRNOTAVAIL,
				fmt.Sprintf("%s: %v: outside the subnets of its parent %s%s", r.Name, a.Addr(), p.Name, subnets([]link.Parent{*p})))
		}
	}
	return nil
}

func owns(p *link.Parent, a netip.Addr) bool {
	return has(p.Addresses, a)
}

func outsideNotes(r *state.Record, parents []link.Parent) (notes []string) {
	for n := range parents {
		if parents[n].Name != r.Parent {
			continue
		}
		for _, a := range r.Addresses {
			if !covers(&parents[n], a.Addr()) {
				notes = append(notes, fmt.Sprintf("%s: %v is outside the subnets of %s", r.Name, a.Addr(), r.Parent))
			}
		}
	}
	return notes
}

// checkClash refuses a vhid that the same segment has on this host already, an
// address that another carp interface has (FreeBSD: EEXIST), and a parent that
// bears the other kind of backing, which takes other settings of it. Only what
// is new on the line is held against the others: a clash that has come about
// must not keep anybody from setting the interface down.
func checkClash(old, r *state.Record, c *control.Change, siblings []state.Record) error {
	moved := r.VHID != old.VHID || r.Parent != old.Parent
	for _, s := range siblings {
		if moved && r.VHID != 0 && r.VHID == s.VHID && r.Parent != "" && r.Parent == s.Parent {
			return refuseVHID(old, r, c, fmt.Sprintf("%s: vhid %d: %s has it on %s already", r.Name, r.VHID, s.Name, s.Parent))
		}
		if moved && r.VHID != 0 && s.VHID != 0 && r.Parent != "" && r.Parent == s.Parent && usesTUN(r) != usesTUN(&s) {
			return bsderr.Errno(opSetVHID, unix.EBUSY,
				fmt.Sprintf("%s: %s on %s has the other backing, and a parent bears one kind only", r.Name, s.Name, s.Parent))
		}
		for _, a := range r.Addresses {
			if !has(old.Addresses, a.Addr()) && has(s.Addresses, a.Addr()) {
				return bsderr.Errno(opAddAddress, unix.EEXIST,
					fmt.Sprintf("%s: %v: %s has it already", r.Name, a.Addr(), s.Name))
			}
		}
	}
	return nil
}

// refuseVHID is the refusal of a vhid that the parent has already. FreeBSD 9 refuses the
// vhid itself only on an interface that has found its parent; on one that has not, it is
// the address which leads there that fails, and an IPv6 one with another errno
// (ip_carp.c, carp_ioctl, carp_set_addr and carp_set_addr6).
func refuseVHID(old, r *state.Record, c *control.Change, hint string) error {
	first := slices.IndexFunc(c.Addresses, adds)
	switch {
	case old.Parent == r.Parent || c.CarpDev != nil || first < 0:
		return bsderr.Errno(opSetVHID, unix.EEXIST, hint)
	case c.Addresses[first].Prefix.Addr().Is4():
		return bsderr.Errno(opAddAddress, unix.EEXIST, hint)
	}
	return bsderr.Errno(opAddAddress, unix.EINVAL, hint)
}

func has(prefixes []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Addr() == addr })
}

func checkForce(r *state.Record, to carp.State) error {
	if r.VHID == 0 || !r.Up {
		return bsderr.Errno(opSetVHID, unix.EINVAL,
			fmt.Sprintf("%s: state %s: it is not up with a vhid", r.Name, strings.ToLower(to.String())))
	}
	return nil
}

func names(parents []link.Parent) string {
	var s []string
	for _, p := range parents {
		s = append(s, p.Name)
	}
	if len(s) == 0 {
		return "none"
	}
	return strings.Join(s, ", ")
}

func subnets(parents []link.Parent) string {
	var s []string
	for _, p := range parents {
		for _, a := range p.Addresses {
			if !a.Addr().IsLinkLocalUnicast() {
				s = append(s, fmt.Sprintf("%s %v", p.Name, a))
			}
		}
	}
	if len(s) == 0 {
		return ""
	}
	return " (" + strings.Join(s, ", ") + ")"
}
