package state

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestLock(t *testing.T) {
	d := testDir(t)
	if d.Alive("carp0") {
		t.Error("alive before it was born")
	}
	l, err := d.Acquire("carp0")
	if err != nil {
		t.Fatal(err)
	}
	if !d.Alive("carp0") || l.Name() != "carp0" {
		t.Error("not alive")
	}
	if _, err := d.Acquire("carp0"); !errors.Is(err, ErrHeld) {
		t.Errorf("second: %v", err)
	}
	if !d.Alive("carp0") {
		t.Error("the refused one took the lock along")
	}
	l.Release()
	if d.Alive("carp0") {
		t.Error("alive after its release")
	}
	if l, err = d.Acquire("carp0"); err != nil {
		t.Fatal(err)
	}
	if err := l.Remove(); err != nil {
		t.Fatal(err)
	}
	if files, _ := os.ReadDir(d.path); len(files) != 0 {
		t.Errorf("left: %v", files)
	}
}

// TestAskingDoesNotDisturb: no number of readers ever makes a start fail.
func TestAskingDoesNotDisturb(t *testing.T) {
	d := testDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for ctx.Err() == nil {
				d.Alive("carp0")
			}
		})
	}
	for range 500 {
		l, err := d.Acquire("carp0")
		if err != nil {
			t.Error(err)
			break
		}
		l.Release()
	}
	cancel()
	wg.Wait()
}

// TestOneWinner: of twenty processes that start a supervisor one does.
func TestOneWinner(t *testing.T) {
	d := testDir(t)
	lines := make(chan string, 20)
	var wg sync.WaitGroup
	for range cap(lines) {
		wg.Go(func() { lines <- start(t, "hold", d).line })
	}
	wg.Wait()
	close(lines)
	won := 0
	for line := range lines {
		switch {
		case line == "ok":
			won++
		case !strings.Contains(line, "held"):
			t.Errorf("a loser says %q", line)
		}
	}
	if won != 1 {
		t.Errorf("%d won", won)
	}
}

// TestDestroyRace: while units are created and destroyed at a furious pace,
// no two ever hold one at once, though each destroy unlinks the lock file.
func TestDestroyRace(t *testing.T) {
	d := testDir(t)
	var holders, rounds atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for rounds.Load() < 300 {
				l, err := d.Acquire("carp0")
				if errors.Is(err, ErrHeld) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if n := holders.Add(1); n != 1 {
					t.Errorf("%d hold it", n)
				}
				rounds.Add(1)
				holders.Add(-1)
				if err := l.Remove(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestKilledSupervisor(t *testing.T) {
	d := testDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := start(t, "hold", d)
	if p.line != "ok" {
		t.Fatal(p.line)
	}
	if !d.Alive("carp0") {
		t.Fatal("not alive")
	}
	if ledger, err := d.Demotion(); err != nil || ledger.Sum() != 240 {
		t.Errorf("its ledger: %v, %v", ledger, err)
	}
	changes, err := d.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	p.kill()
	for told := 0; d.Alive("carp0"); told++ {
		// The last one told must come after the death.
		select {
		case <-changes:
		case <-time.After(5 * time.Second):
			t.Fatalf("told %d times and it is still alive", told)
		}
	}
	if ledger, err := d.Demotion(); err != nil || len(ledger) != 0 {
		t.Errorf("a dead one's entries count: %v, %v", ledger, err)
	}
	l, err := d.Acquire("carp0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	if ledger, err := d.Demotion(); err != nil || len(ledger) != 0 {
		t.Errorf("the successor inherited %v, %v", ledger, err)
	}
}

// TestUserAsks: ordinary users cannot open a lock file and know all the same.
func TestUserAsks(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	path, err := os.MkdirTemp("", "state") // t.TempDir is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(path) })
	d, err := create(path + "/state")
	if err := errors.Join(err, os.Chmod(path, 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"carp0", "carp1"} {
		l, err := d.Acquire(name)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Release()
		if err := d.SetEntries(name, []Entry{{Name: "x", Value: 7}}); err != nil {
			t.Fatal(err)
		}
		if name == "carp1" {
			l.Release()
		}
	}
	if p := start(t, "alive", d); p.line != "true false 7 <nil>" {
		t.Errorf("a user sees %q", p.line)
	}
}

func TestLockFolder(t *testing.T) {
	d := testDir(t)
	var inside atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			unlock, err := d.LockFolder(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			if n := inside.Add(1); n != 1 {
				t.Errorf("%d inside", n)
			}
			inside.Add(-1)
			unlock()
			unlock()
		})
	}
	wg.Wait()

	unlock, err := d.LockFolder(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = d.LockFolder(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "locked by process") {
		t.Errorf("a lock that is not given back: %v", err)
	}
}

// TestSweep: what a crash left of a shared file goes with the next change.
func TestSweep(t *testing.T) {
	d := testDir(t)
	for _, name := range []string{".parents.json.new-1", ".sysctl.conf.new-2", ".carp0.json.new-3", ".carp0.demotion.new-4"} {
		if err := os.WriteFile(d.file(name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	unlock, err := d.LockFolder(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	unlock()
	l, err := d.Acquire("carp0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	checkNothingLeft(t, d)
}
