package frame

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

const ipv6Len = 40

// Next header values that are not a payload but announce one more header (IANA, IPv6 Extension
// Header Types). Those that no host sends without being asked to are left to "other protocol".
const (
	nextHopByHop    = 0
	nextRouting     = 43
	nextFragment    = 44
	nextICMPv6      = 58
	nextDestination = 60
)

// appendIPv6 appends an IPv6 header. A zero src becomes the unspecified address.
func appendIPv6(b []byte, src, dst netip.Addr, class, nextHeader, hopLimit uint8, payload int) []byte {
	if payload > 0xffff {
		panic(fmt.Sprintf("frame: payload of %d bytes does not fit IPv6", payload))
	}
	b = append(b, 6<<4|class>>4, class<<4, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(payload))
	b = append(b, nextHeader, hopLimit)
	if !src.IsValid() {
		src = netip.IPv6Unspecified()
	}
	src16, dst16 := src.As16(), dst.As16()
	b = append(b, src16[:]...)
	return append(b, dst16[:]...)
}

// splitIPv6 checks the fixed header of an IPv6 packet that may be followed by padding, and returns
// its payload, which must be of the protocol asked for.
func splitIPv6(b []byte, protocol uint8) (payload []byte, err error) {
	if len(b) < ipv6Len {
		return nil, ErrTruncated
	}
	if b[0]>>4 != 6 {
		return nil, ErrVersion
	}
	switch b[6] {
	case protocol:
	case nextFragment:
		return nil, ErrFragment
	case nextHopByHop, nextRouting, nextDestination:
		return nil, ErrExtension
	default:
		return nil, ErrProtocol
	}
	end := ipv6Len + int(binary.BigEndian.Uint16(b[4:6]))
	if len(b) < end {
		return nil, ErrTruncated
	}
	return b[ipv6Len:end:end], nil
}

// parseIPv6 fills p from an IPv6 packet that may be followed by padding.
func (p *Packet) parseIPv6(b []byte) error {
	payload, err := splitIPv6(b, ProtocolCARP)
	if err != nil {
		return err
	}
	p.TOS = b[0]<<4 | b[1]>>4
	p.TTL = b[7]
	p.Src = netip.AddrFrom16([16]byte(b[8:24]))
	p.Dst = netip.AddrFrom16([16]byte(b[24:40]))
	p.Payload = payload
	return nil
}
