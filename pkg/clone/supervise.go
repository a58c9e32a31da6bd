package clone

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/internal/wire"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carpif"
	"golang.org/x/sys/unix"
)

// gcPercent has a collection begin when a megabyte more has been allocated, the least
// that the runtime lets pass, and not four; returnMemory does the rest.
const gcPercent = 10

// realTimeMax is how long the supervisor may compute without a pause, in
// microseconds. It never needs more than milliseconds.
const realTimeMax = 5_000_000

// Supervise is what a supervisor does: it runs the carp interface name until
// ctx ends or the interface is destroyed. controlFD is the connection that the
// command which started it left open, negative if there is none (a service
// manager); that command may then have left a summons. With create the interface
// must be new, and its first request makes it; otherwise it must have a record.
//
// Without an error or with one, gone tells that there is no such interface, or none
// for this process: to start it again would lead to the same.
func Supervise(ctx context.Context, name string, create bool, controlFD int, getenv func(string) string) (gone bool, err error) {
	debug.SetGCPercent(gcPercent)
	// At real-time priority a loop without end would take a processor from the
	// host: then better no supervisor, and the kernel lets go of the addresses.
	_ = unix.Setrlimit(unix.RLIMIT_RTTIME, &unix.Rlimit{Cur: realTimeMax, Max: realTimeMax})
	useProcessors(carp.Timing{Base: carp.DefaultAdvBase})
	first, err := inherited(controlFD)
	if err != nil {
		return false, err
	}
	dir, err := state.Open(getenv)
	if err != nil {
		return false, answered(first, err)
	}
	defer dir.SyncBehind()()
	o := order{dir: dir, name: name, create: create, getenv: getenv}
	if managed := findManager(getenv); managed != nil {
		defer managed.Close()
		if first == nil {
			first = o.summoned()
		}
		o.manager, o.unit = managed, name
	}
	s, err := prepare(ctx, o)
	if err != nil {
		_, gone = errors.AsType[hopeless](err)
		if first != nil && o.manager != nil {
			o.manager.Ready() // what was asked of it has been done: it was refused
		}
		return gone, answered(first, err)
	}
	return s.run(ctx, first)
}

// order is what a supervisor is to do.
type order struct {
	dir    *state.Dir
	name   string
	create bool
	getenv func(string) string
	// manager is the service manager and unit the name it knows us by; nil and
	// empty without one.
	manager carpif.Manager
	unit    string
}

// summoned completes the order of a service manager, which has no more than the name
// of a unit. It returns the connection to the command that waits; nil if none does.
func (o *order) summoned() (first net.Conn) {
	if first, o.create = answerSummons(o.dir, o.name); first != nil {
		forgetMove(o.dir, o.name)
	} else if to := movedTo(o.dir, o.name); to != "" {
		o.name = to
	}
	return first
}

// hopeless is an error that starting the supervisor again would only repeat.
type hopeless struct{ error }

func (h hopeless) Unwrap() error { return h.error }

// isPathError tells whether a file could not be read, whatever it may say.
func isPathError(err error) bool {
	_, ok := errors.AsType[*fs.PathError](err)
	return ok
}

// supervisor is all that one process holds.
type supervisor struct {
	dir    *state.Dir
	kernel *link.Kernel
	tun    *link.TUN
	iface  *carpif.Interface
	log    *slog.Logger
	flush  func() // of log
	unit   string // the service manager's name for us; empty without one

	server *control.Server
	served context.Context // server's

	mu   sync.Mutex
	seat seat // another one after a renaming

	counting sync.Mutex
	counted  map[string]uint64 // as the state folder has it; nil: it has nothing
	buried   bool              // the state folder has nothing of an earlier supervisor's
}

// prepare takes the lock and everything else that can fail.
func prepare(ctx context.Context, o order) (_ *supervisor, err error) {
	dir, name, create := o.dir, o.name, o.create
	lock, err := dir.Acquire(name)
	if errors.Is(err, state.ErrHeld) {
		return nil, hopeless{errHeld(name)}
	}
	if err != nil {
		return nil, err
	}
	s := &supervisor{dir: dir, unit: o.unit, seat: seat{name: name, lock: lock}}
	s.log, s.flush = NewLog(o.getenv)
	defer func() {
		if err != nil {
			s.release(create)
		}
	}()
	s.seat.mark, err = mark(ctx, name)
	if errors.Is(err, errMarked) {
		return nil, hopeless{markedElsewhere(name, dir)}
	}
	if err != nil {
		return nil, err
	}
	record, err := firstRecord(dir, name, create)
	if err != nil {
		switch {
		case errors.Is(err, fs.ErrExist):
			create = false // it is not ours to remove
		case errors.Is(err, fs.ErrNotExist):
			create = true // the lock file is of no use to anybody
		case isPathError(err): // for want of memory or descriptors, perhaps
			return nil, err
		}
		return nil, hopeless{err}
	}
	s.bury(ctx)
	if s.kernel, err = link.Open(); err != nil {
		return nil, err
	}
	s.tun = s.kernel.TUN()
	foreign, err := s.kernel.Foreign(name)
	if err != nil {
		return nil, err
	}
	if foreign {
		return nil, hopeless{nameTaken(name)}
	}
	changed, err := dir.Watch(ctx)
	if err != nil {
		// Most likely fs.inotify.max_user_instances: too many interfaces for
		// the host's limit. Knobs then take effect within a second.
		s.log.Warn("looking at the knobs every second instead", "err", err)
		changed = everySecond(ctx)
	}
	if err := s.seat.listen(dir); err != nil {
		return nil, err
	}
	s.iface = carpif.New(carpif.Options{
		Record:  record,
		Created: !create,
		Kernel:  s.kernel,
		TUN:     s.tun,
		Store:   store{dir},
		OpenSegment: func(parent string, vhid carp.VHID) (carpif.Segment, error) {
			return wire.Open(parent, uint8(vhid))
		},
		OpenUnicast: func(parent string, src, dst netip.Addr) (carpif.Unicast, error) {
			return wire.OpenUnicast(parent, src, dst)
		},
		OpenARP: func(parent string, targets []netip.Addr) (carpif.Segment, error) {
			return wire.OpenARP(parent, targets)
		},
		OnTiming:     useProcessors,
		Rename:       s.rename,
		KnobsChanged: changed,
		Suspended:    suspended,
		Manager:      o.manager,
		Random:       random,
		Log:          s.log,
		PID:          os.Getpid(),
	})
	if err := noteUnit(dir, name, o.unit); err != nil {
		s.log.Warn("which unit this is", "err", err)
	}
	return s, nil
}

// markedElsewhere is the refusal of a name that a supervisor of another state folder
// holds.
func markedElsewhere(name string, dir *state.Dir) *bsderr.Error {
	return bsderr.Errno(opCreate, unix.EEXIST, name+": another supervisor has it, with another state folder than "+dir.Path())
}

// firstRecord is what a supervisor begins with: a new record with create, else the
// one that there is.
func firstRecord(folder interface {
	Load(name string) (state.Record, error)
}, name string, create bool) (state.Record, error) {
	record, err := folder.Load(name)
	switch {
	case err == nil && create:
		return record, nameInUse(name)
	case errors.Is(err, fs.ErrNotExist) && create:
		return state.Record{Version: state.RecordVersion, Name: name, AdvBase: carp.DefaultAdvBase, Created: time.Now()}, nil
	case errors.Is(err, fs.ErrNotExist):
		return record, &bsderr.Error{Text: fmt.Sprintf("interface %s does not exist", name), Errno: unix.ENOENT}
	}
	return record, err
}

// run serves until the end, and leaves nothing but the record of an interface
// that was not destroyed; gone tells of one that was.
func (s *supervisor) run(ctx context.Context, first net.Conn) (gone bool, err error) {
	serveCtx, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	ctx, abandon := context.WithCancel(ctx)
	defer abandon()
	if err := raisePriority(); err != nil {
		s.log.Warn("ordinary priority", "err", err)
	}
	server := control.NewServer(s.handle, s.log)
	s.server, s.served = server, serveCtx
	server.Serve(serveCtx, s.seat.ln)
	tallied := make(chan struct{})
	go func() {
		defer close(tallied)
		s.tally(ctx)
	}()
	if first != nil {
		ended := server.ServeConn(serveCtx, first)
		if s.unit == "" {
			quietStderr()
		}
		// A command that is killed before it could say what to create must not
		// leave a supervisor that holds a name and has no record.
		go func() {
			<-ended
			if !s.recorded() {
				abandon()
			}
		}()
	}
	go s.watchLock(ctx, abandon)
	go returnMemory(ctx)
	err = s.iface.Run(ctx)
	gone = !s.recorded()
	abandon()
	<-tallied
	s.keepCounters(ctx)
	if gone && s.unit != "" {
		forgetMove(s.dir, s.unit)
		_ = noteUnit(s.dir, s.held().name, "")
	}
	s.release(gone)
	s.iface.Goodbye()
	stop(err) // a request that was not taken is refused with this
	server.Wait()
	return gone, err
}

// lockCheckTime is how often a supervisor looks whether its lock is still
// there.
const lockCheckTime = 2 * time.Second

// watchLock ends a supervisor whose state folder was removed under it: nobody
// could find it any more, and the next to be created under its name would
// fight it.
func (s *supervisor) watchLock(ctx context.Context, abandon func()) {
	t := time.NewTicker(lockCheckTime)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			seat := s.held()
			if seat.lock.Current() {
				continue
			}
			s.log.Error("the state folder was removed; ending", "iface", seat.name)
			abandon()
			return
		case <-ctx.Done():
			return
		}
	}
}

// release gives back what prepare took, the lock last. With remove the lock
// file goes too.
func (s *supervisor) release(remove bool) {
	seat := s.held()
	seat.close()
	if s.tun != nil {
		_ = s.tun.Close()
	}
	if s.kernel != nil {
		_ = s.kernel.Close()
	}
	s.flush()
	if remove {
		_ = seat.lock.Remove()
	} else {
		seat.lock.Release()
	}
}

// quietStderr lets go of the pipe to the command that started us: it ends
// soon, and writing to it then would be our end.
func quietStderr() {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return
	}
	_ = unix.Dup3(int(null.Fd()), 2, 0)
	_ = null.Close()
}

// suspended is how long the host has slept since it was booted: what
// CLOCK_BOOTTIME counts and CLOCK_MONOTONIC does not (clock_gettime(2)).
func suspended() time.Duration {
	var boot, mono unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot) != nil || unix.ClockGettime(unix.CLOCK_MONOTONIC, &mono) != nil {
		return 0
	}
	return time.Duration(boot.Nano() - mono.Nano())
}

// random is a number that nobody can guess.
func random() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand, since Go 1.24)
	return binary.BigEndian.Uint64(b[:])
}

// everySecond yields a value each second until ctx ends.
func everySecond(ctx context.Context) <-chan struct{} {
	out := make(chan struct{}, 1)
	go func() {
		t := time.NewTicker(time.Second)
		defer t.Stop()
		for {
			select {
			case <-t.C:
			case <-ctx.Done():
				return
			}
			select {
			case out <- struct{}{}:
			default: // the last one has not been taken yet
			}
		}
	}()
	return out
}
