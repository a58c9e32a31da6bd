package rcconf

import (
	"net/netip"
	"strconv"
	"strings"
)

// Host is a physical interface as the files configure it.
type Host struct {
	// Name is the files' name for it, mangled.
	Name string
	// Addresses are its own ones, without length: it is known by them.
	Addresses []netip.Addr
	// Lines are those of its own, which are not for us, as they stand in the files.
	Lines []Line
	// DHCP tells that its address is leased.
	DHCP bool
	Pos  Pos
}

// physical plans a physical interface: its own lines are passed over, those of
// FreeBSD 10 and later that have a vhid are of a carp interface.
func (p *planner) physical(name string) {
	notes := len(p.plan.Notes)
	l := p.lines(name)
	host := Host{Name: name, DHCP: l.dhcp}
	if v, _ := p.config.Lookup("ifconfig_" + name); len(l.problems) > 0 {
		// Odd quotes in words for a driver; it is known by its address all the same.
		host.Addresses = addressesOf(Line{Words: fields(v)})
	}
	byVHID := map[int]int{} // to the index in the plan
	for _, line := range l.lines {
		if host.Pos.File == "" {
			host.Pos = line.Pos
		}
		text, has := vhidOf(line)
		if !has {
			host.Addresses = append(host.Addresses, addressesOf(line)...)
			host.Lines = append(host.Lines, line)
			continue
		}
		vhid, err := strconv.Atoi(text.Text)
		if err != nil { // said by whoever parses the words
			vhid = 0
		}
		at, ok := byVHID[vhid]
		if !ok {
			at = len(p.plan.Interfaces)
			byVHID[vhid] = at
			p.plan.Interfaces = append(p.plan.Interfaces, Interface{
				Parent: name, VHID: vhid, Cloned: true, NoAuto: l.noAuto, Pos: line.Pos})
		}
		i := &p.plan.Interfaces[at]
		i.Lines = append(i.Lines, line)
	}
	if len(byVHID) == 0 {
		p.plan.Notes = p.plan.Notes[:notes] // its own lines are nobody's business here
	} else {
		// A value that could not be read may be one of theirs.
		first := &p.plan.Interfaces[len(p.plan.Interfaces)-len(byVHID)]
		first.Problems = append(first.Problems, l.problems...)
	}
	if l.dhcp || len(l.lines) > 0 || len(host.Addresses) > 0 {
		p.plan.Hosts = append(p.plan.Hosts, host)
	}
}

// Addresses are the virtual addresses that the lines name, whatever becomes of them.
func (i *Interface) Addresses() (all []netip.Addr) {
	for _, l := range i.Lines {
		all = append(all, addressesOf(l)...)
	}
	return all
}

// vhidOf is the value of a line's word vhid.
func vhidOf(line Line) (Word, bool) {
	for n, w := range line.Words {
		if w.Text == "vhid" && n+1 < len(line.Words) && (n == 0 || line.Words[n-1].Text != passWord) {
			return line.Words[n+1], true
		}
	}
	return Word{}, false
}

// addressesOf finds the addresses on a line that may have words of drivers,
// which nothing is known of here: what looks like an address and is no mask.
func addressesOf(line Line) (found []netip.Addr) {
	for n, w := range line.Words {
		if n > 0 {
			switch line.Words[n-1].Text {
			case "netmask", "broadcast", passWord:
				continue
			}
		}
		host, _, _ := strings.Cut(w.Text, "/")
		if a, err := netip.ParseAddr(host); err == nil {
			found = append(found, a.WithZone(""))
		}
	}
	return found
}
