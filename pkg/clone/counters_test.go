package clone

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/internal/wire"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carpif"
)

// atWork is a supervisor of carp0, alone on a segment in memory, so that it soon is
// MASTER and counts what it sends. It is to be called in a bubble of virtual time.
func atWork(t *testing.T) (*supervisor, *state.Dir) {
	_, dir, _ := inFolder(t)
	lock, err := dir.Acquire("carp0")
	if err != nil {
		t.Fatal(err)
	}
	kernel := link.NewImaginary()
	kernel.AddParent(link.Parent{Name: "eth0", MAC: [6]byte{2, 0, 0, 0, 0, 2}, Up: true, Carrier: true,
		Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.2/24")}})
	var hub wire.Hub
	s := &supervisor{dir: dir, seat: seat{name: "carp0", lock: lock}, log: slog.New(slog.DiscardHandler), flush: func() {}}
	s.iface = carpif.New(carpif.Options{
		Record: record(t, dir, "carp0", 1), Created: true, Kernel: kernel, TUN: kernel.TUN(), Store: store{dir},
		OpenSegment: func(_ string, vhid carp.VHID) (carpif.Segment, error) { return hub.Plug(uint8(vhid)), nil },
		Random:      func() uint64 { return 1 },
	})
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended, tallied := make(chan struct{}), make(chan struct{})
	s.bury(ctx)
	go func() {
		defer close(tallied)
		s.tally(ctx)
	}()
	go func() {
		defer close(ended)
		_ = s.iface.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-tallied
		<-ended
		lock.Release()
	})
	return s, dir
}

// sent is how much has been sent as the folder has it: by a supervisor that lives, and
// by those that have ended or were killed.
func sent(t *testing.T, dir *state.Dir) (ended uint64, saved bool) {
	counters, err := dir.Counters()
	if err != nil {
		t.Error(err)
	}
	_, err = os.Stat(dir.Path() + "/carp0.counters")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	return counters[control.SentInet], err == nil
}

// What a supervisor that is killed has counted is not lost, but for the last of it.
func TestCountersOutliveTheKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, dir := atWork(t)
		time.Sleep(tallyTime + time.Second)
		if ended, saved := sent(t, dir); ended != 0 || !saved {
			t.Fatalf("of a living one the folder has %d, saved: %t", ended, saved)
		}
		next := &supervisor{dir: dir, seat: s.seat, log: s.log}
		next.bury(t.Context())
		if ended, saved := sent(t, dir); ended < 20 || ended > 30 || saved || !next.buried {
			t.Errorf("after a kill there are %d, saved: %t", ended, saved)
		}
	})
}

// What netstat has cleared does not come back with a kill, and what ends in order is
// counted once.
func TestCountersClearedAndEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, dir := atWork(t)
		time.Sleep(tallyTime + time.Second)
		if resp := s.handle(t.Context(), control.Request{Op: control.OpClear}); resp.Error != nil || resp.Status.Counters[control.SentInet] == 0 {
			t.Fatalf("clearing: %+v", resp)
		}
		next := &supervisor{dir: dir, seat: s.seat, log: s.log}
		next.bury(t.Context())
		if ended, saved := sent(t, dir); ended != 0 || saved {
			t.Errorf("cleared, there are %d, saved: %t", ended, saved)
		}
		time.Sleep(tallyTime)
		if _, saved := sent(t, dir); !saved {
			t.Error("after a clearing nothing is saved")
		}
		want := s.handle(t.Context(), control.Request{Op: control.OpStatus}).Status.Counters[control.SentInet]
		if err := dir.AddCounters(t.Context(), "carp0", map[string]uint64{control.SentInet: want}); err != nil {
			t.Fatal(err)
		}
		next.bury(t.Context())
		if ended, saved := sent(t, dir); ended != want || saved {
			t.Errorf("at the end there are %d, saved: %t, want %d", ended, saved, want)
		}
	})
}

// While a stopped process has the folder's lock, what another has left stays there, and is
// added later.
func TestCountersWaitForTheFolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, dir, _ := inFolder(t)
		if err := dir.SaveCounters("carp0", map[string]uint64{control.SentInet: 7}); err != nil {
			t.Fatal(err)
		}
		unlock, err := dir.LockFolder(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s := &supervisor{dir: dir, seat: seat{name: "carp0"}, log: slog.New(slog.DiscardHandler)}
		since := time.Now()
		s.bury(t.Context())
		if d := time.Since(since); s.buried || d > 2*buryTime {
			t.Errorf("added: %t, after %v", s.buried, d)
		}
		unlock()
		s.bury(t.Context())
		if ended, saved := sent(t, dir); ended != 7 || saved {
			t.Errorf("there are %d, saved: %t", ended, saved)
		}
	})
}
