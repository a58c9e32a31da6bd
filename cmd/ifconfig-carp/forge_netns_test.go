//go:build netns

package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// forgeries are what is wrong with a frame, by the verdict that it is to meet.
var forgeries = map[string]func(*frame.Packet){
	"auth":     func(*frame.Packet) {}, // its digest is none
	"ttl":      func(p *frame.Packet) { p.TTL = 254 },
	"checksum": func(p *frame.Packet) { p.Payload[7] ^= 1 },
	"short":    func(p *frame.Packet) { p.Payload = p.Payload[:35] },
	"elsewhere": func(p *frame.Packet) {
		p.Dst = netip.MustParseAddr("224.0.0.1")
	},
	// 1: a header of version 3 would be one of VRRP.
	"version": func(p *frame.Packet) {
		p.Payload[0] -= 0x10 // what the sum has less, the checksum gets
		binary.BigEndian.PutUint16(p.Payload[6:], binary.BigEndian.Uint16(p.Payload[6:])+0x1000)
	},
	"vrrp": func(p *frame.Packet) { p.Payload = []byte{0x31, 1, 100, 1, 0, 100, 0, 0, 192, 168, 1, 50} },
}

// forge HOST WHAT [N]: the host sends N frames for vhid 1 with that mistake, 1 if it is
// not said how many; with a 6 behind WHAT over IPv6.
func forge(ts *testscript.TestScript, neg bool, args []string) {
	all := ts.Value(hostsKey{}).(hosts)
	n := 1
	if len(args) == 3 {
		_, err := fmt.Sscan(args[2], &n)
		ts.Check(err)
	}
	if neg || len(args) < 2 || all[args[0]] == nil {
		ts.Fatalf("usage: forge host what [n]")
	}
	what, is6 := args[1], args[1][len(args[1])-1] == '6'
	if is6 {
		what = what[:len(what)-1]
	}
	spoil := forgeries[what]
	if spoil == nil {
		ts.Fatalf("forge: no %q", args[1])
	}
	ad := carp.Advertisement{VHID: 1, Timing: carp.Timing{Base: 1}}
	p := frame.Packet{SrcMAC: frame.MAC{2, 0, 0, 0, 0, 5}, Src: netip.MustParseAddr("192.168.1.5"), Payload: ad.Append(nil)}.To(frame.GroupIPv4)
	if is6 {
		p.Src = netip.MustParseAddr("fe80::5")
		p = p.To(frame.GroupIPv6)
	}
	spoil(&p)
	ts.Check(enter(all[args[0]]))
	err := transmit("eth0", p.Append(nil), n)
	ts.Check(enter(all["hosta"]))
	ts.Check(err)
}

// transmit sends a frame n times.
func transmit(card string, frame []byte, n int) error {
	dev, err := net.InterfaceByName(card)
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	for range n {
		if err := unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: dev.Index}); err != nil {
			return err
		}
	}
	return nil
}
