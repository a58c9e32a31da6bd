package carp

import "encoding/binary"

// HeaderLen is the size of a CARP header in bytes (ip_carp.h, struct
// carp_header). Longer packets are legal: what follows is ignored.
const HeaderLen = 36

// DigestLen is the size of the HMAC-SHA1 in the header, in bytes.
const DigestLen = 20

const (
	// versionType is version 2 in the upper half, type 1 (advertisement) in
	// the lower. VRRP version 2 has the very same first byte.
	versionType = 0x21
	// authLen is the length of counter and digest in 32-bit words, always 7.
	authLen = 7
)

// Advertisement is what a MASTER says: who it is and how often it will say so.
type Advertisement struct {
	VHID VHID
	// Timing as on the wire: the skew is the demoted one, and 255/255 is a
	// bow-out.
	Timing Timing
	// Demote is the reserved byte: OpenBSD's demotion counter, 0 elsewhere.
	Demote uint8
	// Counter enters the digest. It is not a sequence number: see Counter.
	Counter uint64
	// Digest authenticates VHID, addresses and Counter, and nothing else.
	Digest [DigestLen]byte
}

// BowOut tells whether the sender says that it leaves.
func (a *Advertisement) BowOut() bool {
	return a.Timing.Base == bowOutBase && a.Timing.Skew == bowOutSkew
}

// Append appends the header, checksum included, to b. It does not allocate
// where b has room.
func (a *Advertisement) Append(b []byte) []byte {
	start := len(b)
	b = append(b, versionType, byte(a.VHID), byte(a.Timing.Skew), authLen, a.Demote, byte(a.Timing.Base), 0, 0)
	b = binary.BigEndian.AppendUint64(b, a.Counter)
	b = append(b, a.Digest[:]...)
	binary.BigEndian.PutUint16(b[start+6:], ^onesSum(b[start:]))
	return b
}

// Parse reads the CARP header at the start of payload, the bytes after the IP
// header, in the order of the BSD kernels: length, checksum, then version. It
// answers Accepted where the header is well formed; the digest is not looked
// at and the vhid not compared. What is VRRP is told apart (VRRPClash), since
// both are protocol 112. It does not allocate.
func Parse(payload []byte) (Advertisement, Verdict) {
	if len(payload) < HeaderLen {
		if isVRRP(payload) {
			return Advertisement{}, VRRPClash
		}
		return Advertisement{}, TooShort
	}
	h := payload[:HeaderLen]
	if onesSum(h) != 0xffff {
		if isVRRP(payload) {
			return Advertisement{}, VRRPClash
		}
		return Advertisement{}, BadChecksum
	}
	a := Advertisement{
		VHID:    VHID(h[1]),
		Timing:  Timing{Base: AdvBase(h[5]), Skew: AdvSkew(h[2])},
		Demote:  h[4],
		Counter: binary.BigEndian.Uint64(h[8:]),
	}
	copy(a.Digest[:], h[16:])
	if h[0] != versionType {
		return a, BadVersion
	}
	return a, Accepted
}

// isVRRP tells whether payload is a VRRP advertisement: version 2 (RFC 3768)
// with a length that fits its address count and a checksum over all of it, or
// version 3 (RFC 9568), whose length alone decides since its checksum needs
// the IP addresses.
func isVRRP(payload []byte) bool {
	if len(payload) < 12 {
		return false
	}
	count := int(payload[3])
	switch payload[0] {
	case 0x21:
		return len(payload) == 8+4*count+8 && onesSum(payload) == 0xffff
	case 0x31:
		return count > 0 && (len(payload) == 8+4*count || len(payload) == 8+16*count)
	}
	return false
}

// onesSum is the Internet checksum's sum (RFC 1071), not complemented: 0xffff
// over data whose checksum field is right.
func onesSum(b []byte) uint16 {
	var sum uint32
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	return uint16(sum)
}
