package frame

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// Parts of a neighbour advertisement (RFC 4861, sections 4.4 and 4.6.1).
const (
	icmpNeighborAdvertisement = 136

	neighborRouter    = 0x80
	neighborSolicited = 0x40
	neighborOverride  = 0x20

	neighborLen       = 24 // type, code, checksum, flags, target
	neighborOptionLen = 8  // one target link-layer address option on Ethernet
	optionTargetMAC   = 2
)

// allNodes is ff02::1.
var allNodes = netip.AddrFrom16([16]byte{0: 0xff, 1: 0x02, 15: 0x01})

// NeighborAdvertisement is one ICMPv6 neighbour advertisement: IPv6's word for "this address is at
// that MAC".
type NeighborAdvertisement struct {
	// SrcMAC and DstMAC are the Ethernet addresses.
	SrcMAC, DstMAC MAC
	// Src and Dst are the IPv6 addresses, without a zone.
	Src, Dst netip.Addr
	// HopLimit is 255 in every advertisement that receivers may believe.
	HopLimit uint8
	// Router says that the sender forwards packets; a host that clears it makes its neighbours
	// drop it as their default router.
	Router bool
	// Solicited says that this answers a solicitation. Never set in an announcement.
	Solicited bool
	// Override says that a cached MAC is to be replaced.
	Override bool
	// Target is the address spoken about.
	Target netip.Addr
	// TargetMAC is where Target is; zero when the advertisement carries no such option.
	TargetMAC MAC
}

// AppendNeighborAdvertisement appends an unsolicited advertisement to all nodes that moves addr to
// mac: override set, solicited clear, hop limit 255, source addr itself, Ethernet source mac. router
// is the router flag, true on a host that forwards IPv6. The frame is 86 bytes.
//
// It panics when addr is not IPv6. A zone is dropped.
func AppendNeighborAdvertisement(b []byte, mac MAC, addr netip.Addr, router bool) []byte {
	if !addr.Is6() {
		panic(fmt.Sprintf("frame: neighbour advertisement for %v", addr))
	}
	flags := uint8(neighborOverride)
	if router {
		flags |= neighborRouter
	}
	const length = neighborLen + neighborOptionLen
	target := addr.As16()

	b = appendEthernet(b, AllNodes, mac, etherTypeIPv6)
	ip := len(b)
	b = appendIPv6(b, addr, allNodes, 0, nextICMPv6, 255, length)
	icmp := len(b)
	b = append(b, icmpNeighborAdvertisement, 0, 0, 0, flags, 0, 0, 0)
	b = append(b, target[:]...)
	b = append(b, optionTargetMAC, neighborOptionLen/8)
	b = append(b, mac[:]...)
	sum := checksum(b[icmp:], pseudoHeader(b[ip+8:icmp], length, nextICMPv6))
	binary.BigEndian.PutUint16(b[icmp+2:], sum)
	return b
}

// ParseNeighborAdvertisement reads a neighbour advertisement, stepping over one 802.1Q tag and
// ignoring padding and unknown options. The error is one of ErrTruncated, ErrEtherType, ErrVersion,
// ErrFragment, ErrExtension, ErrProtocol (also for other ICMPv6 messages), ErrChecksum or ErrLength
// (a broken option). HopLimit is not judged.
func ParseNeighborAdvertisement(b []byte) (NeighborAdvertisement, error) {
	dst, src, etherType, rest, err := splitEthernet(b)
	if err != nil {
		return NeighborAdvertisement{}, err
	}
	if etherType != etherTypeIPv6 {
		return NeighborAdvertisement{}, ErrEtherType
	}
	message, err := splitIPv6(rest, nextICMPv6)
	if err != nil {
		return NeighborAdvertisement{}, err
	}
	if len(message) == 0 {
		return NeighborAdvertisement{}, ErrTruncated
	}
	if checksum(message, pseudoHeader(rest[8:ipv6Len], len(message), nextICMPv6)) != 0 {
		return NeighborAdvertisement{}, ErrChecksum
	}
	if message[0] != icmpNeighborAdvertisement {
		return NeighborAdvertisement{}, ErrProtocol
	}
	if len(message) < neighborLen {
		return NeighborAdvertisement{}, ErrTruncated
	}
	n := NeighborAdvertisement{
		SrcMAC:    src,
		DstMAC:    dst,
		Src:       netip.AddrFrom16([16]byte(rest[8:24])),
		Dst:       netip.AddrFrom16([16]byte(rest[24:40])),
		HopLimit:  rest[7],
		Router:    message[4]&neighborRouter != 0,
		Solicited: message[4]&neighborSolicited != 0,
		Override:  message[4]&neighborOverride != 0,
		Target:    netip.AddrFrom16([16]byte(message[8:24])),
	}
	n.TargetMAC, err = targetMAC(message[neighborLen:])
	if err != nil {
		return NeighborAdvertisement{}, err
	}
	return n, nil
}

// targetMAC looks through the options for the target link-layer address. The last one counts.
func targetMAC(options []byte) (mac MAC, err error) {
	for len(options) > 0 {
		// An option without a length would be stepped over for ever (RFC 4861, section 4.6).
		if len(options) < 2 || options[1] == 0 {
			return MAC{}, ErrLength
		}
		size := int(options[1]) * 8
		if size > len(options) {
			return MAC{}, ErrLength
		}
		if options[0] == optionTargetMAC {
			mac = MAC(options[2:8])
		}
		options = options[size:]
	}
	return mac, nil
}
