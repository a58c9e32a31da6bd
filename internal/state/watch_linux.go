package state

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
)

// settle is how long after the closing of a lock file the watcher looks again.
// The kernel reports the closing (__fput: fsnotify_close) a moment before it
// drops the lock (locks_remove_file), so who asks at once may still find the
// dead supervisor alive.
const settle = 20 * time.Millisecond

// Watch tells of changes that concern every supervisor: the knobs, the ledger,
// and supervisors that come or die. Several changes may be told as one, and
// some twice; records and sockets are not told of. It works until ctx ends and
// then closes the channel. The error matches fs.ErrNotExist if there is no
// folder.
func (d *Dir) Watch(ctx context.Context) (<-chan struct{}, error) {
	// Non-blocking, so that os.NewFile hands it to the runtime's poller and
	// Close wakes a Read.
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err == unix.EMFILE {
		return nil, bsderr.Errno("inotify_init1", unix.EMFILE,
			"each supervisor watches the state folder: raise fs.inotify.max_user_instances, which is often 128")
	}
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	f := os.NewFile(uintptr(fd), "inotify")
	const mask = unix.IN_CLOSE_WRITE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE | unix.IN_CREATE |
		unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_ONLYDIR
	if _, err := unix.InotifyAddWatch(fd, d.path, mask); err != nil {
		_ = f.Close()
		return nil, &os.PathError{Op: "watch", Path: d.path, Err: err}
	}
	changes := make(chan struct{}, 1)
	stop := context.AfterFunc(ctx, func() { _ = f.Close() })
	go func() {
		defer close(changes)
		defer stop()
		defer func() { _ = f.Close() }()
		watch(ctx, f, changes)
	}()
	return changes, nil
}

// watch reads events until the file is closed.
func watch(ctx context.Context, f *os.File, changes chan<- struct{}) {
	tell := func() {
		select {
		case changes <- struct{}{}:
		default: // one is waiting to be taken, and will do for both
		}
	}
	buf := make([]byte, 64*(unix.SizeofInotifyEvent+unix.NAME_MAX+1))
	for {
		n, err := f.Read(buf)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			tell()
			_ = f.SetReadDeadline(time.Time{})
			continue
		case err != nil:
			if ctx.Err() == nil {
				// Unheard of; one who watches nothing must not look healthy,
				// nor spin: a last word, and then silence till the end.
				tell()
				<-ctx.Done()
			}
			return
		}
		changed, died := scan(buf[:n])
		if changed {
			tell()
		}
		if died {
			_ = f.SetReadDeadline(time.Now().Add(settle))
		}
	}
}

// scan goes through the events of one read: whether there is something to
// tell, and whether a lock file was closed.
func scan(events []byte) (changed, died bool) {
	for len(events) >= unix.SizeofInotifyEvent {
		mask := binary.NativeEndian.Uint32(events[4:])
		size := int(binary.NativeEndian.Uint32(events[12:]))
		end := min(unix.SizeofInotifyEvent+size, len(events))
		name := string(bytes.TrimRight(events[unix.SizeofInotifyEvent:end], "\x00"))
		events = events[end:]

		switch {
		case mask&(unix.IN_Q_OVERFLOW|unix.IN_DELETE_SELF|unix.IN_MOVE_SELF) != 0:
			changed = true // whatever was lost, or the whole folder
		case strings.HasPrefix(name, "."):
			// being written; the renaming will tell
		case name == knobsFile, strings.HasSuffix(name, demotionSuffix):
			// Creation alone is not yet contents.
			changed = changed || mask&unix.IN_CREATE == 0
		case strings.HasSuffix(name, lockSuffix):
			changed = true
			died = died || mask&unix.IN_CLOSE_WRITE != 0
		}
	}
	return changed, died
}
