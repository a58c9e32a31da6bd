package clone

import (
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carpif"
	"github.com/mdlayher/sdnotify"
)

// manager is systemd as a supervisor speaks to it (sd_notify(3)). The socket's queue
// may be full, when process 1 is frozen or busy, so a goroutine of its own waits
// there, and what it has no room for is lost.
type manager struct {
	notifier *sdnotify.Notifier
	every    time.Duration
	queue    chan string
	ended    chan struct{}
	close    func()
}

var _ carpif.Manager = (*manager)(nil)

const (
	// managerQueue is how many notices may wait.
	managerQueue = 16
	// managerPatience is how long the last notices may take at the end.
	managerPatience = 200 * time.Millisecond
	// What systemd sets for us (sd_notify(3), sd_watchdog_enabled(3)).
	notifySocketVar = "NOTIFY_SOCKET"
	watchdogVar     = "WATCHDOG_USEC"
	watchdogPIDVar  = "WATCHDOG_PID"
	// watchdogAlive restarts the manager's clock (sd_notify(3)).
	watchdogAlive = "WATCHDOG=1"
)

// findManager is the manager that has started this process; nil without one.
func findManager(getenv func(string) string) *manager {
	socket := getenv(notifySocketVar)
	if socket == "" {
		return nil
	}
	n, err := sdnotify.Open(socket)
	if err != nil {
		return nil
	}
	m := &manager{
		notifier: n,
		every:    watchdogEvery(getenv),
		queue:    make(chan string, managerQueue),
		ended:    make(chan struct{}),
	}
	m.close = sync.OnceFunc(func() { close(m.queue) })
	go m.send()
	return m
}

// TellManager has the manager that has started this process, if one has and wants to hear
// of it, show a line as its state.
func TellManager(getenv func(string) string, line string) {
	if m := findManager(getenv); m != nil {
		m.Status(line)
		m.Close()
	}
}

// watchdogEvery is a third of the time in which the manager wants to hear from us, so
// that one notice may be lost; 0 if it does not wait (sd_watchdog_enabled(3)).
func watchdogEvery(getenv func(string) string) time.Duration {
	if pid := getenv(watchdogPIDVar); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	usec, err := strconv.ParseInt(getenv(watchdogVar), 10, 64)
	if err != nil || usec <= 0 {
		return 0
	}
	return time.Duration(usec) * time.Microsecond / 3
}

func (m *manager) send() {
	defer close(m.ended)
	for notice := range m.queue {
		_ = m.notifier.Notify(notice) // systemd that has gone is no reason to fail
	}
	_ = m.notifier.Close()
}

func (m *manager) say(notice string) {
	select {
	case m.queue <- notice:
	default:
	}
}

func (m *manager) Ready()                    { m.say(sdnotify.Ready) }
func (m *manager) Stopping()                 { m.say(sdnotify.Stopping) }
func (m *manager) Status(line string)        { m.say(sdnotify.Statusf("%s", line)) }
func (m *manager) Alive()                    { m.say(watchdogAlive) }
func (m *manager) AliveEvery() time.Duration { return m.every }

// Close sends what is left. Nothing may be said afterwards.
func (m *manager) Close() {
	if m == nil {
		return
	}
	m.close()
	select {
	case <-m.ended:
	case <-time.After(managerPatience):
	}
}
