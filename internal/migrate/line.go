package migrate

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
)

// meaningless are words of the two systems' ifconfig(8) that have no meaning for a
// carp interface here, with the number of values they take.
var meaningless = map[string]int{
	"balancing": 1, "carpnodes": 1, "lladdr": 1, "priority": 1, "llprio": 1, "rdomain": 1, "rtlabel": 1,
	"media": 1, "mediaopt": 1, "-mediaopt": 1, "mode": 1, "instance": 1, "timeslot": 1, "link": 1, "linkstr": 1,
	"-priority": 0, "-rdomain": 0, "-rtlabel": 0, "-mode": 0, "-inet": 0, "-inet6": 0, "tentative": 0, "-tentative": 0,
	"temporary": 0, "-temporary": 0, "mpls": 0, "-mpls": 0, "staticarp": 0, "-staticarp": 0, "monitor": 0, "soii": 0, "-soii": 0,
}

// lost are lines that are not ifconfig(8)'s, by their first word.
var lost = map[string]string{
	"dhcp":  "an address that is leased cannot be virtual",
	"rtsol": "an address that is made up by the host cannot be virtual",
	"dest":  "a carp interface has no destination",
}

// autoconf is how OpenBSD has an interface find its address.
var autoconf = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^inet6?[ \t]+autoconf\b`) })

// converter collects what becomes of one interface.
type converter struct {
	description
	iface rcconf.Interface
	notes []*rcconf.Problem
	lost  bool
}

// lose notes that something is left out.
func (c *converter) lose(pos rcconf.Pos, text string, hints ...string) {
	c.lost = true
	c.notes = append(c.notes, &rcconf.Problem{Pos: pos, Text: "left out: " + text, Hints: hints})
}

// line converts one line.
func (c *converter) line(l logical) {
	text := l.text()
	first, _, _ := strings.Cut(strings.ReplaceAll(text, "\t", " "), " ")
	pos := c.start(l)
	switch why, ok := lost[first]; {
	case text == "", strings.HasPrefix(text, "#"), text == "create":
		return
	case autoconf().MatchString(text):
		c.lose(pos, "autoconf: an address that is leased or made up by the host cannot be virtual")
		return
	case strings.HasPrefix(text, "!"):
		c.lose(pos, "a command", "commands are not run; do it where the system does such things")
		return
	case ok:
		c.lose(pos, first+": "+why)
		return
	case c.dialect == openBSD && strings.Contains(text, `\`):
		c.lose(pos, `the line, which has a \`, `netstart takes it away before anything else; quote with ' or "`)
		return
	}
	list, problem := rcconf.SplitLine(l...)
	if problem != nil {
		c.lose(problem.Pos, "the line, which has what the shell does something with, or a quote that is not closed",
			"quote the word with '")
		return
	}
	if at := slices.IndexFunc(list, func(w rcconf.Word) bool { return strings.ContainsAny(w.Text, "\t\n") }); at >= 0 {
		c.lose(list[at].Pos, "the line, which has a tab within quotes: in an rc.conf it would become a blank")
		return
	}
	if c.dialect == openBSD {
		list = positions(list)
	}
	if list = c.meant(list); len(list) > 0 {
		c.iface.Lines = append(c.iface.Lines, rcconf.Line{Variable: c.from, Words: list, Pos: pos})
	}
}

// start is where a line begins, blanks aside.
func (c *converter) start(l logical) rcconf.Pos {
	for _, piece := range l {
		if text := strings.TrimLeft(piece.Text, " \t\n"); text != "" {
			piece.Pos.Col += len(piece.Text) - len(text)
			return piece.Pos
		}
	}
	return l[0].Pos
}

// positions puts the words before what OpenBSD tells by its place: the mask and the
// broadcast address behind an IPv4 address, and the length behind an IPv6 one.
func positions(list []rcconf.Word) []rcconf.Word {
	at := 1
	if len(list) > at && list[at].Text == "alias" {
		at++
	}
	if len(list) <= at+1 || list[0].Text != "inet" && list[0].Text != "inet6" {
		return list
	}
	if _, err := netip.ParseAddr(list[at].Text); err != nil {
		return list
	}
	next := list[at+1]
	if list[0].Text == "inet6" {
		if strings.Trim(next.Text, "0123456789") == "" && next.Text != "" {
			return slices.Insert(list, at+1, rcconf.Word{Text: "prefixlen", Pos: next.Pos})
		}
		return list
	}
	if !strings.HasPrefix(next.Text, "0x") && !isAddress4(next.Text) {
		return list
	}
	if len(list) > at+2 && (list[at+2].Text == "NONE" || isAddress4(list[at+2].Text)) {
		list = slices.Delete(list, at+2, at+3) // a carp interface has no broadcast address
	}
	return slices.Insert(list, at+1, rcconf.Word{Text: "netmask", Pos: next.Pos})
}

func isAddress4(text string) bool {
	a, err := netip.ParseAddr(text)
	return err == nil && a.Is4()
}

// meant leaves out the words that mean nothing here.
func (c *converter) meant(list []rcconf.Word) (kept []rcconf.Word) {
	for n := 0; n < len(list); n++ {
		w := list[n]
		value := "" // of a word that is left out
		if n+1 < len(list) {
			if _, ok := wordOf(list[n+1].Text); !ok {
				value = list[n+1].Text
			}
		}
		values, found := meaningless[w.Text]
		switch word, ok := wordOf(w.Text); {
		case ok && word.Name == "name":
			c.lose(w.Pos, "name: rc renames by the variable ifconfig_"+c.name+"_name, and the others go by the new name")
			values = 1
		case ok && word.Arg != "":
			kept = append(kept, w)
			if n++; n < len(list) {
				kept = append(kept, list[n])
			}
			continue
		case ok && word.Name == "create":
			continue
		case ok && word.Name == "down":
			c.lose(w.Pos, "down: rc sets up what it makes", "NOAUTO in front of the words of ifconfig_"+c.name+" keeps rc from starting it")
			continue
		case ok:
			kept = append(kept, w)
			continue
		case w.Text == "carpnodes" && oneNode(value):
			vhid, skew, _ := strings.Cut(value, ":")
			pos := list[n+1].Pos
			kept = append(kept, rcconf.Word{Text: "vhid", Pos: w.Pos}, rcconf.Word{Text: vhid, Pos: pos},
				rcconf.Word{Text: "advskew", Pos: w.Pos}, rcconf.Word{Text: skew, Pos: pos})
		case w.Text == "carpnodes":
			c.lose(w.Pos, "carpnodes: a carp interface has one vhid here", "make an interface for each of the nodes, and set net.inet.carp.arpbalance=1")
		case found:
			c.lose(w.Pos, w.Text+": it means nothing for a carp interface here")
		default:
			kept = append(kept, w)
			continue
		}
		if value != "" && values > 0 {
			n++
		}
	}
	return kept
}

// oneNode tells whether a list of carpnodes has one, VHID:ADVSKEW.
func oneNode(text string) bool {
	vhid, skew, ok := strings.Cut(text, ":")
	return ok && vhid != "" && skew != "" && strings.Trim(vhid+skew, "0123456789") == ""
}

// wordOf is a word of the grammar by its name or a synonym.
func wordOf(text string) (words.Word, bool) {
	all := words.All()
	at := slices.IndexFunc(all, func(w words.Word) bool { return w.Name == text || slices.Contains(w.Synonyms, text) })
	if at < 0 {
		return words.Word{}, false
	}
	return all[at], true
}
