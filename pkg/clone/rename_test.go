package clone

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
)

// seated is a supervisor of carp0 as far as its name goes: record, lock and
// socket.
func seated(t *testing.T) (*Cloner, *state.Dir, *supervisor) {
	c, dir, _ := inFolder(t)
	record(t, dir, "carp0", 1)
	lock, err := dir.Acquire("carp0")
	if err != nil {
		t.Fatal(err)
	}
	s := &supervisor{dir: dir, seat: seat{name: "carp0", lock: lock}, log: slog.New(slog.DiscardHandler), flush: func() {}}
	if err := s.seat.listen(dir); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	s.served, s.server = ctx, control.NewServer(lives, nil)
	s.server.Serve(ctx, s.seat.ln)
	t.Cleanup(func() {
		s.release(false)
		cancel()
		s.server.Wait()
	})
	return c, dir, s
}

// intend saves what carpif saves before Commit.
func intend(t *testing.T, dir *state.Dir, to string) {
	r, err := dir.Load("carp0")
	if err != nil {
		t.Fatal(err)
	}
	r.NewName = to
	if err := dir.Save(r); err != nil {
		t.Fatal(err)
	}
}

// After Commit the supervisor lives and answers under the new name only.
func TestCommit(t *testing.T) {
	c, dir, s := seated(t)
	intend(t, dir, "web")
	r, err := s.rename(t.Context(), "web")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dir.Acquire("web"); !errors.Is(err, state.ErrHeld) {
		t.Errorf("somebody else could have the name: %v", err)
	}
	if names, err := c.Names(); err != nil || len(names) != 1 || names[0] != "carp0" {
		t.Errorf("before it is committed: %q, %v", names, err)
	}
	if err := r.Commit(); err != nil {
		t.Fatal(err)
	}
	if dir.Alive("carp0") || !dir.Alive("web") {
		t.Errorf("carp0 lives: %t, web: %t", dir.Alive("carp0"), dir.Alive("web"))
	}
	if all, err := c.Status(t.Context(), false, "web"); err != nil || len(all) != 1 || all[0].State != "MASTER" {
		t.Errorf("web: %+v, %v", all, err)
	}
	if _, err := c.Change(t.Context(), "carp0", control.Change{Up: new(true)}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("carp0: %v", err)
	}
	for _, left := range []string{"carp0.json", "carp0.lock", "carp0.sock"} {
		if _, err := os.Stat(dir.Path() + "/" + left); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", left, err)
		}
	}
	if !s.recorded() || !s.held().lock.Current() {
		t.Error("the supervisor takes itself for one that was removed")
	}
}

// What refuses a name leaves it to whoever has it; what is aborted leaves
// nothing.
func TestRenameRefused(t *testing.T) {
	_, dir, s := seated(t)
	record(t, dir, "dead", 2)
	impersonate(t, dir, "born", lives) // it has no record yet
	for name, want := range map[string]error{
		"dead": unix.EEXIST, "born": unix.EEXIST, "carp0": unix.EEXIST, "a/b": unix.EINVAL, "parents": unix.EINVAL,
	} {
		if _, err := s.rename(t.Context(), name); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	if dir.Alive("dead") {
		t.Error("the lock of another's name was kept")
	}
	r, err := s.rename(t.Context(), "web")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Commit(); err == nil {
		t.Error("committed what nobody intended")
	}
	r.Abort()
	files, _ := os.ReadDir(dir.Path())
	for _, f := range files {
		if len(f.Name()) > 3 && f.Name()[:3] == "web" {
			t.Errorf("left behind: %s", f.Name())
		}
	}
	if s.held().name != "carp0" || !s.recorded() || !dir.Alive("carp0") {
		t.Error("the old name is gone")
	}
}
