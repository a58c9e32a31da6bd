package words

import "strings"

// Words of ifconfig(8) on one BSD or another that are not in the tables. They
// are refused by name: taken for an address they would make a puzzling error.

// reasons are the refusals that somebody who has used CARP will ask about.
var reasons = map[string]string{
	"carpnodes":    nodes,
	"balancing":    nodes,
	"carpdemote":   "is about a group: ifconfig-carp -g carp carpdemote 50",
	"-carpdemote":  "is about a group: ifconfig-carp -g carp -carpdemote 50",
	"vrrpprio":     vrrp,
	"vrrpinterval": vrrp,
	"monitor":      "would keep the addresses and not answer for them; down hands them over",
	"-no_dad":      "cannot be: the other hosts of the group have the same address, and a probe would find it",
	"lladdr":       virtualMAC,
	"ether":        virtualMAC,
	"link":         virtualMAC,
	"vhaddr":       "is DragonFly's; here every address of a carp interface is a virtual one",
}

const (
	nodes = "is OpenBSD's way of balancing, which FreeBSD and NetBSD do not understand; " +
		"make a carp interface for each vhid, with net.inet.carp.arpbalance=1 if they share an address"
	vrrp       = "is VRRP's; this program speaks CARP only"
	virtualMAC = "cannot be chosen: the MAC of a carp interface is 00:00:5e:00:01 and its vhid; backing tun takes the parent's"
)

const (
	notHere = `
		rdomain rtlabel -rtlabel jail vnet -vnet fib
		tunnelfib tunnel -tunnel deletetunnel ipdst range phase
		media mediaopt -mediaopt mode inst instance
		vlan vlandev -vlandev vlanpcp vlanproto vlanmtu -vlanmtu vlanhwtag -vlanhwtag
		bridge addm deletem stp -stp span -span
		lagg laggproto laggport -laggport lagghash lacp_fast_timeout
		pfsync syncdev -syncdev syncpeer -syncpeer maxupd defer -defer
		ssid nwid nwkey wpakey wepmode wepkey channel bssid authmode scan
		rxcsum -rxcsum txcsum -txcsum rxcsum6 -rxcsum6 txcsum6 -txcsum6
		tso -tso tso4 -tso4 tso6 -tso6 lro -lro wol -wol polling -polling
		wol_ucast -wol_ucast wol_mcast -wol_mcast wol_magic -wol_magic netcons -netcons
		txtls -txtls mextpg -mextpg toe -toe toe4 -toe4 toe6 -toe6 rxtls4 -rxtls4 rxtls6 -rxtls6
		staticarp -staticarp stickyarp -stickyarp normal compress noicmp allmulti -allmulti
		pcp -pcp priority llprio -llprio tentative -tentative no_prefer_iface -no_prefer_iface
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
	case reasons[word] != "":
		return reasons[word], true
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
