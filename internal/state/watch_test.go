package state

import (
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestWatch(t *testing.T) {
	d := testDir(t)
	var l *Lock
	tests := []struct {
		what string
		do   func() error
		told bool
	}{
		{"knobs", func() error { return d.WriteKnobs([]byte("net.inet.carp.preempt=1\n")) }, true},
		{"knobs, by an editor", func() error { return os.WriteFile(d.KnobsPath(), []byte("x"), 0o644) }, true},
		{"knobs removed", func() error { return d.WriteKnobs(nil) }, true},
		{"a record", func() error { return d.Save(testRecord()) }, false},
		{"a socket", func() error { return os.WriteFile(d.file("carp0.sock"), nil, 0o600) }, false},
		{"the folder's lock", func() error {
			unlock, err := d.LockFolder(t.Context())
			if err == nil {
				unlock()
			}
			return err
		}, false},
		{"a parent", func() error {
			return d.UseParent("eth0", 2, "carp0", func() (map[string]string, error) { return nil, nil })
		}, false},
		{"a supervisor comes", func() (err error) { l, err = d.Acquire("carp0"); return err }, true},
		{"an entry", func() error { return d.SetEntries("carp0", []Entry{{Name: "x", Value: 1}}) }, true},
		{"an entry goes", func() error { return d.SetEntries("carp0", nil) }, true},
		{"asked after", func() error { d.Alive("carp0"); return nil }, false},
		{"a supervisor goes", func() error { l.Release(); return nil }, true},
		{"a unit is removed", func() error { return d.Remove("carp0") }, false},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			changes, err := d.Watch(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if err := tt.do(); err != nil {
				t.Fatal(err)
			}
			patience := 5 * time.Second
			if !tt.told {
				// The kernel queues events before the call that causes them
				// returns; the rest is our goroutine's time to read them.
				patience = 50 * time.Millisecond
			}
			select {
			case <-changes:
				if !tt.told {
					t.Error("told")
				}
			case <-time.After(patience):
				if tt.told {
					t.Error("not told")
				}
			}
			cancel()
			eventually(t, "the channel is closed", func() bool {
				_, open := <-changes
				return !open
			})
		})
	}
}

// TestWatchCoalesces: nobody listening, many changes, and none of them waits.
func TestWatchCoalesces(t *testing.T) {
	d := testDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	changes, err := d.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if err := d.WriteKnobs([]byte("net.inet.carp.preempt=1\n")); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "told", func() bool { return len(changes) == 1 })
}

func TestWatchWithoutAFolder(t *testing.T) {
	d := &Dir{path: t.TempDir() + "/none"}
	if _, err := d.Watch(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestWatchedFolderRemoved(t *testing.T) {
	d := testDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	changes, err := d.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(d.path); err != nil {
		t.Fatal(err)
	}
	if _, open := <-changes; !open {
		t.Error("closed before its context ended")
	}
}

func TestScan(t *testing.T) {
	event := func(mask uint32, name string) []byte {
		b := make([]byte, unix.SizeofInotifyEvent, unix.SizeofInotifyEvent+32)
		binary.NativeEndian.PutUint32(b[4:], mask)
		if name != "" {
			binary.NativeEndian.PutUint32(b[12:], 32)
			b = append(b, append([]byte(name), make([]byte, 32-len(name))...)...)
		}
		return b
	}
	tests := []struct {
		what          string
		events        []byte
		changed, died bool
	}{
		{"nothing", nil, false, false},
		{"cut", event(unix.IN_DELETE_SELF, "")[:10], false, false},
		{"overflow", event(unix.IN_Q_OVERFLOW, ""), true, false},
		{"half a file", event(unix.IN_CREATE, "carp0.demotion"), false, false},
		{"one of two", append(event(unix.IN_CLOSE_WRITE, "carp0.json"), event(unix.IN_DELETE, "carp0.demotion")...), true, false},
		{"death", append(event(unix.IN_CLOSE_WRITE, "carp0.lock"), event(unix.IN_CREATE, "x")...), true, true},
		{"birth", event(unix.IN_CREATE, "carp0.lock"), true, false},
		{"in the making", event(unix.IN_CLOSE_WRITE, ".carp0.demotion.new-1"), false, false},
	}
	for _, tt := range tests {
		if changed, died := scan(tt.events); changed != tt.changed || died != tt.died {
			t.Errorf("%s: %v, %v", tt.what, changed, died)
		}
	}
}
