//go:build netns

package wire

import (
	"bytes"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// site is a host of a netlab with what tests here want of it.
type site struct {
	*netlab.Host
	t     *testing.T
	local netip.Addr // its link-local address
}

// newSite adds a host; its addresses are usable at once.
func newSite(t *testing.T, lab *netlab.Lab, name string, addrs ...string) *site {
	t.Helper()
	s := &site{Host: lab.HostForTest(t, name, addrs...), t: t, local: netip.MustParseAddr("fe80::" + name)}
	s.run("ip addr add " + s.local.String() + "/64 dev eth0 nodad")
	return s
}

func (s *site) run(words string) {
	s.t.Helper()
	if _, err := s.Run(s.t.Context(), strings.Fields(words)...); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) sysctl(path, value string) {
	s.t.Helper()
	if err := s.SetSysctl(path, value); err != nil {
		s.t.Fatal(err)
	}
}

// listen opens a Conn for vhid 7 on the host.
func (s *site) listen() *Conn {
	s.t.Helper()
	var c *Conn
	if err := s.Do(func() (err error) { c, err = Open("eth0", 7); return err }); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := c.Close(); err != nil {
			s.t.Errorf("close: %v", err)
		}
	})
	return c
}

// to opens a Unicast on the host.
func (s *site) to(src, dst netip.Addr) *Unicast {
	s.t.Helper()
	var u *Unicast
	if err := s.Do(func() (err error) { u, err = OpenUnicast("eth0", src, dst); return err }); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := u.Close(); err != nil {
			s.t.Errorf("close: %v", err)
		}
	})
	return u
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// header is 36 bytes that look to the filter like an advertisement of vhid 7.
func header(mark byte) []byte {
	return append([]byte{0x21, 7}, bytes.Repeat([]byte{mark}, 34)...)
}

// arrives waits for the next frame.
func arrives(t *testing.T, c *Conn) frame.Packet {
	t.Helper()
	buf := make([]byte, 2048)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		await(t, c)
		n, ok, err := c.Receive(buf)
		c.Rearm()
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			p, err := frame.Parse(buf[:n])
			if err != nil {
				t.Fatalf("%v: %x", err, buf[:n])
			}
			return p
		}
	}
	t.Fatalf("nothing within %v", patience)
	return frame.Packet{}
}

// What goes out is an advertisement in all but its destination, and the peer's Conn hears it.
func TestUnicastArrives(t *testing.T) {
	lab := netlab.ForTest(t)
	a, b := newSite(t, lab, "a", "192.0.2.2/24", "2001:db8::2/64"), newSite(t, lab, "b", "192.0.2.3/24", "2001:db8::3/64")
	heard := b.listen()
	for _, pair := range [][2]netip.Addr{
		{addr("192.0.2.2"), addr("192.0.2.3")},
		{addr("2001:db8::2"), addr("2001:db8::3")},
		{a.local, b.local},
		{a.local, addr("2001:db8::3")},
	} {
		u := a.to(pair[0], pair[1])
		for _, tos := range []uint8{0x10, 0x10, 56 << 2} {
			if err := u.Send(header(tos), tos); err != nil {
				t.Fatal(err)
			}
			got := arrives(t, heard)
			want := frame.Packet{
				SrcMAC: frame.MAC(a.MAC()), DstMAC: frame.MAC(b.MAC()), Src: pair[0], Dst: pair[1],
				TTL: 255, TOS: tos, ID: got.ID, Payload: header(tos),
			}
			// Packet.Append sets don't fragment and the flow label zero, as is wanted here.
			if !bytes.Equal(got.Append(nil), want.Append(nil)) {
				t.Errorf("%v: got %+v\nwant %+v", pair, got, want)
			}
		}
	}
	frames, err := b.Sniff(t.Context(), "eth0", netlab.OfProtocol(netlab.ProtocolCARP))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.to(addr("192.0.2.2"), addr("192.0.2.3")).Send(header(1), 0); err != nil {
		t.Fatal(err)
	}
	if err := a.to(addr("2001:db8::2"), addr("2001:db8::3")).Send(header(1), 0); err != nil {
		t.Fatal(err)
	}
	arrives(t, heard)
	arrives(t, heard)
	all, err := frames.Stop()
	if err != nil || len(all) != 2 {
		t.Fatalf("sniffed %v, %v", all, err)
	}
	if b := all[0].Bytes; b[20]&0x40 == 0 {
		t.Errorf("may be fragmented: %x", b)
	}
	if b := all[1].Bytes; b[15]&0x0f != 0 || b[16] != 0 || b[17] != 0 {
		t.Errorf("has a flow label: %x", b)
	}
}

// A router in between; and the peer's last byte is one that has been taken for a multicast address
// (FreeBSD PR 284872).
func TestUnicastAcrossRouter(t *testing.T) {
	lab := netlab.ForTest(t)
	a, b := newSite(t, lab, "a", "192.0.2.2/24", "2001:db8:a::2/64"), newSite(t, lab, "b", "198.51.100.224/24", "2001:db8:b::2/64")
	router := newSite(t, lab, "c", "192.0.2.1/24", "198.51.100.1/24", "2001:db8:a::1/64", "2001:db8:b::1/64")
	router.sysctl("net/ipv4/ip_forward", "1")
	router.sysctl("net/ipv6/conf/all/forwarding", "1")
	for _, s := range []*site{a, b} {
		s.run("ip -6 route add default via fe80::c dev eth0")
	}
	a.run("ip route add default via 192.0.2.1")
	// b has no way back, and would drop for that whatever an IP socket were to receive.
	b.sysctl("net/ipv4/conf/all/rp_filter", "1")
	b.sysctl("net/ipv4/conf/eth0/rp_filter", "1")
	heard := b.listen()
	for _, pair := range [][2]netip.Addr{
		{addr("192.0.2.2"), addr("198.51.100.224")},
		{addr("2001:db8:a::2"), addr("2001:db8:b::2")},
	} {
		if err := a.to(pair[0], pair[1]).Send(header(1), 0); err != nil {
			t.Fatal(err)
		}
		got := arrives(t, heard)
		if got.TTL != 254 || got.SrcMAC != frame.MAC(router.MAC()) || got.Src != pair[0] || got.Dst != pair[1] || !bytes.Equal(got.Payload, header(1)) {
			t.Errorf("%v: got %+v", pair, got)
		}
	}
}

// A host without a socket for protocol 112 complains to the peer. One with a Unicast does not, and
// keeps nothing of what it got.
func TestUnicastKeepsTheKernelQuiet(t *testing.T) {
	lab := netlab.ForTest(t)
	a, b := newSite(t, lab, "a", "192.0.2.2/24", "2001:db8::2/64"), newSite(t, lab, "b", "192.0.2.3/24", "2001:db8::3/64")
	heard := a.listen()
	for _, family := range []struct {
		a, b     string
		protocol int
		ping     string
	}{
		{"192.0.2.2", "192.0.2.3", unix.IPPROTO_ICMP, "ping -c1 -W2 192.0.2.2"},
		{"2001:db8::2", "2001:db8::3", unix.IPPROTO_ICMPV6, "ping -c1 -W2 2001:db8::2"},
	} {
		fromB := b.to(addr(family.b), addr(family.a))
		// complaints are the ICMP errors a sends for three advertisements. The echo that follows
		// them marks the end.
		complaints := func() (n int) {
			sniffer, err := a.Sniff(t.Context(), "eth0", netlab.OfProtocol(family.protocol), netlab.SentByUs())
			if err != nil {
				t.Fatal(err)
			}
			for i := range 3 {
				if err := fromB.Send(header(byte(i)), 0); err != nil {
					t.Fatal(err)
				}
				arrives(t, heard)
			}
			b.run(family.ping)
			frames, err := sniffer.Stop()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range frames {
				payload := f.Payload()[20:]
				if family.protocol == unix.IPPROTO_ICMPV6 {
					payload = f.Payload()[40:]
				}
				if kind := payload[0]; kind == 3 || kind == 4 {
					n++
				}
			}
			return n
		}
		if n := complaints(); n == 0 {
			t.Errorf("%s without a socket: no ICMP error, so the test shows nothing", family.a)
		}
		u := a.to(addr(family.a), addr(family.b))
		if n := complaints(); n != 0 {
			t.Errorf("%s: %d ICMP errors", family.a, n)
		}
		if _, _, err := unix.Recvfrom(u.fd, make([]byte, 64), unix.MSG_DONTWAIT); err != unix.EAGAIN {
			t.Errorf("%s: something waits on the socket: %v", family.a, err)
		}
		if err := u.Send(header(1), 0); err != nil {
			t.Errorf("%s: send after that: %v", family.a, err)
		}
	}
}

func TestUnicastSendRefused(t *testing.T) {
	lab := netlab.ForTest(t)
	a := newSite(t, lab, "a", "192.0.2.2/24", "2001:db8::2/64")
	newSite(t, lab, "b", "192.0.2.3/24", "2001:db8::3/64")
	pairs := [][2]netip.Addr{{addr("192.0.2.2"), addr("203.0.113.3")}, {addr("2001:db8::2"), addr("2001:db8:c::3")}}
	sends := func(step string, want4, want6 error) {
		t.Helper()
		for i, want := range []error{want4, want6} {
			if err := a.to(pairs[i][0], pairs[i][1]).Send(header(1), 0); !errors.Is(err, want) {
				t.Errorf("%s, to %v: %v, want %v", step, pairs[i][1], err, want)
			}
		}
	}
	sends("no route", nil, unix.ENETUNREACH)
	a.run("ip route add 203.0.113.0/24 dev eth0")
	a.run("ip -6 route add 2001:db8:c::/64 dev eth0")
	// Nobody answers there, which must not fail even after the kernel has found out.
	u, u6 := a.to(pairs[0][0], pairs[0][1]), a.to(pairs[1][0], pairs[1][1])
	for end := time.Now().Add(3500 * time.Millisecond); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for _, u := range []*Unicast{u, u6} {
			if err := u.Send(header(1), 0); err != nil {
				t.Fatalf("next hop does not answer: %v", err)
			}
		}
	}

	if err := u.Send(make([]byte, 2000), 0); !errors.Is(err, unix.EMSGSIZE) {
		t.Errorf("longer than the MTU: %v, want EMSGSIZE", err)
	}
	u6 = a.to(a.local, addr("fe80::77"))
	a.run("ip link set eth0 down")
	for _, u := range []*Unicast{u, u6} {
		if err := u.Send(header(1), 0); !errors.Is(err, unix.ENETDOWN) {
			t.Errorf("parent down, to %v: %v, want ENETDOWN", u.dst, err)
		}
	}
	a.run("ip link set eth0 up")
	a.run("ip route replace 203.0.113.0/24 dev eth0")
	if err := u.Send(header(1), 0); err != nil {
		t.Errorf("up again: %v", err)
	}
	a.run("ip link del eth0")
	if err := u.Send(header(1), 0); !errors.Is(err, unix.ENODEV) {
		t.Errorf("parent gone: %v, want ENODEV", err)
	}
	for range 2 {
		if err := u.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := u.Send(header(1), 0); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed: %v, want ErrClosed", err)
	}
}

func TestOpenUnicastRefused(t *testing.T) {
	namespace(t)
	ip(t, "addr add 192.0.2.2/24 dev near")
	for _, tt := range []struct {
		name, ifname, src, dst string
		want                   error
	}{
		{"no such interface", "absent", "192.0.2.2", "192.0.2.3", unix.ENODEV},
		{"no name", "", "192.0.2.2", "192.0.2.3", unix.ENODEV},
		{"name too long", "a-name-that-is-too-long", "192.0.2.2", "192.0.2.3", unix.EINVAL},
		{"source of another host", "near", "192.0.2.9", "192.0.2.3", unix.EADDRNOTAVAIL},
		{"source of another host, IPv6", "near", "2001:db8::9", "2001:db8::3", unix.EADDRNOTAVAIL},
		{"two families", "near", "192.0.2.2", "2001:db8::3", unix.EINVAL},
		{"group", "near", "192.0.2.2", "224.0.0.18", unix.EINVAL},
		{"IPv6 group", "near", "fe80::1", "ff02::12", unix.EINVAL},
		{"nobody", "near", "0.0.0.0", "192.0.2.3", unix.EINVAL},
		{"IPv4 in IPv6", "near", "::ffff:192.0.2.2", "::ffff:192.0.2.3", unix.EINVAL},
	} {
		u, err := OpenUnicast(tt.ifname, addr(tt.src), addr(tt.dst))
		if err == nil {
			u.Close()
		}
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := OpenUnicast("near", netip.Addr{}, netip.Addr{}); !errors.Is(err, unix.EINVAL) {
		t.Errorf("no addresses: %v, want EINVAL", err)
	}

	// Without CAP_NET_RAW, which the thread gives up for good.
	capabilities := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&capabilities, &none[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenUnicast("near", addr("192.0.2.2"), addr("192.0.2.3")); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("unprivileged: %v, want permission denied", err)
	}
}
