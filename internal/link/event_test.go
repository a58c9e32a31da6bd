package link

import (
	"os"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func kinds(p pending) (s []string) {
	for _, e := range p {
		s = append(s, e.Kind.String())
	}
	return s
}

func TestPendingCoalesces(t *testing.T) {
	var p pending
	p = p.add(Event{Kind: LinkChanged, Index: 1, Up: true})
	p = p.add(Event{Kind: LinkChanged, Index: 1})
	p = p.add(Event{Kind: LinkChanged, Index: 2})
	p = p.add(Event{Kind: LinkChanged, Index: 1, Up: true})
	if len(p) != 3 || p[0].Up || !p[2].Up {
		t.Errorf("pending %+v", p)
	}
	for i := range 10 * maxPending {
		p = p.add(Event{Kind: AddressChanged, Index: i})
		if len(p) > maxPending {
			t.Fatalf("%d events pending", len(p))
		}
	}
	if diff := cmp.Diff([]string{"resync"}, kinds(p)); diff != "" {
		t.Errorf("after an overflow (-want +got):\n%s", diff)
	}
}

// A watch survives the overflow of its socket, and any error that passes; one
// that stays ends it.
func TestWatcherErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errs := []error{unix.ENOBUFS, unix.ENOBUFS, unix.EAGAIN}
		w := &watcher{
			receive: func() ([]syscall.NetlinkMessage, error) {
				if len(errs) == 0 {
					return nil, os.ErrClosed
				}
				err := errs[0]
				errs = errs[1:]
				return nil, err
			},
			events: make(chan Event),
		}
		count := func() (n int) {
			go w.read(t.Context())
			for e := range w.events {
				if e.Kind != Resync {
					t.Errorf("event %+v", e)
				}
				n++
			}
			return n
		}
		if n := count(); n != 3 {
			t.Errorf("%d resyncs, want 3", n)
		}
		for range 2 * maxWatchErrors {
			errs = append(errs, unix.EIO)
		}
		w.events = make(chan Event)
		if n := count(); n != maxWatchErrors-1 {
			t.Errorf("gave up after %d resyncs, want %d", n, maxWatchErrors-1)
		}
	})
}

// Malformed messages must not take the supervisor down.
func TestWatcherShortMessages(t *testing.T) {
	w := &watcher{names: map[int]string{}, carps: map[int]bool{}, setFilter: func(map[int]bool) error { return nil }}
	for _, kind := range []uint16{unix.RTM_NEWLINK, unix.RTM_DELLINK, unix.RTM_NEWADDR, unix.RTM_DELADDR, unix.RTM_NEWROUTE} {
		for n := range 40 {
			w.event(syscall.NetlinkMessage{Header: syscall.NlMsghdr{Type: kind}, Data: make([]byte, n)})
		}
	}
}

func TestWatchFilterFitsTheKernel(t *testing.T) {
	carps := map[int]bool{}
	for i := range 5000 {
		carps[i] = true
	}
	if n := len(watchFilter(carps)); n > unix.BPF_MAXINSNS {
		t.Errorf("%d instructions, the kernel takes %d", n, unix.BPF_MAXINSNS)
	}
}
