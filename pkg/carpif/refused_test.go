package carpif

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A MASTER whose kernel does not take the addresses says nothing, so that
// another host becomes MASTER and answers; it yields, demoted, and is MASTER
// again once its kernel is willing and nobody else is.
func TestKernelRefusesTheAddresses(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		var willing atomic.Bool
		a.kernel.before("Claim", func() error {
			if willing.Load() {
				return nil
			}
			return unix.EADDRINUSE
		})
		b.set(down)
		a.set(down)
		since := time.Now()
		a.set(up)
		time.Sleep(4 * time.Second)
		a.is("MASTER", "master timed out")
		for _, frame := range l.since(since) {
			if strings.Contains(frame, "192.0.2.2") {
				t.Errorf("it speaks, and does not answer: %s", frame)
			}
		}
		b.set(up)
		time.Sleep(8 * time.Second)
		b.is("MASTER", "master timed out")
		b.answers(true)
		a.is("BACKUP", "more frequent advertisement received")
		willing.Store(true)
		b.set(down)
		time.Sleep(4 * time.Second)
		a.is("MASTER", "")
		a.answers(true)
	})
}

// A host that was suspended listens before it speaks, though its clock says
// that no time has passed.
func TestSuspended(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		a.slept.Store(int64(time.Hour))
		time.Sleep(time.Second + ms)
		a.is("BACKUP", "overslept")
		time.Sleep(4 * time.Second)
		a.is("BACKUP", "overslept") // b was quicker
		b.is("MASTER", "master timed out")
	})
}
