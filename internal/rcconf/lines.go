package rcconf

import (
	"slices"
	"strings"
)

// lines are what rc does with one interface, and what was odd on the way.
type lines struct {
	lines    []Line
	problems []*Problem
	// dropped are the words for rc itself that are not done here.
	dropped []Word
	noAuto  bool
	// dhcp tells that its address is leased.
	dhcp bool
}

// lines makes the calls of ifconfig(8) in the order of FreeBSD's network.subr:
// ifconfig_IF, ifconfig_IF_ipv6, the description, up if there was anything, and
// then the aliases.
func (p *planner) lines(name string) *lines {
	l := &lines{}
	p.mainLine(l, name)
	p.inet6Line(l, name)
	if v, _ := p.config.Lookup("ifconfig_" + name + "_descr"); v.Text != "" {
		l.lines = append(l.lines, Line{Variable: "ifconfig_" + name + "_descr", Pos: v.Pos,
			Words: []Word{{"description", v.Pos}, {v.Text, v.At(0)}}})
	}
	if len(l.lines) > 0 {
		l.lines = append(l.lines, Line{Words: []Word{{"up", l.lines[0].Pos}}, Pos: l.lines[0].Pos})
	}
	p.aliases(l, name)
	return l
}

// mainLine is ifconfig_IF, or ifconfig_DEFAULT for an interface without.
func (p *planner) mainLine(l *lines, name string) {
	variable := "ifconfig_" + name
	v, ok := p.config.Lookup(variable)
	if !ok {
		variable = defaultLine
		v, _ = p.config.Lookup(variable)
	}
	words, problem := p.words(v)
	if problem != nil {
		l.problems = append(l.problems, problem)
		return
	}
	words = l.withoutPseudo(words)
	if len(words) > 0 {
		l.lines = append(l.lines, Line{variable, words, words[0].Pos})
	}
}

// pseudo are the words of ifconfig_IF that are for rc and not for ifconfig(8).
var pseudo = []string{"DHCP", "SYNCDHCP", "NOSYNCDHCP", "WPA", "HOSTAP", "NOAUTO"}

// Pseudo are the words of ifconfig_IF that are for rc itself.
func Pseudo() []string { return append(slices.Clone(pseudo), vnet) }

// vnet is the word before the name of a jail.
const vnet = "vnet"

// withoutPseudo takes the words out that are for rc, of either case, and vnet
// with its jail. The word behind pass is never one of them.
func (l *lines) withoutPseudo(words []Word) (kept []Word) {
	for n := 0; n < len(words); n++ {
		w := words[n]
		upper := strings.ToUpper(w.Text)
		switch {
		case w.Text == passWord && n+1 < len(words):
			n++
			kept = append(kept, w, words[n])
		case w.Text == vnet:
			l.dropped = append(l.dropped, w)
			n++
		case upper == "NOAUTO":
			l.noAuto = true
		case slices.Contains(pseudo, upper):
			l.dhcp = l.dhcp || strings.HasSuffix(upper, "DHCP")
			l.dropped = append(l.dropped, w)
		default:
			kept = append(kept, w)
		}
	}
	return kept
}

// passWord is the word before a password.
const passWord = "pass"

// inet6Line is ifconfig_IF_ipv6, and ipv6_ifconfig_IF of FreeBSD 8.
func (p *planner) inet6Line(l *lines, name string) {
	variable := "ifconfig_" + name + "_ipv6"
	v, _ := p.config.Lookup(variable)
	words, problem := p.words(v)
	if problem != nil {
		l.problems = append(l.problems, problem)
	}
	if words = l.withoutPseudo(words); len(words) > 0 {
		if strings.Contains(words[0].Text, ":") {
			p.note(words[0].Pos, "$"+variable+` needs leading "inet6" keyword for an IPv6 address.`)
			words = prepend("inet6", words)
		}
		l.lines = append(l.lines, Line{variable, words, words[0].Pos})
	}
	variable = "ipv6_ifconfig_" + name
	v, _ = p.config.Lookup(variable)
	if words, problem = p.words(v); problem != nil {
		l.problems = append(l.problems, problem)
	} else if len(words) > 0 {
		// Three blanks: warn of rc.subr puts one between its two halves.
		p.note(v.Pos, "$"+variable+" is obsolete.   Use ifconfig_"+name+"_ipv6 instead.")
		l.lines = append(l.lines, Line{variable, prepend("inet6", words), words[0].Pos})
	}
}

func prepend(text string, words []Word) []Word {
	return append([]Word{{text, words[0].Pos}}, words...)
}

// aliases are the further addresses: ifconfig_IF_aliases, ifconfig_IF_aliasN,
// those of FreeBSD 8 for IPv6, and ipv4_addrs_IF. IPv4 goes first.
func (p *planner) aliases(l *lines, name string) {
	var all []Line
	variable := "ifconfig_" + name + "_aliases"
	if v, ok := p.config.Lookup(variable); ok {
		all = append(all, p.withFamily(variable, p.pieces(l, variable, v))...)
	}
	for _, v := range p.config.numbered("ifconfig_" + name + "_alias") {
		if v.Value.Text == "" {
			break // as FreeBSD does: an empty one ends the list
		}
		all = append(all, p.withFamily(v.Name, p.pieces(l, v.Name, v.Value))...)
	}
	for _, v := range p.config.numbered("ipv6_ifconfig_" + name + "_alias") {
		if v.Value.Text == "" {
			break
		}
		p.note(v.Pos, "$"+v.Name+" is obsolete.  Use ifconfig_"+name+"_aliasN instead.")
		for _, piece := range p.pieces(l, v.Name, v.Value) {
			if piece.Words[0].Text != "inet6" {
				piece.Words = prepend("inet6", piece.Words)
			}
			all = append(all, piece)
		}
	}
	variable = "ipv4_addrs_" + name
	if v, ok := p.config.Lookup(variable); ok {
		for _, w := range fields(v) {
			all = append(all, Line{variable, []Word{{"inet", w.Pos}, w}, w.Pos})
		}
	}
	for _, family := range []string{"inet", "inet6"} {
		for _, line := range all {
			if line.Words[0].Text == family {
				l.lines = append(l.lines, p.expand(l, line)...)
			}
		}
	}
}

// withFamily puts the family before the first piece if it is not there.
func (p *planner) withFamily(variable string, pieces []Line) []Line {
	if len(pieces) > 0 && !isFamily(pieces[0].Words[0].Text) {
		p.note(pieces[0].Pos, "$"+variable+` needs leading "inet" keyword for an IPv4 address.`)
		pieces[0].Words = prepend("inet", pieces[0].Words)
	}
	return pieces
}

func isFamily(word string) bool {
	return slices.Contains([]string{"inet", "inet6", "link", "ether"}, word)
}

// pieces cuts a value with several addresses at the words that name a family.
func (p *planner) pieces(l *lines, variable string, v Value) (all []Line) {
	words, problem := p.words(v)
	if problem != nil {
		l.problems = append(l.problems, problem)
		return nil
	}
	for n, w := range words {
		afterPass := n > 0 && words[n-1].Text == passWord
		if n == 0 || isFamily(w.Text) && !afterPass {
			all = append(all, Line{Variable: variable, Pos: w.Pos})
		}
		last := &all[len(all)-1]
		last.Words = append(last.Words, w)
	}
	return all
}
