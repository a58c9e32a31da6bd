package netlab

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// EtherTypes and IP protocols that tests ask for.
const (
	EtherTypeIPv4 = unix.ETH_P_IP
	EtherTypeARP  = unix.ETH_P_ARP
	EtherTypeIPv6 = unix.ETH_P_IPV6
	ProtocolCARP  = 112
)

// ethernetLen is the length of an Ethernet header.
const ethernetLen = 14

// Frame is an Ethernet frame as it passed an interface, and when.
type Frame struct {
	At       time.Time
	Outgoing bool // left through the interface sniffed on
	Bytes    []byte
}

// Destination is the frame's destination MAC.
func (f Frame) Destination() MAC { return f.mac(0) }

// Source is the frame's source MAC.
func (f Frame) Source() MAC { return f.mac(6) }

func (f Frame) mac(at int) MAC {
	if len(f.Bytes) < ethernetLen {
		return MAC{}
	}
	return MAC(f.Bytes[at : at+6])
}

// EtherType is the frame's type field, 0 if it is too short to have one.
func (f Frame) EtherType() int {
	if len(f.Bytes) < ethernetLen {
		return 0
	}
	return int(binary.BigEndian.Uint16(f.Bytes[12:]))
}

// Payload is what follows the Ethernet header.
func (f Frame) Payload() []byte {
	if len(f.Bytes) < ethernetLen {
		return nil
	}
	return f.Bytes[ethernetLen:]
}

// Protocol is the IP protocol (or IPv6 next header), -1 if the frame carries no IP.
func (f Frame) Protocol() int {
	p := f.Payload()
	switch {
	case f.EtherType() == EtherTypeIPv4 && len(p) >= 20:
		return int(p[9])
	case f.EtherType() == EtherTypeIPv6 && len(p) >= 40:
		return int(p[6])
	}
	return -1
}

// TTL is the IP TTL or hop limit, -1 if the frame carries no IP.
func (f Frame) TTL() int {
	p := f.Payload()
	switch {
	case f.EtherType() == EtherTypeIPv4 && len(p) >= 20:
		return int(p[8])
	case f.EtherType() == EtherTypeIPv6 && len(p) >= 40:
		return int(p[7])
	}
	return -1
}

// From is the IP source, or the sender's address of an ARP frame.
func (f Frame) From() netip.Addr { return f.addr(12, 8, 14) }

// To is the IP destination, or the target's address of an ARP frame.
func (f Frame) To() netip.Addr { return f.addr(16, 24, 24) }

// addr reads an address at the offset of the frame's kind.
func (f Frame) addr(v4, v6, arp int) netip.Addr {
	p := f.Payload()
	switch {
	case f.EtherType() == EtherTypeIPv4 && len(p) >= 20:
		return netip.AddrFrom4([4]byte(p[v4 : v4+4]))
	case f.EtherType() == EtherTypeIPv6 && len(p) >= 40:
		return netip.AddrFrom16([16]byte(p[v6 : v6+16]))
	case f.EtherType() == EtherTypeARP && len(p) >= 28:
		return netip.AddrFrom4([4]byte(p[arp : arp+4]))
	}
	return netip.Addr{}
}

// ARPOperation is 1 for a request, 2 for a reply, 0 if the frame is no ARP.
func (f Frame) ARPOperation() int {
	p := f.Payload()
	if f.EtherType() != EtherTypeARP || len(p) < 28 {
		return 0
	}
	return int(binary.BigEndian.Uint16(p[6:]))
}

// String prints the frame on a line, in the manner of tcpdump -e.
func (f Frame) String() string {
	var b strings.Builder
	direction := "in "
	if f.Outgoing {
		direction = "out"
	}
	fmt.Fprintf(&b, "%s %s %v > %v ", f.At.Format("15:04:05.000000"), direction, f.Source(), f.Destination())
	switch {
	case f.ARPOperation() != 0:
		fmt.Fprintf(&b, "ARP op %d %v > %v", f.ARPOperation(), f.From(), f.To())
	case f.Protocol() >= 0:
		fmt.Fprintf(&b, "%v > %v protocol %d ttl %d", f.From(), f.To(), f.Protocol(), f.TTL())
	default:
		fmt.Fprintf(&b, "type %#04x", f.EtherType())
	}
	fmt.Fprintf(&b, " length %d", len(f.Bytes))
	return b.String()
}

// Filter chooses frames.
type Filter func(Frame) bool

// matches tells whether all filters hold.
func (f Frame) matches(filters []Filter) bool {
	for _, wanted := range filters {
		if !wanted(f) {
			return false
		}
	}
	return true
}

// FromMAC chooses frames with this source MAC.
func FromMAC(mac MAC) Filter { return func(f Frame) bool { return f.Source() == mac } }

// OfType chooses frames of an EtherType.
func OfType(etherType int) Filter { return func(f Frame) bool { return f.EtherType() == etherType } }

// OfProtocol chooses frames of an IP protocol, in IPv4 or IPv6.
func OfProtocol(protocol int) Filter { return func(f Frame) bool { return f.Protocol() == protocol } }

// SentByUs chooses frames that left through the interface sniffed on.
func SentByUs() Filter { return func(f Frame) bool { return f.Outgoing } }

// Since chooses frames that passed at or after a moment.
func Since(t time.Time) Filter { return func(f Frame) bool { return !f.At.Before(t) } }
