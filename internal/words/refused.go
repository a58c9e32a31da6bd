package words

import "strings"

// Words of ifconfig(8) on one BSD or another that are not in the tables. They
// are refused by name: taken for an address they would make a puzzling error.
// A word moves out of here when it gets its row.
const (
	notYet = `
		carpnodes balancing carpdemote -carpdemote carpver vrrpprio vrrpinterval
		mtu metric link0 -link0 link1 -link1 link2 -link2
		debug -debug arp -arp promisc -promisc monitor -monitor
		-deprecated -no_dad anycast -anycast pltime vltime
		autoconf -autoconf eui64`

	notHere = `
		link ether lladdr vhaddr rdomain rtlabel -rtlabel jail vnet -vnet fib
		tunnelfib tunnel -tunnel deletetunnel ipdst range phase
		media mediaopt -mediaopt mode inst instance
		vlan vlandev -vlandev vlanpcp vlanproto vlanmtu -vlanmtu vlanhwtag -vlanhwtag
		bridge addm deletem stp -stp span -span
		lagg laggproto laggport -laggport lagghash lacp_fast_timeout
		pfsync syncdev -syncdev syncpeer -syncpeer maxupd defer -defer
		ssid nwid nwkey wpakey wepmode wepkey channel bssid authmode scan
		rxcsum -rxcsum txcsum -txcsum rxcsum6 -rxcsum6 txcsum6 -txcsum6
		tso -tso tso4 -tso4 tso6 -tso6 lro -lro wol -wol polling -polling
		staticarp -staticarp stickyarp -stickyarp normal
		accept_rtadv -accept_rtadv ifdisabled -ifdisabled nud -nud
		auto_linklocal -auto_linklocal no_radr -no_radr prefer_source -prefer_source
		defaultif -defaultif ifid maclabel maxlen
		DHCP SYNCDHCP NOSYNCDHCP WPA HOSTAP NOAUTO`
)

// refused says of a word that ifconfig(8) has why it is not for us.
func refused(word string) (why string, ok bool) {
	switch {
	case word == "" || strings.ContainsFunc(word, func(r rune) bool { return r <= ' ' }):
		return "", false
	case listed(notYet, word):
		return "is a word of ifconfig(8) that is not supported yet", true
	case listed(notHere, word):
		return "is a word of ifconfig(8) that is not for carp interfaces", true
	}
	return "", false
}

func listed(list, word string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}
