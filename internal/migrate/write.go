package migrate

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
)

// write writes the lines of one interface: its words and first IPv4 address, its first
// IPv6 address, the further ones, the description.
func write(name string, want *rcconf.Want) string {
	main := settings(want)
	var inet6, aliases string
	has4, n := false, 0
	for _, a := range want.Change.Addresses {
		switch text := a.Prefix.String(); {
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

// settings are the words of the interface but for the addresses and the description.
func settings(want *rcconf.Want) (list []string) {
	c := &want.Change
	add := func(word string, value any) { list = append(list, word, quote(fmt.Sprint(value))) }
	if c.VHID != nil {
		add("vhid", *c.VHID)
	}
	if c.AdvBase != nil {
		add("advbase", *c.AdvBase)
	}
	if c.AdvSkew != nil {
		add("advskew", *c.AdvSkew)
	}
	if c.Pass != nil {
		add("pass", string(*c.Pass))
	}
	if want.PassFile != "" {
		add("passfile", want.PassFile)
	}
	switch {
	case c.CarpDev != nil && *c.CarpDev == "":
		list = append(list, "-carpdev")
	case c.CarpDev != nil:
		add("carpdev", *c.CarpDev)
	}
	list = append(list, peer("peer", "mcast", c.Peer)...)
	list = append(list, peer("peer6", "mcast6", c.Peer6)...)
	for _, g := range c.Groups {
		add(map[bool]string{false: "group", true: "-group"}[g.Leave], g.Name)
	}
	if c.State != nil {
		add("state", strings.ToLower(c.State.String()))
	}
	return list
}

// peer is the word for a unicast peer, or for none.
func peer(word, none string, addr *netip.Addr) []string {
	switch {
	case addr == nil:
		return nil
	case !addr.IsValid():
		return []string{none}
	}
	return []string{word, addr.String()}
}

// safe are the characters that no shell does anything with.
const safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%+,-./:=@^_"

// quote is a word as rc's second reading, by eval, takes the quotes off again.
func quote(word string) string {
	if word != "" && strings.Trim(word, safe) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// assignment is one line of rc.conf.
func assignment(variable, value string) string {
	return variable + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(value) + "\"\n"
}
