//go:build netns

package link

import (
	"context"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// sendFrom sends an empty datagram from this thread's namespace.
func sendFrom(from netip.Addr, to netip.AddrPort) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: from.As4()}); err != nil {
		return os.NewSyscallError("bind", err)
	}
	return os.NewSyscallError("sendto", unix.Sendto(fd, nil, 0, &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}))
}

func TestWatch(t *testing.T) {
	l := newLab(t)
	l.carp()
	goroutines := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	events, err := l.Watch(ctx)
	l.ok(err)

	peer0, err := l.peer.LinkByName("peer0")
	l.ok(err)
	l.ok(l.peer.LinkSetDown(peer0))
	next(t, events, "eth0 loses carrier", func(e Event) bool {
		return e.Kind == LinkChanged && e.Name == "eth0" && e.Up && !e.Carrier
	})
	l.ok(l.peer.LinkSetUp(peer0))
	next(t, events, "eth0 has carrier again", func(e Event) bool {
		return e.Kind == LinkChanged && e.Name == "eth0" && e.Up && e.Carrier
	})

	// A second carpN, born under the eyes of the watch: its renewals are not
	// news, the loss of an address is.
	_, err = l.EnsureBacking("carp1", l.eth0.Index, [6]byte{0, 0, 0x5e, 0, 1, 9})
	l.ok(err)
	next(t, events, "carp1 is made", func(e Event) bool { return e.Kind == LinkChanged && e.Name == "carp1" })
	l.ok(l.Claim("carp1", many(1, 60*time.Second)))
	next(t, events, "carp1 is up", func(e Event) bool { return e.Kind == LinkChanged && e.Name == "carp1" && e.Up })
	for range 50 {
		_, err := l.Renew("carp1", many(1, 60*time.Second))
		l.ok(err)
	}
	d, err := l.host.device("carp1")
	l.ok(err)
	l.ok(l.host.deleteAddress(d, vip4))
	renewals := 0
	next(t, events, "carp1 loses its address", func(e Event) bool {
		if e.Kind == AddressChanged && e.Name == "carp1" && !e.Removed {
			renewals++
		}
		return e.Kind == AddressChanged && e.Name == "carp1" && e.Removed && e.Prefix == vip4
	})
	if renewals > 0 {
		t.Errorf("%d renewals of 50 reported", renewals)
	}

	eth0, err := netlink.LinkByName("eth0")
	l.ok(err)
	address, _ := netlink.ParseAddr("2001:db8:1::2/64")
	l.ok(netlink.AddrAdd(eth0, address))
	next(t, events, "eth0 gains an address", func(e Event) bool {
		return e.Kind == AddressChanged && e.Name == "eth0" && !e.Removed && e.Prefix.String() == "2001:db8:1::2/64"
	})

	// Leaving a bridge is not being deleted.
	at := netlink.NewLinkAttrs()
	at.Name = "br0"
	l.ok(netlink.LinkAdd(&netlink.Bridge{LinkAttrs: at}))
	br0, err := netlink.LinkByName("br0")
	l.ok(err)
	tap := netlink.NewLinkAttrs()
	tap.Name = "eth2"
	l.ok(netlink.LinkAdd(&netlink.Veth{LinkAttrs: tap, PeerName: "eth3"}))
	eth2, err := netlink.LinkByName("eth2")
	l.ok(err)
	l.ok(netlink.LinkSetMaster(eth2, br0))
	l.ok(netlink.LinkSetNoMaster(eth2))
	l.ok(netlink.LinkDel(br0))
	if e := next(t, events, "a link goes", func(e Event) bool { return e.Kind == LinkGone }); e.Name != "br0" {
		t.Errorf("%s reported gone", e.Name)
	}

	l.ok(netlink.LinkDel(eth0))
	next(t, events, "carp0 goes with its parent", func(e Event) bool { return e.Kind == LinkGone && e.Name == "carp0" })
	next(t, events, "eth0 goes", func(e Event) bool { return e.Kind == LinkGone && e.Name == "eth0" })

	cancel()
	for range events { // closes
	}
	l.until("the goroutines of the watch have ended", func() bool { return runtime.NumGoroutine() <= goroutines })
}

// A consumer that does not read costs nothing but its news.
func TestWatchSlowConsumer(t *testing.T) {
	l := newLab(t)
	events, err := l.Watch(t.Context())
	l.ok(err)
	eth0, err := netlink.LinkByName("eth0")
	l.ok(err)
	address, _ := netlink.ParseAddr("203.0.113.1/24")
	for range maxPending {
		l.ok(netlink.AddrAdd(eth0, address))
		l.ok(netlink.AddrDel(eth0, address))
	}
	next(t, events, "news were dropped", func(e Event) bool { return e.Kind == Resync })
}
