package rcconf

import (
	"fmt"
	"net/netip"
	"slices"

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
// with its key. What a line need not say has its default, except for the parent,
// the description and the groups, which are let be.
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
	if c.Description != nil {
		differs(&d, "description", &d.change.Description, s.Description, *c.Description)
	}
	if c.Backing != nil && *c.Backing != s.Backing {
		d.say("backing", "backing "+string(s.Backing)+", the files say "+string(*c.Backing)+"; restart makes it so")
	}
	if key := orDefault(c.Pass, ""); s.Key != nil && *s.Key != string(key) {
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

// addresses compares the lists; the order does not count. What is not in the
// files goes.
func (d *differ) addresses() {
	var want []netip.Prefix
	for _, a := range d.want.Change.Addresses {
		want = append(want, a.Prefix)
	}
	for _, is := range d.status.Addresses {
		if !slices.ContainsFunc(want, func(p netip.Prefix) bool { return p.Addr() == is.Addr() }) {
			d.change.Addresses = append(d.change.Addresses, control.AddressChange{Op: control.AddressDelete, Prefix: is})
			d.say("", is.String()+" is not in the files")
		}
	}
	for _, p := range want {
		if slices.Contains(d.status.Addresses, p) {
			continue
		}
		d.change.Addresses = append(d.change.Addresses, control.AddressChange{Op: control.AddressAdd, Prefix: p})
		pos, ok := d.want.addresses[p.Addr()]
		if !ok {
			pos = d.want.pos
		}
		text := p.String() + " is missing"
		n := slices.IndexFunc(d.status.Addresses, func(is netip.Prefix) bool { return is.Addr() == p.Addr() })
		if n >= 0 {
			text = fmt.Sprintf("%v, the files say %v", d.status.Addresses[n], p)
		}
		d.found = append(d.found, Difference{pos, text})
	}
}
