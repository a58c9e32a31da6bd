//go:build netns

package link

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

var (
	virtualMAC = [6]byte{0, 0, 0x5e, 0, 1, 7}
	parentMAC  = [6]byte{2, 0, 0, 0, 0, 1}
	peerMAC    = [6]byte{2, 0, 0, 0, 0, 2}
)

// lab is two hosts on a cable: ours, in a network namespace that the test's
// own thread has entered, and a peer that can only be spoken to.
//
//	ours: eth0 192.0.2.2/24  <---- veth ---->  peer0 192.0.2.9/24 :peer
//
// Tests must not use t.Run: a subtest runs on another thread.
type lab struct {
	*Kernel
	t      *testing.T
	eth0   Parent
	peer   *netlink.Handle
	packet int // packet socket on peer0, all protocols
	peer0  int // ifindex
}

func newLab(t *testing.T) *lab {
	t.Helper()
	// Never unlocked: the thread ends with the test and takes its namespace along.
	runtime.LockOSThread()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("set up namespaces (this test needs root): %v", err)
		}
	}
	peerNS, err := netns.New() // enters it
	must(err)
	t.Cleanup(func() { peerNS.Close() })
	l := &lab{t: t}
	l.packet, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	must(err)
	t.Cleanup(func() { unix.Close(l.packet) })
	l.peer, err = netlink.NewHandle(unix.NETLINK_ROUTE)
	must(err)
	t.Cleanup(l.peer.Close)
	must(unix.Unshare(unix.CLONE_NEWNET)) // and leaves it for ours

	l.Kernel, err = Open()
	must(err)
	t.Cleanup(func() { l.Close() })
	at := netlink.NewLinkAttrs()
	at.Name, at.HardwareAddr = "eth0", parentMAC[:]
	must(netlink.LinkAdd(&netlink.Veth{LinkAttrs: at, PeerName: "peer0", PeerHardwareAddr: peerMAC[:], PeerNamespace: netlink.NsFd(int(peerNS))}))
	eth0, err := netlink.LinkByName("eth0")
	must(err)
	address, _ := netlink.ParseAddr("192.0.2.2/24")
	must(netlink.AddrAdd(eth0, address))
	must(netlink.LinkSetUp(eth0))
	peer0, err := l.peer.LinkByName("peer0")
	must(err)
	address, _ = netlink.ParseAddr("192.0.2.9/24")
	must(l.peer.AddrAdd(peer0, address))
	must(l.peer.LinkSetUp(peer0))
	l.peer0 = peer0.Attrs().Index
	must(unix.Bind(l.packet, &unix.SockaddrLinklayer{Protocol: swap16(unix.ETH_P_ALL), Ifindex: l.peer0}))
	l.until("eth0 has carrier", func() bool {
		l.eth0, err = l.Parent("eth0")
		must(err)
		return l.eth0.Carrier
	})
	return l
}

// until polls for a condition.
func (l *lab) until(what string, done func() bool) {
	l.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); {
		if time.Now().After(deadline) {
			l.t.Fatalf("waited in vain until %s\n%s", what, l.picture())
		}
		time.Sleep(time.Millisecond)
	}
}

func (l *lab) ok(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) picture() string {
	s, err := picture(l.net)
	l.ok(err)
	return s
}

// carp makes carp0 on eth0, with the parent prepared.
func (l *lab) carp() int {
	l.t.Helper()
	_, err := l.PrepareParent("eth0")
	l.ok(err)
	index, err := l.EnsureBacking("carp0", l.eth0.Index, virtualMAC)
	l.ok(err)
	return index
}

// arpRequest sends one from the peer, as broadcast.
func (l *lab) arpRequest(target netip.Addr) {
	l.t.Helper()
	frame := append(bytes.Repeat([]byte{0xff}, 6), peerMAC[:]...)
	frame = append(frame, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1)
	frame = append(frame, peerMAC[:]...)
	frame = append(frame, 192, 0, 2, 9, 0, 0, 0, 0, 0, 0)
	l.send(append(frame, target.AsSlice()...))
}

// solicit sends a neighbour solicitation from the peer, fe80::9, as multicast.
func (l *lab) solicit(target netip.Addr) {
	l.t.Helper()
	to := target.As16()
	node := [16]byte{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, to[13], to[14], to[15]}
	icmp := append([]byte{135, 0, 0, 0, 0, 0, 0, 0}, to[:]...)
	icmp = append(icmp, 1, 1)
	l.sendICMP6([6]byte{0x33, 0x33, 0xff, to[13], to[14], to[15]}, node, append(icmp, peerMAC[:]...))
}

// echoes sends an echo request to target at the virtual MAC and reports
// whether a reply from it arrives. The neighbours must know each other.
func (l *lab) echoes(target netip.Addr) bool {
	l.t.Helper()
	l.sendICMP6(virtualMAC, target.As16(), []byte{128, 0, 0, 0, 0, 1, 0, 1})
	found := false
	l.heard(hush, func(f []byte) bool {
		found = len(f) >= 62 && f[12] == 0x86 && f[13] == 0xdd && f[20] == 58 && f[54] == 129 && bytes.Equal(f[22:38], target.AsSlice())
		return found
	})
	return found
}

// sendICMP6 sends a message, whose checksum is yet zero, from fe80::9.
func (l *lab) sendICMP6(mac [6]byte, to [16]byte, icmp []byte) {
	l.t.Helper()
	from := netip.MustParseAddr("fe80::9").As16()
	pseudo := append(append(append([]byte{}, from[:]...), to[:]...), 0, 0, 0, byte(len(icmp)), 0, 0, 0, 58)
	var sum uint32
	for all, i := append(pseudo, icmp...), 0; i < len(all); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(all[i:]))
	}
	binary.BigEndian.PutUint16(icmp[2:], ^uint16(sum+sum>>16))
	frame := append(mac[:], peerMAC[:]...)
	frame = append(frame, 0x86, 0xdd, 0x60, 0, 0, 0, 0, byte(len(icmp)), 58, 255)
	l.send(append(append(append(frame, from[:]...), to[:]...), icmp...))
}

func (l *lab) send(frame []byte) {
	l.t.Helper()
	l.ok(unix.Sendto(l.packet, frame, 0, &unix.SockaddrLinklayer{Ifindex: l.peer0, Halen: 6}))
}

// heard returns the frames that reach the peer within d, until stop says so.
func (l *lab) heard(d time.Duration, stop func(frame []byte) bool) (frames [][]byte) {
	l.t.Helper()
	buf := make([]byte, 2048)
	for deadline := time.Now().Add(d); ; {
		left := time.Until(deadline)
		if left <= 0 {
			return frames
		}
		poll := []unix.PollFd{{Fd: int32(l.packet), Events: unix.POLLIN}}
		if n, err := unix.Poll(poll, int(left.Milliseconds())+1); n == 0 || errors.Is(err, unix.EINTR) {
			continue
		}
		n, from, err := unix.Recvfrom(l.packet, buf, unix.MSG_DONTWAIT)
		if err != nil {
			continue
		}
		if ll, ok := from.(*unix.SockaddrLinklayer); ok && ll.Pkttype == unix.PACKET_OUTGOING {
			continue
		}
		frame := bytes.Clone(buf[:n])
		frames = append(frames, frame)
		if stop(frame) {
			return frames
		}
	}
}

func never([]byte) bool { return false }

// answers asks for the link address of target and returns those given: in ARP
// replies' sender, or advertisements' option. It waits d at most, until one came.
func (l *lab) answers(target netip.Addr, d time.Duration) (macs []net.HardwareAddr) {
	l.t.Helper()
	if target.Is4() {
		l.arpRequest(target)
	} else {
		l.solicit(target)
	}
	l.heard(d, func(f []byte) bool {
		switch {
		case target.Is4() && len(f) >= 42 && f[12] == 8 && f[13] == 6 && f[21] == 2 && bytes.Equal(f[28:32], target.AsSlice()):
			macs = append(macs, bytes.Clone(f[22:28]))
		case target.Is6() && len(f) >= 86 && f[12] == 0x86 && f[13] == 0xdd && f[20] == 58 && f[54] == 136 && bytes.Equal(f[62:78], target.AsSlice()):
			macs = append(macs, bytes.Clone(f[80:86]))
		default:
			return false
		}
		return true
	})
	return macs
}

// fromVirtual returns the frames sent with the virtual MAC as source.
func fromVirtual(frames [][]byte) (ours [][]byte) {
	for _, f := range frames {
		if bytes.Equal(f[6:12], virtualMAC[:]) {
			ours = append(ours, f)
		}
	}
	return ours
}
