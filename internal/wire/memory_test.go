package wire

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
)

// segment is what the owner of a Conn or Port uses; both must have it.
type segment interface {
	Send(frame []byte) error
	Receive(buf []byte) (n int, ok bool, err error)
	Ready() <-chan struct{}
	Rearm()
	Close() error
}

var (
	_ segment = (*Conn)(nil)
	_ segment = (*Port)(nil)
)

// drain returns the text of every frame that is waiting now.
func drain(t *testing.T, s segment) []string {
	t.Helper()
	texts := []string{}
	buf := make([]byte, 2048)
	for {
		n, ok, err := s.Receive(buf)
		if err != nil {
			t.Fatalf("after %q: %v", texts, err)
		}
		if !ok {
			return texts
		}
		p, err := frame.Parse(buf[:n])
		if err != nil {
			t.Fatalf("after %q: %v: %x", texts, err, buf[:n])
		}
		texts = append(texts, string(p.Payload[2:]))
	}
}

func send(t *testing.T, s segment, b []byte) {
	t.Helper()
	if err := s.Send(b); err != nil {
		t.Fatal(err)
	}
}

func wantFrames(t *testing.T, s segment, want ...string) {
	t.Helper()
	if got := drain(t, s); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("received %q, want %q", got, want)
	}
}

func TestHubDelivery(t *testing.T) {
	var hub Hub
	a, b, c, sniffer := hub.Plug(7), hub.Plug(7), hub.Plug(8), hub.Plug(0)
	send(t, a, advertisement(frame.GroupIPv4, 7, "one"))
	send(t, c, advertisement(frame.GroupIPv6, 8, "two"))
	send(t, c, advertisement(frame.GroupIPv6, 7, "three"))
	wantFrames(t, a, "three")
	wantFrames(t, b, "one", "three")
	wantFrames(t, c)
	wantFrames(t, sniffer, "one", "two", "three")
}

func TestHubCopies(t *testing.T) {
	var hub Hub
	a, b := hub.Plug(7), hub.Plug(7)
	buf := advertisement(frame.GroupIPv4, 7, "one")
	send(t, a, buf)
	clear(buf)
	wantFrames(t, b, "one")
}

func TestHubCut(t *testing.T) {
	var hub Hub
	a, b, c := hub.Plug(7), hub.Plug(7), hub.Plug(7)
	send(t, b, advertisement(frame.GroupIPv4, 7, "before"))
	hub.Cut(a)
	send(t, a, advertisement(frame.GroupIPv4, 7, "from the cut one"))
	send(t, b, advertisement(frame.GroupIPv4, 7, "past the cut one"))
	hub.Mend(a)
	send(t, a, advertisement(frame.GroupIPv4, 7, "after"))
	wantFrames(t, a, "before")
	wantFrames(t, b, "after")
	wantFrames(t, c, "before", "past the cut one", "after")
}

func TestPortFailSends(t *testing.T) {
	var hub Hub
	a, b := hub.Plug(7), hub.Plug(7)
	a.FailSends(unix.ENOBUFS)
	if err := a.Send(advertisement(frame.GroupIPv4, 7, "lost")); !errors.Is(err, unix.ENOBUFS) {
		t.Errorf("error %v, want ENOBUFS", err)
	}
	a.FailSends(nil)
	send(t, a, advertisement(frame.GroupIPv4, 7, "sent"))
	wantFrames(t, b, "sent")
}

func TestPortOverflow(t *testing.T) {
	var hub Hub
	a, b := hub.Plug(7), hub.Plug(7)
	for i := range portQueue + 3 {
		send(t, a, advertisement(frame.GroupIPv4, 7, fmt.Sprint(i)))
	}
	if got, want := b.Stats(), (Stats{Received: portQueue, Dropped: 3}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := drain(t, b); len(got) != portQueue || got[0] != "0" {
		t.Errorf("%d frames waiting, want the first %d", len(got), portQueue)
	}
}

func TestPortClosed(t *testing.T) {
	var hub Hub
	a, b := hub.Plug(7), hub.Plug(7)
	for range 2 {
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	send(t, a, advertisement(frame.GroupIPv4, 7, "to nobody"))
	if err := b.Send(nil); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Send: %v, want ErrClosed", err)
	}
	if _, ok, err := b.Receive(nil); ok || !errors.Is(err, os.ErrClosed) {
		t.Errorf("Receive: %v, %v, want ErrClosed", ok, err)
	}
}

// One notice per Rearm, at once when something is waiting, and never without cause.
func TestPortNotices(t *testing.T) {
	var hub Hub
	a, b := hub.Plug(7), hub.Plug(7)
	noticed := func() bool {
		select {
		case <-b.Ready():
			return true
		default:
			return false
		}
	}
	expect := func(step string, want bool) {
		t.Helper()
		if got := noticed(); got != want {
			t.Errorf("%s: notice %v, want %v", step, got, want)
		}
	}
	expect("empty", false)
	send(t, a, advertisement(frame.GroupIPv4, 7, "one"))
	send(t, a, advertisement(frame.GroupIPv4, 7, "two"))
	expect("two frames", true)
	expect("told once", false)
	send(t, a, advertisement(frame.GroupIPv4, 7, "three"))
	expect("not armed", false)
	b.Rearm()
	expect("armed with a queue", true)
	wantFrames(t, b, "one", "two", "three")
	b.Rearm()
	expect("armed without", false)
	send(t, a, advertisement(frame.GroupIPv4, 8, "another vhid"))
	expect("another vhid", false)
	send(t, a, advertisement(frame.GroupIPv4, 7, "four"))
	expect("armed", true)
}

// Waiting on a Port lets a bubble's clock run on.
func TestPortInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hub Hub
		a, b := hub.Plug(7), hub.Plug(7)
		start := time.Now()
		go func() {
			time.Sleep(time.Hour)
			if err := a.Send(advertisement(frame.GroupIPv6, 7, "late")); err != nil {
				t.Error(err)
			}
		}()
		<-b.Ready()
		if waited := time.Since(start); waited != time.Hour {
			t.Errorf("noticed after %v, want 1h", waited)
		}
		wantFrames(t, b, "late")
	})
}
