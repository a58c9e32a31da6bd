package frame

import "encoding/binary"

// EtherTypes of the frames this package reads and writes (IANA, IEEE 802 Numbers).
const (
	etherTypeIPv4 = 0x0800
	etherTypeARP  = 0x0806
	etherTypeVLAN = 0x8100
	etherTypeIPv6 = 0x86dd
)

const (
	ethernetLen = 14
	vlanTagLen  = 4
)

// appendEthernet appends an untagged Ethernet II header.
func appendEthernet(b []byte, dst, src MAC, etherType uint16) []byte {
	b = append(b, dst[:]...)
	b = append(b, src[:]...)
	return binary.BigEndian.AppendUint16(b, etherType)
}

// IsIPv6 tells which family a frame is of, and of one that Parse refuses which it
// claims to be of.
func IsIPv6(b []byte) bool {
	_, _, etherType, _, _ := splitEthernet(b)
	return etherType == etherTypeIPv6
}

// splitEthernet takes the Ethernet header off b and steps over one 802.1Q tag: a capture, or a
// driver without tag offload, leaves it in place. What remains may end in padding.
func splitEthernet(b []byte) (dst, src MAC, etherType uint16, rest []byte, err error) {
	if len(b) < ethernetLen {
		return dst, src, 0, nil, ErrTruncated
	}
	dst, src = MAC(b[0:6]), MAC(b[6:12])
	etherType, rest = binary.BigEndian.Uint16(b[12:14]), b[ethernetLen:]
	if etherType == etherTypeVLAN {
		if len(rest) < vlanTagLen {
			return dst, src, 0, nil, ErrTruncated
		}
		etherType, rest = binary.BigEndian.Uint16(rest[2:4]), rest[vlanTagLen:]
	}
	return dst, src, etherType, rest, nil
}
