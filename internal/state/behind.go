package state

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// behind syncs what has been written, after whoever wrote it has gone on.
type behind struct {
	mu    sync.Mutex
	names map[string]bool // of files that the disk may not have yet
	over  bool            // due is closed
	due   chan struct{}   // capacity 1
	ended chan struct{}
}

// SyncBehind has files synced by a goroutine from now on, until stop is called, which
// waits for it. It is for a supervisor, who has to advertise: where the folder is on a
// disk, and that is busy, syncing takes half a second. Whoever reads a file finds it
// whole all the same, also if the supervisor is killed. Only a crash of the host may
// cost what was written in the last moment, and that takes the interfaces along, which
// is what the folder tells of. Call it before anybody else uses d.
func (d *Dir) SyncBehind() (stop func()) {
	b := newBehind()
	d.behind = b
	go func() {
		defer close(b.ended)
		for range b.due {
			for name := range b.take() {
				d.syncFile(name)
			}
			_ = d.syncFolder() // there is nobody to tell
		}
	}()
	return func() {
		b.close()
		<-b.ended
	}
}

func newBehind() *behind {
	return &behind{names: map[string]bool{}, due: make(chan struct{}, 1), ended: make(chan struct{})}
}

func (b *behind) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.over {
		b.over = true
		close(b.due)
	}
}

// add notes a file that is to be synced; without a behind nothing is.
func (b *behind) add(name string) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.names[name] = true
}

// wake has what was added synced, and the folder; false if there is nobody to do it.
func (b *behind) wake() bool {
	if b == nil {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return false
	}
	select {
	case b.due <- struct{}{}:
	default: // it is about to be woken, and will find all
	}
	return true
}

// take are the files added since it was called last.
func (b *behind) take() map[string]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	names := b.names
	b.names = map[string]bool{}
	return names
}

// syncFile syncs a file as it is now, if it is there.
func (d *Dir) syncFile(name string) {
	f, err := os.OpenFile(d.file(name), os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	_ = f.Sync()
	_ = f.Close()
}
