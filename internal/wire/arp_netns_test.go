//go:build netns

package wire

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
)

var _ segment = (*ARPConn)(nil)

// A macvlan with the MAC that a unicast request goes to takes it; the socket is before it.
func TestARPConn(t *testing.T) {
	namespace(t)
	ip(t, "link add carp0 link near address 00:00:5e:00:01:07 type macvlan mode bridge")
	ip(t, "link set carp0 up")
	near, err := OpenARP("near", []netip.Addr{balanced})
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far := mustOpen(t, "far", 7)
	send(t, far, request(func(a *frame.ARP) { a.TargetAddr = a.TargetAddr.Next() }))
	send(t, far, request(func(a *frame.ARP) { a.Op = frame.ARPReply }))
	send(t, far, advertisement(frame.GroupIPv4, 7, "not ARP"))
	send(t, near, request(func(*frame.ARP) {})) // its own is not heard
	send(t, far, request(func(*frame.ARP) {}))
	send(t, far, request(func(a *frame.ARP) { a.DstMAC = frame.MAC{0, 0, 0x5e, 0, 1, 7} }))
	var got []string
	for deadline := time.Now().Add(patience); len(got) < 2; near.Rearm() {
		if time.Now().After(deadline) {
			t.Fatalf("heard %v within %v", got, patience)
		}
		await(t, near.Conn)
		got = append(got, targets(t, near)...)
	}
	if want := []string{"192.0.2.20", "192.0.2.20"}; !slices.Equal(got, want) {
		t.Errorf("heard %v, want %v", got, want)
	}
	if got, want := near.Stats(), (Stats{Received: 2}); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
}

func TestOpenARPRefused(t *testing.T) {
	namespace(t)
	for ifname, want := range map[string]error{"absent": unix.ENODEV, "lo": unix.EAFNOSUPPORT} {
		if _, err := OpenARP(ifname, nil); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", ifname, err, want)
		}
	}
	if _, err := OpenARP("near", []netip.Addr{netip.IPv6Loopback()}); !errors.Is(err, unix.EINVAL) {
		t.Errorf("IPv6 target: %v, want EINVAL", err)
	}
	var all []netip.Addr
	for a := balanced; len(all) < maxARPTargets; a = a.Next() {
		all = append(all, a)
	}
	c, err := OpenARP("near", all)
	if err != nil {
		t.Fatalf("the greatest number of targets: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
