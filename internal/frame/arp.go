package frame

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// ARP operations (RFC 826).
const (
	// ARPRequest asks who has the target address. Hosts that hold the address answer it, even
	// when it asks for the sender's own.
	ARPRequest = 1
	// ARPReply tells, and is answered by nobody.
	ARPReply = 2
)

// arpLen is the length of an ARP packet for IPv4 over Ethernet.
const arpLen = 28

// arpPreamble is hardware type 1 (Ethernet), protocol type IPv4, and the two address lengths.
var arpPreamble = [6]byte{0, 1, 0x08, 0x00, 6, 4}

// ARP is one ARP frame for IPv4 over Ethernet.
type ARP struct {
	// SrcMAC and DstMAC are the Ethernet addresses: what a switch learns and follows.
	SrcMAC, DstMAC MAC
	// Op is ARPRequest or ARPReply.
	Op uint16
	// SenderMAC and SenderAddr are the pair that receivers put into their caches.
	SenderMAC  MAC
	SenderAddr netip.Addr
	// TargetMAC is zero in a request.
	TargetMAC  MAC
	TargetAddr netip.Addr
}

// Append appends the frame to b, 42 bytes. It panics when SenderAddr or TargetAddr is not IPv4.
func (a ARP) Append(b []byte) []byte {
	if !a.SenderAddr.Is4() || !a.TargetAddr.Is4() {
		panic(fmt.Sprintf("frame: ARP for %v and %v", a.SenderAddr, a.TargetAddr))
	}
	sender, target := a.SenderAddr.As4(), a.TargetAddr.As4()
	b = appendEthernet(b, a.DstMAC, a.SrcMAC, etherTypeARP)
	b = append(b, arpPreamble[:]...)
	b = binary.BigEndian.AppendUint16(b, a.Op)
	b = append(b, a.SenderMAC[:]...)
	b = append(b, sender[:]...)
	b = append(b, a.TargetMAC[:]...)
	return append(b, target[:]...)
}

// AppendGratuitousARP appends a broadcast that binds addr to mac in every cache and mac to the
// sender's port in every switch. The Ethernet source is mac too (BSD leaves the physical address
// there, from which a switch learns nothing about mac).
//
// op is ARPRequest or ARPReply. The request form leaves the target's hardware address zero and
// makes another host that still holds addr answer; the reply form names mac as target and provokes
// no answer. It panics when addr is not IPv4.
func AppendGratuitousARP(b []byte, mac MAC, addr netip.Addr, op uint16) []byte {
	a := ARP{
		SrcMAC: mac, DstMAC: Broadcast, Op: op,
		SenderMAC: mac, SenderAddr: addr, TargetAddr: addr,
	}
	if op == ARPReply {
		a.TargetMAC = mac
	}
	return a.Append(b)
}

// ParseARP reads an ARP frame, stepping over one 802.1Q tag and ignoring padding. The error is
// ErrTruncated, ErrEtherType or ErrARP. Op is not judged.
func ParseARP(b []byte) (ARP, error) {
	dst, src, etherType, rest, err := splitEthernet(b)
	switch {
	case err != nil:
		return ARP{}, err
	case etherType != etherTypeARP:
		return ARP{}, ErrEtherType
	case len(rest) < arpLen:
		return ARP{}, ErrTruncated
	case [6]byte(rest[:6]) != arpPreamble:
		return ARP{}, ErrARP
	}
	return ARP{
		SrcMAC:     src,
		DstMAC:     dst,
		Op:         binary.BigEndian.Uint16(rest[6:8]),
		SenderMAC:  MAC(rest[8:14]),
		SenderAddr: netip.AddrFrom4([4]byte(rest[14:18])),
		TargetMAC:  MAC(rest[18:24]),
		TargetAddr: netip.AddrFrom4([4]byte(rest[24:28])),
	}, nil
}
