package frame

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

const (
	ipv4Len = 20

	// ipv4DontFragment and ipv4FragmentMask are parts of the flags and offset word (RFC 791,
	// section 3.1). A packet is whole when neither the more-fragments bit nor an offset is set.
	ipv4DontFragment = 0x4000
	ipv4FragmentMask = 0x3fff
)

// appendIPv4 appends the IPv4 header for p.
func (p Packet) appendIPv4(b []byte) []byte {
	total := ipv4Len + len(p.Payload)
	if total > 0xffff {
		panic(fmt.Sprintf("frame: payload of %d bytes does not fit IPv4", len(p.Payload)))
	}
	start := len(b)
	b = append(b, 4<<4|ipv4Len/4, p.TOS)
	b = binary.BigEndian.AppendUint16(b, uint16(total))
	b = binary.BigEndian.AppendUint16(b, p.ID)
	b = binary.BigEndian.AppendUint16(b, ipv4DontFragment)
	b = append(b, p.TTL, ProtocolCARP, 0, 0)
	src := netip.IPv4Unspecified()
	if p.Src.IsValid() {
		src = p.Src
	}
	src4, dst4 := src.As4(), p.Dst.As4()
	b = append(b, src4[:]...)
	b = append(b, dst4[:]...)
	binary.BigEndian.PutUint16(b[start+10:], checksum(b[start:], 0))
	return b
}

// parseIPv4 fills p from an IPv4 packet that may be followed by padding. The checksum comes before
// everything it protects, so that a damaged header is called damaged and nothing else.
func (p *Packet) parseIPv4(b []byte) error {
	if len(b) < ipv4Len {
		return ErrTruncated
	}
	if b[0]>>4 != 4 {
		return ErrVersion
	}
	header := int(b[0]&0xf) * 4
	if header < ipv4Len {
		return ErrLength
	}
	if len(b) < header {
		return ErrTruncated
	}
	if checksum(b[:header], 0) != 0 {
		return ErrChecksum
	}
	total := int(binary.BigEndian.Uint16(b[2:4]))
	if total < header {
		return ErrLength
	}
	if binary.BigEndian.Uint16(b[6:8])&ipv4FragmentMask != 0 {
		return ErrFragment
	}
	if b[9] != ProtocolCARP {
		return ErrProtocol
	}
	if len(b) < total {
		return ErrTruncated
	}
	p.TOS = b[1]
	p.ID = binary.BigEndian.Uint16(b[4:6])
	p.TTL = b[8]
	p.Src = netip.AddrFrom4([4]byte(b[12:16]))
	p.Dst = netip.AddrFrom4([4]byte(b[16:20]))
	p.Payload = b[header:total:total]
	return nil
}
