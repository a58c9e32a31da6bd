package frame

import (
	"fmt"
	"net/netip"
)

// ProtocolCARP is CARP's IP protocol number, shared with VRRP (OpenBSD and FreeBSD: IPPROTO_CARP).
const ProtocolCARP = 112

// TTLCARP is the TTL, or hop limit, that proves an advertisement has not crossed a router
// (FreeBSD ip_carp.h: CARP_DFLTTL).
const TTLCARP = 255

// Packet is one frame of IP protocol 112, in either family. The family is that of Dst.
type Packet struct {
	// SrcMAC and DstMAC are the Ethernet addresses.
	SrcMAC, DstMAC MAC
	// Src and Dst are the IP addresses, without a zone. Both are of one family; an IPv4-mapped
	// IPv6 address counts as IPv6. A zero Src is sent as 0.0.0.0 or ::, which is what the BSDs
	// send from a parent that has no address.
	Src, Dst netip.Addr
	// TTL is the IPv4 time to live or the IPv6 hop limit, 0 to 255.
	TTL uint8
	// TOS is the IPv4 type of service or the IPv6 traffic class: DSCP in the upper six bits.
	TOS uint8
	// ID is the IPv4 identification. IPv6 has none: it is not sent, and parsed as zero.
	ID uint16
	// Payload is what follows the IP header: the CARP header, and whatever the sender put behind
	// it. At most 65515 bytes in IPv4, 65535 in IPv6.
	Payload []byte
}

// To returns p addressed to a CARP group, with the TTL that the group's members insist on.
func (p Packet) To(group Group) Packet {
	p.Dst, p.DstMAC, p.TTL = group.Addr, group.MAC, TTLCARP
	return p
}

// Append appends the frame to b: Ethernet, then IPv4 (no options, do not fragment) or IPv6 (flow
// label zero), then the payload. It does not allocate when b has room.
//
// It panics when Dst is not an address, Src is of the other family, or Payload does not fit: such a
// packet is a mistake in the program and nothing the network can cause.
func (p Packet) Append(b []byte) []byte {
	if p.Src.IsValid() && p.Src.Is4() != p.Dst.Is4() {
		panic(fmt.Sprintf("frame: source %v and destination %v are of different families", p.Src, p.Dst))
	}
	switch {
	case p.Dst.Is4():
		b = appendEthernet(b, p.DstMAC, p.SrcMAC, etherTypeIPv4)
		b = p.appendIPv4(b)
	case p.Dst.Is6():
		b = appendEthernet(b, p.DstMAC, p.SrcMAC, etherTypeIPv6)
		b = appendIPv6(b, p.Src, p.Dst, p.TOS, ProtocolCARP, p.TTL, len(p.Payload))
	default:
		panic("frame: packet without a destination address")
	}
	return append(b, p.Payload...)
}

// Parse reads a frame of protocol 112. Payload aliases b and ends where the IP header says, so
// Ethernet padding is not part of it. One 802.1Q tag and IPv4 options are stepped over; they are
// not kept, so appending the result gives the frame without them.
//
// The error is one of this package's faults: ErrTruncated, ErrEtherType, ErrVersion, ErrLength,
// ErrChecksum, ErrFragment, ErrExtension or ErrProtocol.
func Parse(b []byte) (Packet, error) {
	dst, src, etherType, rest, err := splitEthernet(b)
	if err != nil {
		return Packet{}, err
	}
	p := Packet{SrcMAC: src, DstMAC: dst}
	switch etherType {
	case etherTypeIPv4:
		err = p.parseIPv4(rest)
	case etherTypeIPv6:
		err = p.parseIPv6(rest)
	default:
		err = ErrEtherType
	}
	if err != nil {
		return Packet{}, err
	}
	return p, nil
}
