//go:build netns

package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
)

// patience bounds every wait for something that must happen; a healthy run waits milliseconds.
const patience = 10 * time.Second

// namespace moves the test into a network namespace of its own, with the two ends of one cable,
// near and far, both up. The thread is never unlocked: it, and the namespace, end with the test.
func namespace(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("tests with the tag netns need root")
	}
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatalf("new network namespace: %v", err)
	}
	ip(t, "link add near type veth peer name far")
	ip(t, "link set near up")
	ip(t, "link set far up")
	awaitCarrier(t, "near")
	awaitCarrier(t, "far")
}

func ip(t *testing.T, words string) {
	t.Helper()
	if out, err := exec.Command("ip", strings.Fields(words)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v\n%s", words, err, out)
	}
}

func mustOpen(t *testing.T, ifname string, vhid uint8) *Conn {
	t.Helper()
	c, err := Open(ifname, vhid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close %s: %v", ifname, err)
		}
	})
	return c
}

// await waits for one notice.
func await(t *testing.T, c *Conn) {
	t.Helper()
	select {
	case <-c.Ready():
	case <-time.After(patience):
		t.Fatalf("%s: no notice within %v", c.ifname, patience)
	}
}

// receive waits for the next n frames as an owner does, and returns their texts.
func receive(t *testing.T, c *Conn, n int) []string {
	t.Helper()
	var texts []string
	for deadline := time.Now().Add(patience); len(texts) < n; {
		if time.Now().After(deadline) {
			t.Fatalf("%s: %d frames within %v, want %d: %q", c.ifname, len(texts), patience, n, texts)
		}
		await(t, c)
		texts = append(texts, drain(t, c)...)
		c.Rearm()
	}
	return texts
}

// wantNext checks the frames up to and including the last one wanted. A frame that must not arrive
// is sent before one that must, so nothing here waits to see that nothing happens.
func wantNext(t *testing.T, c *Conn, want ...string) {
	t.Helper()
	if got := receive(t, c, len(want)); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s received %q, want %q", c.ifname, got, want)
	}
}

func TestConnReceives(t *testing.T) {
	namespace(t)
	near, far := mustOpen(t, "near", 7), mustOpen(t, "far", 9)
	send(t, far, advertisement(frame.GroupIPv4, 8, "another vhid"))
	send(t, far, advertisement(frame.GroupIPv4, 7, "one"))
	send(t, far, advertisement(frame.GroupIPv6, 6, "another vhid"))
	send(t, far, frame.AppendGratuitousARP(nil, frame.MAC{2}, frame.GroupIPv4.Addr, frame.ARPReply))
	send(t, far, advertisement(frame.GroupIPv6, 7, "two"))
	wantNext(t, near, "one", "two")
	if got, want := near.Stats(), (Stats{Received: 2}); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
	if got, want := near.Stats(), (Stats{Received: 2}); got != want {
		t.Errorf("stats asked again %+v, want %+v", got, want)
	}
}

// What arrives is what was sent, byte for byte.
func TestConnBytes(t *testing.T) {
	namespace(t)
	near, far := mustOpen(t, "near", 7), mustOpen(t, "far", 7)
	want := advertisement(frame.GroupIPv6, 7, "payload")
	send(t, far, want)
	await(t, near)
	buf := make([]byte, 2048)
	n, ok, err := near.Receive(buf)
	if err != nil || !ok || !bytes.Equal(buf[:n], want) {
		t.Errorf("got %x, %v, %v\nwant %x", buf[:n], ok, err, want)
	}
	send(t, far, want)
	near.Rearm()
	await(t, near)
	if n, ok, err := near.Receive(buf[:20]); n != 20 || !ok || err != nil || !bytes.Equal(buf[:20], want[:20]) {
		t.Errorf("short buffer: %d bytes, %v, %v", n, ok, err)
	}
}

func TestConnIgnoresOwnFrames(t *testing.T) {
	namespace(t)
	near, second, far := mustOpen(t, "near", 7), mustOpen(t, "near", 7), mustOpen(t, "far", 7)
	send(t, near, advertisement(frame.GroupIPv4, 7, "own"))
	send(t, second, advertisement(frame.GroupIPv6, 7, "own host's"))
	wantNext(t, far, "own", "own host's")
	send(t, far, advertisement(frame.GroupIPv4, 7, "theirs"))
	wantNext(t, near, "theirs")
	wantNext(t, second, "theirs")
}

// The filter alone refuses them too: kernels before 4.20 know no other way. The sender is a second
// socket, because the kernel never gives a frame back to the socket it came from.
func TestConnFilterIgnoresOwnFrames(t *testing.T) {
	namespace(t)
	near, second, far := mustOpen(t, "near", 7), mustOpen(t, "near", 9), mustOpen(t, "far", 7)
	err := near.control(func(fd int) error {
		return unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 0)
	})
	if err != nil {
		t.Fatal(err)
	}
	send(t, second, advertisement(frame.GroupIPv4, 7, "own host's"))
	send(t, far, advertisement(frame.GroupIPv4, 7, "theirs"))
	wantNext(t, near, "theirs")
}

func TestConnTwoVHIDsOnOneParent(t *testing.T) {
	namespace(t)
	seven, eight, far := mustOpen(t, "near", 7), mustOpen(t, "near", 8), mustOpen(t, "far", 9)
	send(t, far, advertisement(frame.GroupIPv4, 7, "to 7"))
	send(t, far, advertisement(frame.GroupIPv4, 8, "to 8"))
	send(t, far, advertisement(frame.GroupIPv6, 7, "to 7 again"))
	send(t, far, advertisement(frame.GroupIPv6, 8, "to 8 again"))
	wantNext(t, seven, "to 7", "to 7 again")
	wantNext(t, eight, "to 8", "to 8 again")
}

// A macvlan with the very MAC the frames come from would swallow them; the socket is before it.
func TestConnHearsBeforeMacvlan(t *testing.T) {
	namespace(t)
	ip(t, "link add carp0 link near address 00:00:5e:00:01:07 type macvlan mode bridge")
	near, far := mustOpen(t, "near", 7), mustOpen(t, "far", 7)
	send(t, far, advertisement(frame.GroupIPv4, 7, "carp0 down"))
	wantNext(t, near, "carp0 down")
	ip(t, "link set carp0 up")
	send(t, far, advertisement(frame.GroupIPv6, 7, "carp0 up"))
	wantNext(t, near, "carp0 up")
	send(t, near, advertisement(frame.GroupIPv4, 7, "with the macvlan's source"))
	wantNext(t, far, "with the macvlan's source")
}

// Of tagged frames only those with the tag 0, a mere priority, belong to the untagged network. The
// kernel has moved the tag out of the bytes before the filter sees them.
func TestConnVLAN(t *testing.T) {
	namespace(t)
	near, far := mustOpen(t, "near", 7), mustOpen(t, "far", 7)
	tagged := func(tag uint16, text string) []byte {
		b := advertisement(frame.GroupIPv4, 7, text)
		return append(b[:12:12], append([]byte{0x81, 0x00, byte(tag >> 8), byte(tag)}, b[12:]...)...)
	}
	send(t, far, tagged(10, "VLAN 10"))
	send(t, far, tagged(0xe00a, "VLAN 10, priority 7"))
	send(t, far, tagged(0xe000, "priority 7, no VLAN"))
	send(t, far, advertisement(frame.GroupIPv4, 7, "untagged"))
	wantNext(t, near, "priority 7, no VLAN", "untagged")
}

func TestConnJoinsGroups(t *testing.T) {
	namespace(t)
	joined := func() string {
		out, err := exec.Command("ip", "maddress", "show", "dev", "near").Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	c := mustOpen(t, "near", 7)
	for _, group := range []frame.Group{frame.GroupIPv4, frame.GroupIPv6} {
		if !strings.Contains(joined(), group.MAC.String()) {
			t.Errorf("%v not joined:\n%s", group.MAC, joined())
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if after := joined(); strings.Contains(after, frame.GroupIPv4.MAC.String()) {
		t.Errorf("still joined after Close:\n%s", after)
	}
}

// Everything sent while the owner slept is there when it wakes, and what did not fit is counted.
func TestConnQueuesForALateOwner(t *testing.T) {
	namespace(t)
	near, far := mustOpen(t, "near", 7), mustOpen(t, "far", 7)
	const atLeast, sent = 900, 20000
	for i := range sent {
		send(t, far, advertisement(frame.GroupIPv4, 7, fmt.Sprint(i)))
	}
	await(t, near)
	got := drain(t, near)
	if len(got) < atLeast {
		t.Errorf("%d frames waited, want at least %d", len(got), atLeast)
	}
	for i, text := range got {
		if text != fmt.Sprint(i) {
			t.Fatalf("frame %d is %q", i, text)
		}
	}
	stats := near.Stats()
	if stats.Received != uint64(len(got)) || stats.Received+stats.Dropped != sent {
		t.Errorf("stats %+v, drained %d of %d", stats, len(got), sent)
	}
	t.Logf("%d of %d frames waited", len(got), sent)
}

func TestConnClose(t *testing.T) {
	before := goleak.IgnoreCurrent()
	for _, state := range []string{"waiting for frames", "notice not taken", "waiting for Rearm"} {
		t.Run(state, func(t *testing.T) {
			namespace(t)
			far := mustOpen(t, "far", 7)
			near := mustOpen(t, "near", 7)
			if state != "waiting for frames" {
				send(t, far, advertisement(frame.GroupIPv4, 7, "hello"))
			}
			if state == "waiting for Rearm" {
				await(t, near)
			}
			for range 2 {
				if err := near.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			}
			if _, ok, err := near.Receive(make([]byte, 64)); ok || !errors.Is(err, os.ErrClosed) {
				t.Errorf("receive: %v, %v, want ErrClosed", ok, err)
			}
			if err := near.Send(make([]byte, 64)); !errors.Is(err, os.ErrClosed) {
				t.Errorf("send: %v, want ErrClosed", err)
			}
			near.Rearm()
			near.Stats()
		})
	}
	goleak.VerifyNone(t, before)
}

func TestConnSendRefused(t *testing.T) {
	namespace(t)
	near := mustOpen(t, "near", 7)
	if err := near.Send(make([]byte, 2000)); !errors.Is(err, unix.EMSGSIZE) {
		t.Errorf("longer than the MTU: %v, want EMSGSIZE", err)
	}
}

func TestOpenRefused(t *testing.T) {
	tests := []struct {
		name, ifname string
		vhid         uint8
		want         error
	}{
		{"no such interface", "absent", 7, unix.ENODEV},
		{"name too long", "a-name-that-is-too-long", 7, unix.EINVAL},
		{"no name", "", 7, unix.ENODEV},
		{"vhid 0", "near", 0, unix.EINVAL},
		{"loopback", "lo", 7, unix.EAFNOSUPPORT},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			namespace(t)
			c, err := Open(tt.ifname, tt.vhid)
			if err == nil {
				c.Close()
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

// Without CAP_NET_RAW, which the thread gives up for good.
func TestOpenUnprivileged(t *testing.T) {
	namespace(t)
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData // version 3 has 64 bits of each set
	if err := unix.Capset(&header, &none[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := Open("near", 7); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error %v, want permission denied", err)
	}
}
