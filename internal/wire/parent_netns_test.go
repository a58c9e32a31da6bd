//go:build netns

package wire

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
)

// becomes drains the connection until an error matches, and returns the texts met on the way. It
// asks again without a notice: the kernel gives none for a deletion.
func becomes(t *testing.T, c *Conn, want error) (texts []string) {
	t.Helper()
	buf := make([]byte, 2048)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		n, ok, err := c.Receive(buf)
		switch {
		case errors.Is(err, want):
			return texts
		case ok:
			texts = append(texts, string(buf[36:n]))
		default:
			time.Sleep(time.Millisecond)
		}
	}
	t.Fatalf("%s: Receive never said %v", c.ifname, want)
	return nil
}

// awaitCarrier waits until the interface is operational. A carrier alone is not enough: the kernel
// attaches the send queue a moment later, and until then drops what is sent without an error.
func awaitCarrier(t *testing.T, ifname string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		out, err := exec.Command("ip", "-o", "link", "show", "dev", ifname).Output()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(out, []byte(" state UP ")) {
			return
		}
	}
	t.Fatalf("%s: no carrier within %v", ifname, patience)
}

// A going down is told once, after the frames that came before it, and ends by itself.
func TestConnSurvivesLinkDown(t *testing.T) {
	namespace(t)
	near, far := mustOpen(t, "near", 7), mustOpen(t, "far", 7)
	for round := range 3 {
		send(t, far, advertisement(frame.GroupIPv4, 7, "before"))
		await(t, near)
		ip(t, "link set near down")
		if got := becomes(t, near, unix.ENETDOWN); fmt.Sprint(got) != "[before]" {
			t.Errorf("round %d: before the error %q, want the frame that came before it", round, got)
		}
		if _, ok, err := near.Receive(make([]byte, 64)); ok || err != nil {
			t.Errorf("round %d: told twice: %v, %v", round, ok, err)
		}
		if err := near.Send(advertisement(frame.GroupIPv4, 7, "lost")); !errors.Is(err, unix.ENETDOWN) {
			t.Errorf("round %d: send while down: %v, want ENETDOWN", round, err)
		}
		near.Rearm()
		ip(t, "link set near up")
		awaitCarrier(t, "near")
		send(t, far, advertisement(frame.GroupIPv4, 7, "after"))
		wantNext(t, near, "after")
		send(t, near, advertisement(frame.GroupIPv4, 7, "answer"))
		receive(t, far, 1)
	}
}

// The watcher must notice a going down by itself, with nothing in the queue.
func TestConnNoticesLinkDown(t *testing.T) {
	namespace(t)
	near := mustOpen(t, "near", 7)
	ip(t, "link set near down")
	await(t, near)
	if _, ok, err := near.Receive(make([]byte, 64)); ok || !errors.Is(err, unix.ENETDOWN) {
		t.Errorf("got %v, %v, want ENETDOWN", ok, err)
	}
}

// Down and up again before anybody looked: the first frame still goes out.
func TestConnSendAfterFlap(t *testing.T) {
	namespace(t)
	near, far := mustOpen(t, "near", 7), mustOpen(t, "far", 7)
	ip(t, "link set near down")
	ip(t, "link set near up")
	awaitCarrier(t, "near")
	send(t, near, advertisement(frame.GroupIPv4, 7, "first"))
	wantNext(t, far, "first")
	if _, ok, err := near.Receive(make([]byte, 64)); ok || !errors.Is(err, unix.ENETDOWN) {
		t.Errorf("got %v, %v, want ENETDOWN told all the same", ok, err)
	}
}

func TestConnOpenedWhileDown(t *testing.T) {
	namespace(t)
	ip(t, "link set near down")
	near, far := mustOpen(t, "near", 7), mustOpen(t, "far", 7)
	becomes(t, near, unix.ENETDOWN)
	ip(t, "link set near up")
	awaitCarrier(t, "near")
	send(t, far, advertisement(frame.GroupIPv4, 7, "hello"))
	wantNext(t, near, "hello")
}

func TestConnParentDeleted(t *testing.T) {
	for _, first := range []string{"up", "down"} {
		t.Run(first, func(t *testing.T) {
			namespace(t)
			near := mustOpen(t, "near", 7)
			ip(t, "link set near "+first)
			ip(t, "link del near")
			await(t, near)
			becomes(t, near, unix.ENODEV)
			if _, _, err := near.Receive(make([]byte, 64)); !errors.Is(err, unix.ENODEV) {
				t.Errorf("asked again: %v, want ENODEV to stay", err)
			}
			if err := near.Send(advertisement(frame.GroupIPv4, 7, "lost")); !errors.Is(err, unix.ENXIO) {
				t.Errorf("send: %v, want ENXIO", err)
			}
		})
	}
}
