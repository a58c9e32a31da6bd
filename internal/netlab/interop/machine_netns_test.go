//go:build netns

package interop

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// machine watches the machine itself, beside all tests: how long it lets wait whoever
// sleeps a moment and then asks the kernel for a change of an interface. Both is what
// a supervisor does that becomes MASTER, and the lock for the latter is one for all
// network namespaces: the end of another test's LAN can hold it for half a second.
var machine monitor

// monitor keeps the times at which the machine stood still.
type monitor struct {
	mu     sync.Mutex
	stalls []stall
}

// stall is a time in which nothing went on: the processor was not given, or the lock
// was held by somebody else.
type stall struct {
	from, to time.Time
	lock     bool
}

const (
	// between is how often the monitor looks.
	between = 2 * time.Millisecond
	// standstill is what counts as one.
	standstill = 3 * time.Millisecond
)

// watch begins, on each processor: the kernel may be busy in one of them, where not
// even a real-time process gets its turn, while the others are free.
func (m *monitor) watch() error {
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return fmt.Errorf("the monitor's processors: %w", err)
	}
	for n, left := 0, allowed.Count(); left > 0; n++ {
		if !allowed.IsSet(n) {
			continue
		}
		left--
		if err := m.watchProcessor(n); err != nil {
			return err
		}
	}
	return nil
}

// watchProcessor begins on one processor. Like a supervisor it has the lowest
// real-time priority.
func (m *monitor) watchProcessor(n int) error {
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1) // the monitor keeps one for itself
	ready := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread has a network of its own
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			ready <- fmt.Errorf("a network for the monitor: %w", err)
			return
		}
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			ready <- fmt.Errorf("a socket for the monitor: %w", err)
			return
		}
		var one unix.CPUSet
		one.Set(n)
		if err := unix.SchedSetaffinity(0, &one); err != nil {
			ready <- fmt.Errorf("processor %d for the monitor: %w", n, err)
			return
		}
		_ = unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_RR, Priority: 1}, 0)
		ready <- m.look(fd)
		nap := unix.NsecToTimespec(between.Nanoseconds())
		for {
			asleep := time.Now()
			// Raw, so that the thread need not wait for its turn in the Go runtime
			// when it wakes up: only the kernel's delays count.
			_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&nap)), 0, 0)
			awake := time.Now()
			_ = m.look(fd)
			m.note(stall{from: asleep.Add(between), to: awake})
			m.note(stall{from: awake, to: time.Now(), lock: true})
		}
	}()
	return <-ready
}

// note keeps a standstill, if it is one.
func (m *monitor) note(s stall) {
	if s.to.Sub(s.from) < standstill {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stalls = append(m.stalls, s)
}

// look makes a change that is none, under the kernel's lock for changes.
func (m *monitor) look(fd int) error {
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint32(1000)
	return unix.IoctlIfreq(fd, unix.SIOCSIFTXQLEN, request)
}

// stalled is for how long the machine stood still between two moments.
func (m *monitor) stalled(from, to time.Time) (sum time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	// What several processors or threads waited for at once counts once.
	stalls := slices.SortedFunc(slices.Values(m.stalls), func(a, b stall) int { return a.from.Compare(b.from) })
	for _, s := range stalls {
		sum += s.within(from, to)
		if s.to.After(from) {
			from = s.to
		}
	}
	return sum
}

// longest is the longest single standstill between two moments, for want of the
// processor and of the lock.
func (m *monitor) longest(from, to time.Time) (processor, lock time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.stalls {
		if s.lock {
			lock = max(lock, s.within(from, to))
		} else {
			processor = max(processor, s.within(from, to))
		}
	}
	return processor, lock
}

func (s stall) within(from, to time.Time) time.Duration {
	if s.from.After(from) {
		from = s.from
	}
	if s.to.Before(to) {
		to = s.to
	}
	return max(to.Sub(from), 0)
}
