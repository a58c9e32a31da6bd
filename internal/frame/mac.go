package frame

import "net/netip"

// MAC is an Ethernet address in transmission order. The zero value is the "unknown" address that
// an ARP request carries as its target.
type MAC [6]byte

// Destinations of the frames this package builds.
var (
	// Broadcast is where gratuitous ARP goes.
	Broadcast = MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	// AllNodes is the Ethernet form of ff02::1 (RFC 2464, section 7): where unsolicited neighbour
	// advertisements go.
	AllNodes = MAC{0x33, 0x33, 0x00, 0x00, 0x00, 0x01}
)

// Group is where advertisements of one address family go: an IP multicast group and the Ethernet
// address it maps to.
type Group struct {
	Addr netip.Addr
	MAC  MAC
}

// The CARP groups, assigned by IANA to VRRP and used by CARP as they are (FreeBSD ip_carp.c:
// INADDR_CARP_GROUP and, for IPv6, s6_addr8[15] = 0x12).
var (
	// GroupIPv4 is 224.0.0.18, 01:00:5e:00:00:12.
	GroupIPv4 = Group{
		Addr: netip.AddrFrom4([4]byte{224, 0, 0, 18}),
		MAC:  MAC{0x01, 0x00, 0x5e, 0x00, 0x00, 0x12},
	}
	// GroupIPv6 is ff02::12, 33:33:00:00:00:12.
	GroupIPv6 = Group{
		Addr: netip.AddrFrom16([16]byte{0: 0xff, 1: 0x02, 15: 0x12}),
		MAC:  MAC{0x33, 0x33, 0x00, 0x00, 0x00, 0x12},
	}
)

// String gives the address as six lower-case hexadecimal pairs, "00:00:5e:00:01:07".
func (m MAC) String() string {
	const digits = "0123456789abcdef"
	var text [17]byte
	for i, octet := range m {
		if i > 0 {
			text[3*i-1] = ':'
		}
		text[3*i], text[3*i+1] = digits[octet>>4], digits[octet&0xf]
	}
	return string(text[:])
}
