package netlab

import (
	"context"
	"net/netip"
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
)

// TB is the part of testing.TB that a lab needs; netlab is part of the demo too and
// does not import package testing.
type TB interface {
	Helper()
	Context() context.Context
	Cleanup(func())
	Error(args ...any)
	Fatal(args ...any)
}

// interrupted is the exit status of a program ended by Ctrl-C, as a shell gives it.
const interrupted = 130

// ForTest makes a lab that ends with the test. It fails the test, and does not skip
// it, when there is no root. A test binary that is interrupted closes its labs and
// exits: package testing by itself would leave them behind.
func ForTest(tb TB) *Lab {
	tb.Helper()
	lab, err := New(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	forget := closeOnSignal(lab)
	tb.Cleanup(func() {
		forget()
		if err := lab.Close(); err != nil {
			tb.Error(err)
		}
	})
	return lab
}

// openLabs are the labs to close when the test binary is interrupted.
var openLabs struct {
	mu   sync.Mutex
	labs map[*Lab]bool
	once sync.Once
}

// closeOnSignal lists a lab among those to close, and starts to listen for signals
// with the first one.
func closeOnSignal(l *Lab) (forget func()) {
	openLabs.mu.Lock()
	defer openLabs.mu.Unlock()
	if openLabs.labs == nil {
		openLabs.labs = map[*Lab]bool{}
	}
	openLabs.labs[l] = true
	openLabs.once.Do(func() {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt, unix.SIGTERM, unix.SIGHUP)
		go func() {
			<-signals
			openLabs.mu.Lock() // held for good: no test goes on after this
			for l := range openLabs.labs {
				_ = l.Close()
			}
			os.Exit(interrupted)
		}()
	})
	return func() {
		openLabs.mu.Lock()
		defer openLabs.mu.Unlock()
		delete(openLabs.labs, l)
	}
}

// HostForTest adds a host with addresses such as 192.168.1.3/24, or fails the test.
func (l *Lab) HostForTest(tb TB, name string, addrs ...string) *Host {
	tb.Helper()
	prefixes := make([]netip.Prefix, len(addrs))
	for i, a := range addrs {
		p, err := netip.ParsePrefix(a)
		if err != nil {
			tb.Fatal(err)
		}
		prefixes[i] = p
	}
	h, err := l.Host(name, prefixes...)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}
