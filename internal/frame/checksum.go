package frame

import "encoding/binary"

// checksum is the Internet checksum (RFC 1071) of b, continued from a partial sum. Over data that
// contains its own correct checksum it is zero. b is at most a packet long, so the 32-bit
// accumulator cannot overflow.
func checksum(b []byte, partial uint32) uint16 {
	sum := partial
	for ; len(b) >= 2; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// pseudoHeader is the partial sum of the IPv6 pseudo-header (RFC 8200, section 8.1) for a message
// of length bytes. addresses is source and destination as they stand in the packet, 32 bytes.
func pseudoHeader(addresses []byte, length int, nextHeader uint8) uint32 {
	sum := uint32(length)>>16 + uint32(length)&0xffff + uint32(nextHeader)
	for ; len(addresses) >= 2; addresses = addresses[2:] {
		sum += uint32(binary.BigEndian.Uint16(addresses))
	}
	return sum
}
