package words

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

func inetWords() []row {
	return []row{
		{Word{Name: "inet", Family: Inet,
			Help: "an IPv4 address follows; first word only, and taken for granted"}, familyWord(Inet)},
		{Word{Name: "netmask", Family: Inet, Arg: "mask",
			Help: "mask of the IPv4 address, 255.255.255.0 or 0xffffff00"}, netmask},
		{Word{Name: "broadcast", Family: Inet, Arg: "address",
			Help: "accepted and ignored: a carp interface has no broadcast address"}, broadcast},
		{Word{Name: "alias", Synonyms: []string{"add"}, Family: Inet,
			Help: "keep the addresses there are and add this one"}, addressOp(control.AddressAdd)},
		{Word{Name: "-alias", Synonyms: []string{"delete", "remove"}, Family: Inet,
			Help: "remove the address, the first IPv4 one if none is given"}, addressOp(control.AddressDelete)},
	}
}

// familyWord makes the rule of inet and inet6. FreeBSD looks for a family only
// behind the name and behind create; elsewhere it would be an address.
func familyWord(family Family) func(*parser, string) error {
	return func(p *parser, _ string) error {
		if p.at != 1 && (p.at != 2 || !p.line.Create) {
			return p.misplaced("goes right behind the interface name, or behind create")
		}
		p.address.family = family
		return nil
	}
}

// addressOp makes the rule of alias and -alias, which may stand on either side
// of the address.
func addressOp(op control.AddressOp) func(*parser, string) error {
	return func(p *parser, _ string) error {
		p.address.op, p.address.opWord = op, p.args[p.at]
		return nil
	}
}

func netmask(p *parser, value string) error {
	mask, ok := parseMask(value)
	if !ok {
		return p.badValue(p.hint("netmask %s: must be like 255.255.255.0 or 0xffffff00", p.shown()))
	}
	// A run of ones at the top is one whose complement has none but trailing ones.
	length := bits.LeadingZeros32(^mask)
	if bits.OnesCount32(mask) != length {
		return p.badValue(p.hint("netmask %s: its ones are not contiguous from the left", p.shown()))
	}
	p.address.mask = &width{bits: length, word: "netmask", at: p.at}
	p.forInet()
	return nil
}

// parseMask reads the two forms of a mask that name no network.
func parseMask(text string) (uint32, bool) {
	if hex, ok := strings.CutPrefix(strings.ToLower(text), "0x"); ok {
		// With a base given, ParseUint takes digits only.
		n, err := strconv.ParseUint(hex, 16, 32)
		return uint32(n), err == nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || !addr.Is4() {
		return 0, false
	}
	return number4(addr), true
}

// broadcast looks at its value and forgets it.
func broadcast(p *parser, value string) error {
	if addr, err := netip.ParseAddr(value); err != nil || !addr.Is4() {
		return p.badValue(p.hint("broadcast %s: not an IPv4 address", p.shown()))
	}
	p.forInet()
	return nil
}

// forInet notes that the word being read is one that only IPv4 has: to FreeBSD its
// value is no IPv6 address.
func (p *parser) forInet() {
	if a := &p.address; a.inetOnly == "" {
		a.inetOnly, a.inetAt = p.args[p.at-1], p.at
	}
}

// classful is the mask length of an address that came without, by its class
// (FreeBSD 9 in.c, in_ifinit; classes D and E count as C).
func classful(addr netip.Addr) int {
	switch first := addr.As4()[0]; {
	case first < 128:
		return 8
	case first < 192:
		return 16
	}
	return 24
}

// flaw4 says why an IPv4 address cannot be a virtual one, or nothing.
func flaw4(prefix netip.Prefix) string {
	addr := prefix.Addr()
	switch {
	case addr.IsMulticast():
		return "is a multicast address"
	case addr.IsUnspecified():
		return "is not an address of a host"
	case addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return "is the broadcast address"
	case addr.IsLoopback():
		return "is a loopback address"
	case prefix.Bits() >= 31:
		return "" // RFC 3021: both addresses of a /31 are hosts
	}
	hostBits := ^uint32(0) >> prefix.Bits()
	switch number4(addr) & hostBits {
	case 0:
		return "is the network address of its own subnet"
	case hostBits:
		return "is the broadcast address of its own subnet"
	}
	return ""
}

// number4 is an IPv4 address as a number.
func number4(addr netip.Addr) uint32 {
	b := addr.As4()
	return binary.BigEndian.Uint32(b[:])
}
