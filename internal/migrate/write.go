package migrate

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
)

// write writes the lines of one interface: its words and first IPv4 address, its first
// IPv6 address, the further ones, the description.
func (c *converter) write(want *rcconf.Want) string {
	name := c.name
	main, about := c.words()
	var inet6, aliases string
	has4, n := false, 0
	for _, a := range want.Change.Addresses {
		text := strings.Join(append([]string{a.Prefix.String()}, about[a.Prefix.Addr()]...), " ")
		switch {
		case a.Prefix.Addr().Is4() && !has4:
			has4 = true
			main = append(main, text)
		case a.Prefix.Addr().Is6() && inet6 == "":
			inet6 = assignment("ifconfig_"+name+"_ipv6", "inet6 "+text)
		default:
			family := "inet "
			if a.Prefix.Addr().Is6() {
				family = "inet6 "
			}
			aliases += assignment(fmt.Sprintf("ifconfig_%s_alias%d", name, n), family+text)
			n++
		}
	}
	if len(main) == 0 {
		main = []string{"up"}
	}
	text := assignment("ifconfig_"+name, strings.Join(main, " ")) + inet6 + aliases
	if d := want.Change.Description; d != nil && *d != "" {
		text += assignment("ifconfig_"+name+"_descr", *d)
	}
	return text
}

// words are what the lines say of the interface as a whole, each the last time that it
// is said, and what they say of each address beside its length.
func (c *converter) words() (settings []string, about map[netip.Addr][]string) {
	about = map[netip.Addr][]string{}
	var said [][]string
	for _, line := range c.iface.Lines {
		if _, _, err := words.ParseAt(line.Args(c.name)); err != nil {
			continue // told already
		}
		var addr netip.Addr
		var its []string
		for _, p := range words.Places(line.Args(c.name)) {
			text := line.Words[p.At-1].Text
			word, ok := wordOf(p.Word)
			switch {
			case !ok:
				host, _, _ := strings.Cut(text, "/")
				addr, _ = netip.ParseAddr(host)
			case slices.Contains(elsewhere, word.Name):
			case word.Family == words.Inet, word.Family == words.Inet6:
				its = append(its, spelt(word, text)...)
			default:
				said = append(said, spelt(word, text))
			}
		}
		about[addr.WithZone("")] = its
	}
	for n, s := range said {
		again := slices.ContainsFunc(said[n+1:], func(later []string) bool { return later[0] == s[0] })
		if !again || strings.HasSuffix(s[0], "group") { // one may join several
			settings = append(settings, s...)
		}
	}
	return settings, about
}

// elsewhere are the words that are not written where they were: of an address it is
// its length that is, the description has a variable, and rc says up by itself.
var elsewhere = []string{"inet", "inet6", "netmask", "prefixlen", "broadcast", "alias", "-alias",
	"description", "-description", "name", "up", "down", "create", "destroy"}

// spelt is a word with its value, if it takes one.
func spelt(word words.Word, value string) []string {
	if word.Arg == "" {
		return []string{word.Name}
	}
	return []string{word.Name, quote(value)}
}

// safe are the characters that no shell does anything with.
const safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%+,-./:=@^_"

// quote is a word as rc's second reading, by eval, takes the quotes off again. Of
// several blanks in a row rc would keep one, so that these get a backslash each.
func quote(word string) string {
	if word != "" && strings.Trim(word, safe) == "" {
		return word
	}
	quoted := "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	if strings.Contains(word, "  ") {
		quoted = strings.ReplaceAll(quoted, " ", `'\ '`)
	}
	return quoted
}

// assignment is one line of rc.conf.
func assignment(variable, value string) string {
	return variable + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(value) + "\"\n"
}
