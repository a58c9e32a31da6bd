package netlab

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Echo header types (RFC 792, RFC 4443), and the length of header and payload. The
// payload carries a 64-bit sequence number, because the one in the header wraps
// after 65 seconds at 1 kHz.
const (
	echoRequest4 = 8
	echoReply4   = 0
	echoRequest6 = 128
	echoReply6   = 129
	echoLen      = 8 + 8
)

// icmpFilter is ICMP_FILTER of linux/icmp.h: a mask of the types a raw socket does
// not want.
const icmpFilter = 1

// echoID tells probes of one process apart: every raw socket of a host sees every
// reply.
var echoID atomic.Uint32

// echoSocket is a raw ICMP socket that asks one address for echoes.
type echoSocket struct {
	fd int
	to unix.Sockaddr
	v6 bool
	id uint16
}

// reply is an echo reply as received; at is when the kernel received it.
type reply struct {
	seq uint64
	at  time.Time
	ttl int
}

// openEcho opens the socket in the namespace.
func openEcho(ns namespace, to netip.Addr) (*echoSocket, error) {
	s := &echoSocket{fd: -1, v6: to.Is6(), id: uint16(echoID.Add(1))}
	err := ns.do(func() (err error) {
		family, protocol := unix.AF_INET, unix.IPPROTO_ICMP
		if s.v6 {
			family, protocol = unix.AF_INET6, unix.IPPROTO_ICMPV6
		}
		s.fd, err = unix.Socket(family, unix.SOCK_RAW|unix.SOCK_CLOEXEC, protocol)
		if err == nil {
			err = s.configure(to)
		}
		return err
	})
	if err != nil {
		s.close()
		return nil, fmt.Errorf("netlab: echo socket for %v: %w", to, err)
	}
	return s, nil
}

// configure asks for replies only, stamped by the kernel and with their TTL, and
// bounds every read, so that the reader can see that it should end.
func (s *echoSocket) configure(to netip.Addr) error {
	var family error
	if s.v6 {
		s.to = &unix.SockaddrInet6{Addr: to.As16()}
		wanted := unix.ICMPv6Filter{}
		for i := range wanted.Data {
			wanted.Data[i] = ^uint32(0)
		}
		wanted.Data[echoReply6/32] &^= 1 << (echoReply6 % 32)
		family = unix.SetsockoptICMPv6Filter(s.fd, unix.IPPROTO_ICMPV6, unix.ICMPV6_FILTER, &wanted)
		if family == nil {
			family = unix.SetsockoptInt(s.fd, unix.IPPROTO_IPV6, unix.IPV6_RECVHOPLIMIT, 1)
		}
	} else {
		s.to = &unix.SockaddrInet4{Addr: to.As4()}
		family = unix.SetsockoptInt(s.fd, unix.SOL_RAW, icmpFilter, ^(1 << echoReply4))
	}
	if family != nil {
		return family
	}
	if err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return err
	}
	// Room for a reader that is kept waiting on a busy machine.
	if err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 4<<20); err != nil {
		return err
	}
	wait := unix.NsecToTimeval((20 * time.Millisecond).Nanoseconds())
	return unix.SetsockoptTimeval(s.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait)
}

func (s *echoSocket) close() {
	if s.fd >= 0 {
		_ = unix.Close(s.fd)
		s.fd = -1
	}
}

// send sends one request. The kernel fills in the ICMPv6 checksum by itself.
func (s *echoSocket) send(seq uint64) error {
	var b [echoLen]byte
	b[0] = echoRequest4
	if s.v6 {
		b[0] = echoRequest6
	}
	binary.BigEndian.PutUint16(b[4:], s.id)
	binary.BigEndian.PutUint16(b[6:], uint16(seq))
	binary.BigEndian.PutUint64(b[8:], seq)
	if !s.v6 {
		binary.BigEndian.PutUint16(b[2:], internetChecksum(b[:]))
	}
	return unix.Sendto(s.fd, b[:], 0, s.to)
}

// receive waits a moment for one reply to this socket's own requests; ok is false
// if none came.
func (s *echoSocket) receive() (r reply, ok bool) {
	var data [512]byte
	var control [256]byte
	n, cn, _, _, err := unix.Recvmsg(s.fd, data[:], control[:], 0)
	if err != nil {
		return reply{}, false
	}
	b := data[:n]
	if !s.v6 { // a raw IPv4 socket is handed the IP header too
		if n < 20 || n < int(b[0]&0x0f)*4 {
			return reply{}, false
		}
		r.ttl = int(b[8])
		b = b[int(b[0]&0x0f)*4:]
	}
	if len(b) < echoLen || binary.BigEndian.Uint16(b[4:]) != s.id {
		return reply{}, false
	}
	r.seq = binary.BigEndian.Uint64(b[8:])
	r.at = time.Now()
	if at, ok := kernelTime(control[:cn]); ok {
		r.at = at
	}
	if s.v6 {
		r.ttl = hopLimit(control[:cn])
	}
	return r, true
}

// internetChecksum is the one of RFC 1071.
func internetChecksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	if len(b)%2 == 1 {
		sum += uint32(b[len(b)-1]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
