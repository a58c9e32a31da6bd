package clone

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"syscall"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carpif"
	"golang.org/x/sys/unix"
)

// opSetName is the call that FreeBSD's refusals of a new name are named after.
const opSetName = "ioctl SIOCSIFNAME (set name)"

// seat is what a supervisor holds under a name.
type seat struct {
	name string
	lock *state.Lock
	mark net.Listener // nil: not taken
	ln   net.Listener // nil: not open yet
	path string
}

// listen opens the control socket. Whatever is at its path is a leftover: the
// lock is ours.
func (t *seat) listen(dir *state.Dir) (err error) {
	if t.path, err = dir.SocketPath(t.name); err != nil {
		return err
	}
	if err := os.Remove(t.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	ln, err := listenPrivately(t.path)
	if err != nil {
		return err
	}
	ln.SetUnlinkOnClose(false)
	t.ln = ln
	return nil
}

// listenPrivately makes a socket that only its owner may connect to. The file gets the
// mode that the socket has when it is bound (Linux, unix_bind), so that no umask, which
// is the whole process's, has to be changed meanwhile.
func listenPrivately(path string) (*net.UnixListener, error) {
	var denied error
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		if err := c.Control(func(fd uintptr) { denied = unix.Fchmod(int(fd), 0o600) }); err != nil {
			return err
		}
		return denied
	}}
	ln, err := lc.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, err
	}
	return ln.(*net.UnixListener), nil
}

// close closes and removes the socket. Conversations that have begun go on.
func (t *seat) close() {
	if t.mark != nil {
		_ = t.mark.Close()
	}
	if t.ln == nil {
		return
	}
	_ = t.ln.Close()
	if t.lock.Current() { // or the path may be a successor's
		_ = os.Remove(t.path)
	}
}

// held is what the supervisor holds now.
func (s *supervisor) held() seat {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seat
}

// recorded tells whether the interface has a record. No renaming comes between
// the name and the look.
func (s *supervisor) recorded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.dir.Load(s.seat.name)
	return !errors.Is(err, fs.ErrNotExist)
}

// renaming is a second seat of the supervisor: carpif.Renaming.
type renaming struct {
	s    *supervisor
	seat seat
}

// rename takes the lock of another name and opens its socket, on which nobody
// is answered before Commit.
func (s *supervisor) rename(ctx context.Context, to string) (carpif.Renaming, error) {
	// First, so that the lock of one that is to be started again stays free.
	if _, err := s.dir.Load(to); errors.Is(err, unix.EINVAL) {
		return nil, err // no name at all
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, carpif.ErrNameInUse
	}
	lock, err := s.dir.Acquire(to)
	if errors.Is(err, state.ErrHeld) {
		return nil, carpif.ErrNameInUse
	}
	if err != nil {
		return nil, err
	}
	if _, err := s.dir.Load(to); !errors.Is(err, fs.ErrNotExist) {
		lock.Release()
		return nil, carpif.ErrNameInUse
	}
	r := &renaming{s: s, seat: seat{name: to, lock: lock}}
	if r.seat.mark, err = mark(ctx, to); err != nil {
		r.Abort()
		if errors.Is(err, errMarked) {
			err = carpif.ErrNameInUse
		}
		return nil, err
	}
	if err := r.seat.listen(s.dir); err != nil {
		r.Abort()
		return nil, err
	}
	return r, nil
}

// Commit moves what is kept under the old name to the new one, answers there,
// and leaves the old seat. Who waits on its socket finds it closed, asks again
// and is told.
func (r *renaming) Commit() error {
	s := r.s
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.seat
	if s.unit != "" {
		if err := noteMove(s.dir, s.unit, r.seat.name); err != nil {
			return err
		}
	}
	if err := s.dir.Rename(old.name, r.seat.name); err != nil {
		if s.unit != "" {
			_ = noteMove(s.dir, s.unit, old.name)
		}
		return err
	}
	if s.unit != "" { // without this it would be taken for one of no unit's
		_ = noteUnit(s.dir, r.seat.name, s.unit)
		_ = noteUnit(s.dir, old.name, "")
	}
	s.seat = r.seat
	s.server.Serve(s.served, s.seat.ln)
	old.close()
	_ = old.lock.Remove() // at worst a lock that nobody holds
	return nil
}

// Abort leaves the new seat again.
func (r *renaming) Abort() {
	r.seat.close()
	_ = r.seat.lock.Remove()
}

// createNamed makes an interface under the name that its line gives it. No unit
// is made and renamed on the way, but one that was named and exists is refused.
func (c *Cloner) createNamed(ctx context.Context, unit string, change control.Change) (string, []string, error) {
	name := *change.Name
	change.Name = nil
	if name == unit {
		return c.Create(ctx, name, change)
	}
	if unit != Driver && c.Exists(unit) {
		return "", nil, nameInUse(unit)
	}
	refuse := func(why ...string) error { return bsderr.Errno(opSetName, unix.EEXIST, why...) }
	if c.Exists(name) {
		return "", nil, refuse(unit + ": name " + name + ": another carp interface has that name")
	}
	resp, err := c.world.start(ctx, name, launching{create: true, asUnit: true}, control.Request{Op: control.OpCreate, Change: &change})
	if taken(err, unix.EBUSY) || taken(err, unix.EEXIST) {
		err = refuse(bsderr.From(err).Hints...)
	}
	return name, resp.Notes, err
}
