package lint

import (
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// File is a file of a host.
type File struct {
	rcconf.Source
	// Exposed tells that everybody on the host can read it.
	Exposed bool
}

// Unreadable is a host of which nothing is known but why its file was not read.
func Unreadable(file, why string) *Host {
	f := finding(codeUnreadable, rcconf.Pos{File: file}, file, "%s", why)
	return &Host{Name: file, files: []string{file}, unread: true, found: []Finding{f}}
}

// Read reads the files of one host, in the order in which rc does.
func Read(files ...File) *Host {
	h := &Host{Name: files[0].Name}
	var sources []rcconf.Source
	for _, f := range files {
		sources = append(sources, f.Source)
		h.files = append(h.files, f.Name)
		if f.Exposed {
			h.exposed = append(h.exposed, f.Name)
		}
	}
	config, err := rcconf.Load(sources...)
	if err != nil {
		h.unread = true
		h.refuse(err)
		return h
	}
	if name, _ := config.Lookup("hostname"); name.Text != "" {
		h.Name = name.Text
	}
	plan := rcconf.NewPlan(config)
	for _, p := range plan.Hosts {
		h.physical(p)
	}
	if v, _ := config.Lookup("ifconfig_DEFAULT"); v.Text != "" {
		h.leased = append(h.leased, "DEFAULT") // there may be interfaces that no line names
	}
	for n := range plan.Interfaces {
		h.carp(&plan.Interfaces[n])
	}
	for _, note := range plan.Notes {
		if !slices.ContainsFunc(h.found, func(f Finding) bool { return f.Pos == note.Pos }) {
			h.problem(codeOdd, note)
		}
	}
	return h
}

// refuse enters the problems because of which a file is not evaluated.
func (h *Host) refuse(err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			h.refuse(e)
		}
		return
	}
	p, ok := errors.AsType[*rcconf.Problem](err)
	if !ok {
		p = &rcconf.Problem{Pos: rcconf.Pos{File: h.files[0]}, Text: err.Error()}
	}
	h.problem(codeUnparsable, p)
}

// problem enters a problem of the reader's.
func (h *Host) problem(code string, p *rcconf.Problem) {
	h.found = append(h.found, finding(code, p.Pos, h.Name, "%s", p.Text).remedy("%s", strings.Join(p.Hints, "; ")))
}

// physical enters the own addresses of a physical interface.
func (h *Host) physical(p rcconf.Host) {
	if p.DHCP {
		h.leased = append(h.leased, p.Name)
	}
	for _, line := range p.Lines {
		if !p.DHCP && slices.ContainsFunc(line.Words, func(w rcconf.Word) bool { return w.Text == "accept_rtadv" }) {
			h.leased = append(h.leased, p.Name)
		}
		for n, w := range line.Words {
			before, after := "", ""
			if n > 0 {
				before = line.Words[n-1].Text
			}
			if n+2 < len(line.Words) && slices.Contains([]string{"netmask", "prefixlen"}, line.Words[n+1].Text) {
				after = line.Words[n+2].Text
			}
			if slices.Contains([]string{"netmask", "broadcast", "prefixlen", "pass"}, before) {
				continue
			}
			if prefix, ok := words.Prefix(w.Text, after); ok {
				h.own = append(h.own, own{p.Name, prefix, w.Pos})
			}
		}
	}
}

// carp enters a carp interface.
func (h *Host) carp(i *rcconf.Interface) {
	c := &iface{host: h, name: i.Title(), pos: i.Pos, onParent: i.Parent != ""}
	h.carps = append(h.carps, c)
	called := i.Name
	if c.onParent {
		called = i.Parent
	}
	want, problems := i.Want(called)
	c.take(want)
	if c.onParent {
		c.parent = item[string]{i.Parent, i.Pos}
	}
	for _, p := range problems {
		c.broken = true
		f := c.about(codeWords, p.Pos, "%s", p.Text)
		h.found = append(h.found, f.remedy("%s", strings.Join(p.Hints, "; ")))
	}
	for _, note := range want.Notes {
		if !strings.HasPrefix(note.Text, called+": pass: ") { // ownKey says it, and where
			h.problem(codeOdd, note)
		}
	}
	hasLines := slices.ContainsFunc(i.Lines, func(l rcconf.Line) bool { return l.Variable != "" })
	switch {
	case !i.Cloned:
		h.found = append(h.found, finding(codeUnlisted, i.Pos, h.Name, "%s has lines, but is not in cloned_interfaces, and would not be made", c.title()).
			remedy("add %s to cloned_interfaces", words.Visible(i.Clone)))
	case !hasLines && !c.broken:
		h.found = append(h.found, finding(codeUnused, i.Pos, h.Name, "%s is in cloned_interfaces, but has no lines", c.title()).
			remedy("add ifconfig_%s, or take it out", i.Clone))
	}
}

// take takes over what the lines make of an interface.
func (c *iface) take(want *rcconf.Want) {
	change := &want.Change
	c.vhid = itemOf(want, "vhid", change.VHID, 0)
	c.advBase = itemOf(want, "advbase", change.AdvBase, carp.DefaultAdvBase)
	c.advSkew = itemOf(want, "advskew", change.AdvSkew, 0)
	c.pass = itemOf(want, "pass", change.Pass, "")
	if want.PassFile != "" {
		c.elsewhere = true
		c.pass.place = want.At("passfile")
	}
	c.parent = itemOf(want, "carpdev", change.CarpDev, "")
	c.parent.value = rcconf.Mangle(c.parent.value)
	for _, peer := range []*netip.Addr{change.Peer, change.Peer6} {
		if peer != nil && peer.IsValid() {
			c.peers = append(c.peers, *peer)
		}
	}
	for _, a := range change.Addresses {
		c.addresses = append(c.addresses, item[netip.Prefix]{a.Prefix, want.AddressAt(a.Prefix.Addr())})
	}
}

// itemOf is what a word has said, or the default.
func itemOf[T any](want *rcconf.Want, word string, value *T, otherwise T) item[T] {
	if value == nil {
		return item[T]{value: otherwise}
	}
	return item[T]{*value, want.At(word)}
}
