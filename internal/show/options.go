package show

import (
	"net/netip"
	"time"
)

// Options are what a layout shows besides the usual, or instead of it.
type Options struct {
	// Key appends the key to the carp line (-k). It does nothing where the
	// Status has no key or the key is empty, as on FreeBSD 10 and later; 9 and
	// OpenBSD themselves never show one.
	Key bool
	// Verbose appends why the interface is in its state, what the host's
	// demotion is made of, each family's health and the peers heard (-v).
	Verbose bool
	// Lifetimes appends the lifetimes of IPv6 addresses that have a limit (-L).
	Lifetimes bool
	// Family leaves only the address lines of one family; empty is all of them.
	Family Family
	// Formats are how addresses are written (-f).
	Formats Formats
	// Names is the name of an address where Formats ask for names, empty if it
	// has none; nil is for digits.
	Names func(netip.Addr) string
	// Now is what ages are reckoned from.
	Now time.Time
}

// Family is an address family as ifconfig(8) names it behind -a, -l or an
// interface.
type Family string

// The families. FreeBSD has three words for the last.
const (
	Inet  Family = "inet"
	Inet6 Family = "inet6"
	Ether Family = "ether"
	Link  Family = "link"
)

// Families are the words for address families.
func Families() []string { return []string{"inet", "inet6", "ether", "link", "lladdr"} }

// ParseFamily reads such a word. Link has all interfaces, Ether those with an
// Ethernet address.
func ParseFamily(word string) (Family, bool) {
	switch word {
	case "lladdr":
		return Link, true
	case "inet", "inet6", "ether", "link":
		return Family(word), true
	}
	return "", false
}

// shows tells whether a line of family is wanted.
func (o Options) shows(family Family) bool {
	return o.Family == "" || o.Family == family || family == Link && o.Family == Ether
}

// familyOf is the family of an address.
func familyOf(addr netip.Addr) Family {
	if addr.Is4() {
		return Inet
	}
	return Inet6
}
