package state

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
)

// The locks are open file description locks (fcntl(2), F_OFD_SETLK) rather
// than those of flock(2): they too go with the last descriptor of the opening,
// hence with the process, but they can be asked after without being taken
// (F_OFD_GETLK). Asking with flock means taking the lock for an instant, in
// which a supervisor that starts would be refused it. The descriptors are
// close-on-exec, or the supervisor's children would keep it alive.

const (
	folderLock = "lock"
	lockSuffix = ".lock"

	// folderPatience bounds the wait for the folder's lock. It is held for a
	// few writes and syncs; who has waited this long waits for a stopped
	// process.
	folderPatience = 10 * time.Second
	// ownerPatience is that of the owner of an interface that is not MASTER, who has to
	// tell systemd that it is at work (carp@.service, WatchdogSec).
	ownerPatience = 2 * time.Second
	// folderPoll is the mean pause between two attempts. OFD locks can be
	// waited for (F_OFD_SETLKW), but not with a bound.
	folderPoll = 2 * time.Millisecond
)

// ErrHeld is why [Dir.Acquire] is refused: another process, or another Lock of
// this one, holds the unit.
var ErrHeld = errors.New("held by a living supervisor")

// Lock is the life of a unit's supervisor: as long as it is held, the
// supervisor is alive to all others. The kernel drops it with the process.
type Lock struct {
	dir  *Dir
	name string
	file *os.File
}

// Acquire takes a unit's lock for the life of the process, or says ErrHeld.
// From then on the caller is the one writer of the unit's files; ledger
// entries of a supervisor that died are gone.
func (d *Dir) Acquire(name string) (*Lock, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	for {
		l, err := d.tryLock(name + lockSuffix)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if l == nil {
			continue // removed by a destroy between our open and our lock
		}
		l.name = name
		// Before anyone can count them as ours: a dead supervisor's entries.
		if err := d.remove(name + demotionSuffix); err != nil {
			l.release()
			return nil, err
		}
		d.sweep(name+recordSuffix, name+demotionSuffix, name+countersSuffix)
		return l, nil
	}
}

// tryLock opens and locks a file. Without an error, no Lock means that the
// file was unlinked meanwhile: what we have locked is a file that nobody else
// will ever open.
func (d *Dir) tryLock(file string) (*Lock, error) {
	f, err := os.OpenFile(d.file(file), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, secretMode)
	if err != nil {
		return nil, err
	}
	l := &Lock{dir: d, file: f}
	whole := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &whole); err != nil {
		l.release()
		if err == unix.EAGAIN || err == unix.EACCES {
			return nil, ErrHeld
		}
		return nil, &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
	}
	locked, err := f.Stat()
	if err != nil {
		l.release()
		return nil, err
	}
	named, err := os.Lstat(d.file(file))
	if err != nil || !os.SameFile(locked, named) {
		l.release()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		return nil, nil
	}
	l.sign()
	return l, nil
}

// sign writes the process ID into the file, for people. Nothing reads it but
// an error text, so a full disk is no reason to fail.
func (l *Lock) sign() {
	_ = l.file.Truncate(0)
	_, _ = l.file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
}

func (l *Lock) release() { _ = l.file.Close() }

// Current tells whether the lock is still the one that others find: false when
// the file, or the whole folder, has been removed or replaced by hand.
func (l *Lock) Current() bool {
	held, err := l.file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(l.dir.file(l.name + lockSuffix))
	return err == nil && os.SameFile(held, named)
}

// Name is the unit's name.
func (l *Lock) Name() string { return l.name }

// Release ends the life and leaves the record: the unit is one whose
// supervisor is gone.
func (l *Lock) Release() { l.release() }

// Remove removes the lock file and then releases it: the last step of destroy.
// Who opened the file before and locks it after finds it unlinked and starts
// over with a new one.
func (l *Lock) Remove() error {
	defer l.release()
	if !l.Current() { // the path is a successor's, or nobody's
		return nil
	}
	return l.dir.remove(l.name + lockSuffix)
}

// Alive tells whether a unit's supervisor lives. It takes nothing, so it never
// disturbs, and needs no rights.
func (d *Dir) Alive(name string) bool {
	if checkName(name) != nil {
		return false
	}
	path := d.file(name + lockSuffix)
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrPermission) {
		return listedAsLocked(path)
	}
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	whole := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &whole); err != nil {
		return false
	}
	return whole.Type != unix.F_UNLCK
}

// listedAsLocked asks /proc/locks, which everyone may read, where the file
// itself may not be opened. A lock file is not open to all because whoever can
// read it can lock it against the supervisor.
func listedAsLocked(path string) bool {
	info, err := os.Lstat(path)
	if err != nil {
		return false
	}
	table, err := os.ReadFile("/proc/locks")
	if err != nil {
		return false
	}
	st := info.Sys().(*syscall.Stat_t)
	// 1: OFDLCK ADVISORY  WRITE -1 00:1a:1234 0 EOF
	id := fmt.Sprintf(" %02x:%02x:%d ", unix.Major(uint64(st.Dev)), unix.Minor(uint64(st.Dev)), st.Ino)
	for line := range strings.Lines(string(table)) {
		// A waiter's line has an arrow: "1: -> OFDLCK ...".
		if strings.Contains(line, id) && strings.Contains(line, " WRITE ") && !strings.Contains(line, "->") {
			return true
		}
	}
	return false
}

// LockFolder takes the folder's lock for a change of several files: picking a
// free unit and writing its record, the knobs, the parents. It is held for
// moments, so the wait is bounded (10 s) even if ctx is not. Goroutines of one
// process exclude one another like processes do, so taking it twice waits in
// vain. unlock may be called more than once.
func (d *Dir) LockFolder(ctx context.Context) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, folderPatience)
	defer cancel()
	for {
		l, err := d.tryLock(folderLock)
		if l != nil {
			// Nobody else writes these now: what lies about, a crash left.
			d.sweep(parentsFile, knobsFile, ownerFile, countersFile)
			return sync.OnceFunc(l.release), nil
		}
		if err != nil && !errors.Is(err, ErrHeld) {
			return nil, fmt.Errorf("state folder: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil, d.folderBusy(ctx.Err())
		// Spread, so that two who wait do not keep meeting.
		case <-time.After(folderPoll/2 + rand.N(folderPoll)):
		}
	}
}

// Exclusive is the folder with its lock held.
type Exclusive struct {
	dir    *Dir
	unlock func()
}

// Exclude is [Dir.LockFolder] for a change of a unit that takes several steps.
func (d *Dir) Exclude(ctx context.Context) (*Exclusive, error) {
	unlock, err := d.LockFolder(ctx)
	if err != nil {
		return nil, err
	}
	return &Exclusive{dir: d, unlock: unlock}, nil
}

// Unlock lets go of the lock. More than once is once.
func (e *Exclusive) Unlock() { e.unlock() }

// folderBusy is the error of who has waited too long, and matches why.
func (d *Dir) folderBusy(why error) error {
	text := fmt.Sprintf("state folder %s: locked by another process", d.path)
	if pid, err := os.ReadFile(d.file(folderLock)); err == nil {
		text = fmt.Sprintf("state folder %s: locked by process %s", d.path, strings.TrimSpace(string(pid)))
	}
	return errors.Join(bsderr.New(text, "it is held for moments only, unless its holder is stopped"), why)
}
