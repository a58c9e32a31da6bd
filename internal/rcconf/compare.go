package rcconf

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsdif"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// Difference is one respect in which an interface is not as the files say. A
// password is never in it.
type Difference struct {
	// Pos is where the files say so; where the interface's lines are, if it is
	// by saying nothing.
	Pos Pos
	// Text is "advskew 50, the files say 100".
	Text string
}

// Compare finds what is different about an interface, and the change that makes
// it as wanted: nothing if it is so already. The status must have been asked for
// with its key. What a line need not say has its default, except for the parent, the
// MTU, the flags, the description, the groups, and what can be said of an IPv6 address,
// which are let be.
func (w *Want) Compare(s *control.Status) (control.Change, []Difference) {
	d := differ{want: w, status: s}
	c := &w.Change
	if c.VHID != nil {
		differs(&d, "vhid", &d.change.VHID, s.VHID, *c.VHID)
	}
	differs(&d, "advbase", &d.change.AdvBase, s.AdvBase, orDefault(c.AdvBase, carp.DefaultAdvBase))
	differs(&d, "advskew", &d.change.AdvSkew, s.AdvSkew, orDefault(c.AdvSkew, 0))
	differs(&d, "peer", &d.change.Peer, s.Peer, orDefault(c.Peer, netip.Addr{}))
	differs(&d, "peer6", &d.change.Peer6, s.Peer6, orDefault(c.Peer6, netip.Addr{}))
	if c.CarpDev != nil && *c.CarpDev != "" {
		differs(&d, "carpdev", &d.change.CarpDev, s.CarpDev, *c.CarpDev)
	}
	differs(&d, "metric", &d.change.Metric, s.Metric, orDefault(c.Metric, 0))
	if c.MTU != nil {
		differs(&d, "mtu", &d.change.MTU, s.MTU, *c.MTU)
	}
	d.flags()
	if c.Description != nil {
		differs(&d, "description", &d.change.Description, s.Description, *c.Description)
	}
	if c.Backing != nil && *c.Backing != s.Backing {
		d.say("backing", "backing "+string(s.Backing)+", the files say "+string(*c.Backing)+"; restart makes it so")
	}
	if key := orDefault(c.Pass, ""); s.Key != nil && string(*s.Key) != string(key) {
		d.change.Pass = &key
		d.say(passWord, "another password than the files have")
	}
	d.groups(c.Groups)
	d.addresses()
	if c.Up != nil && *c.Up && !s.Up {
		d.change.Up = c.Up
		d.say("up", "down, the files say up")
	}
	return d.change, d.found
}

type differ struct {
	want   *Want
	status *control.Status
	change control.Change
	found  []Difference
}

func orDefault[T any](value *T, otherwise T) T {
	if value == nil {
		return otherwise
	}
	return *value
}

// say adds a difference about a word.
func (d *differ) say(word, text string) {
	pos, ok := d.want.words[word]
	if !ok {
		pos = d.want.pos
	}
	d.found = append(d.found, Difference{pos, text})
}

// differs compares one field.
func differs[T comparable](d *differ, word string, field **T, is, want T) {
	if is == want {
		return
	}
	*field = &want
	d.say(word, fmt.Sprintf("%s %s, the files say %s", word, shown(is), shown(want)))
}

// shown is a value in words.
func shown(value any) string {
	var none netip.Addr
	if value == any(none) || value == any("") {
		return "none"
	}
	return fmt.Sprint(value)
}

// groups compares the groups that the files name.
func (d *differ) groups(changes []control.GroupChange) {
	member := map[string]bool{}
	for _, g := range changes {
		member[g.Name] = !g.Leave
	}
	for _, g := range changes {
		want, open := member[g.Name]
		if !open || want == slices.Contains(d.status.Groups, g.Name) {
			continue
		}
		delete(member, g.Name)
		d.change.Groups = append(d.change.Groups, control.GroupChange{Name: g.Name, Leave: !want})
		if want {
			d.say("group", "not in group "+g.Name)
		} else {
			d.say("-group", "in group "+g.Name)
		}
	}
}

// flags compares the flags that the files name.
func (d *differ) flags() {
	c, is := &d.want.Change, d.status.Flags
	d.change.SetFlags, d.change.ClearFlags = c.SetFlags&^is, c.ClearFlags&is
	say := func(flags bsdif.Flags, set bool, text string) {
		words := flags.Words(set)
		for i, name := range flags.Names() {
			d.say(words[i], name+text)
		}
	}
	say(d.change.SetFlags, true, " is not set")
	say(d.change.ClearFlags, false, " is set")
}

// wanted are the addresses with all that is filled in by the supervisor: for eui64 the
// lower half, by the vhid.
func (d *differ) wanted() (all []control.AddressChange) {
	vhid := orDefault(d.want.Change.VHID, d.status.VHID)
	for _, a := range d.want.Change.Addresses {
		if a.EUI64 && vhid != 0 {
			a.Prefix, a.EUI64 = netip.PrefixFrom(bsdif.EUI64(a.Prefix.Addr(), vhid.MAC()), a.Prefix.Bits()), false
		}
		all = append(all, a)
	}
	return all
}

// addresses compares the lists; the order does not count. What is not in the
// files goes.
func (d *differ) addresses() {
	want := d.wanted()
	for _, is := range d.status.Addresses {
		if !slices.ContainsFunc(want, func(a control.AddressChange) bool { return a.Prefix.Addr() == is.Addr() }) {
			d.change.Addresses = append(d.change.Addresses, control.AddressChange{Op: control.AddressDelete, Prefix: is})
			d.say("", is.String()+" is not in the files")
		}
	}
	for n, a := range want {
		text := d.lacks(a)
		if text == "" {
			continue
		}
		d.change.Addresses = append(d.change.Addresses, a)
		pos, ok := d.want.addresses[d.want.Change.Addresses[n].Prefix.Addr()]
		if !ok {
			pos = d.want.pos
		}
		d.found = append(d.found, Difference{pos, text})
	}
}

// lacks says what is different about an address, or nothing.
func (d *differ) lacks(a control.AddressChange) string {
	addr := a.Prefix.Addr()
	n := slices.IndexFunc(d.status.Addresses, func(is netip.Prefix) bool { return is.Addr() == addr })
	switch {
	case n < 0:
		return a.Prefix.String() + " is missing"
	case d.status.Addresses[n] != a.Prefix:
		return fmt.Sprintf("%v, the files say %v", d.status.Addresses[n], a.Prefix)
	case !a.Inet6.IsZero() && !reflect.DeepEqual(a.Inet6, d.status.Inet6[addr]):
		return fmt.Sprintf("%v: other lifetimes or flags than the files say", addr)
	}
	return ""
}
