package clone

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"golang.org/x/sys/unix"
)

// fakeSystemd is a host with systemd and our unit. Its systemctl, a script, writes its
// arguments to the returned file and goes on with body.
func fakeSystemd(t *testing.T, dir *state.Dir, body string) (s systemd, calls string) {
	root := t.TempDir()
	write := func(path, text string, mode os.FileMode) string {
		path = filepath.Join(root, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), mode)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	program := write("sbin/ifconfig-carp", "", 0o755)
	write("lib/"+unitTemplate, "[Service]\n#ExecStart=/bin/false\nExecStart="+program+" supervise %i\n", 0o644)
	calls = filepath.Join(root, "calls")
	write("bin/systemctl", "#!/bin/sh\necho \"$*\" >>"+calls+"\n"+body+"\n", 0o755)
	t.Setenv("PATH", filepath.Join(root, "bin")+":"+os.Getenv("PATH"))
	return systemd{
		booted:  root,
		folders: []string{filepath.Join(root, "etc"), filepath.Join(root, "lib")},
		folder:  dir.Path(),
		program: program,
	}, calls
}

// Where any of these is not as usual, the supervisor is started without systemd.
func TestSystemdRuns(t *testing.T) {
	_, dir, _ := inFolder(t)
	usual := func(string) string { return "" }
	s, _ := fakeSystemd(t, dir, "")
	if !s.runs(dir, usual) {
		t.Fatal("it does not, on a host with a unit")
	}
	other := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*systemd) func(string) string{
		"another process 1":    func(s *systemd) func(string) string { s.booted += "/none"; return usual },
		"a file as its folder": func(s *systemd) func(string) string { s.booted = s.program; return usual },
		"no unit":              func(s *systemd) func(string) string { s.folders = s.folders[:1]; return usual },
		"another state folder": func(s *systemd) func(string) string { s.folder += "/netns-1"; return usual },
		"another program":      func(s *systemd) func(string) string { s.program = other; return usual },
		"a masked unit": func(s *systemd) func(string) string {
			etc := t.TempDir()
			if err := os.Symlink(os.DevNull, filepath.Join(etc, unitTemplate)); err != nil {
				t.Fatal(err)
			}
			s.folders = append([]string{etc}, s.folders...)
			return usual
		},
		state.EnvVar: func(*systemd) func(string) string { return func(key string) string { return only(key, state.EnvVar) } },
		LogVar:       func(*systemd) func(string) string { return func(key string) string { return only(key, LogVar) } },
	} {
		s := s
		if getenv := change(&s); s.runs(dir, getenv) {
			t.Errorf("%s: it does", what)
		}
	}
}

// only is the value of a single variable.
func only(key, set string) string {
	if key == set {
		return "/x"
	}
	return ""
}

// supervisorOf plays the unit that systemctl starts: when that has been called so often
// it answers the summons, and the request that comes over it.
func supervisorOf(t *testing.T, dir *state.Dir, calls, name string, wantCreate bool, often int) {
	done := make(chan struct{})
	ctx := t.Context()
	go func() {
		defer close(done)
		var conn net.Conn
		var create bool
		for conn == nil && ctx.Err() == nil {
			if called, _ := os.ReadFile(calls); bytes.Count(called, []byte("\n")) >= often {
				conn, create = answerSummons(dir, name)
			}
		}
		if conn == nil {
			return // the test has failed before
		}
		if create != wantCreate {
			t.Errorf("create is %t, want %t", create, wantCreate)
		}
		server := control.NewServer(lives, nil)
		server.ServeConn(ctx, conn)
		server.Wait()
	}()
	t.Cleanup(func() { <-done })
}

func TestStartBySystemd(t *testing.T) {
	for _, create := range []bool{true, false} {
		c, dir, _ := inFolder(t)
		s, calls := fakeSystemd(t, dir, "exec sleep 600") // until the answer has come
		c.systemd = s
		ctx, cancel := context.WithCancel(t.Context())
		supervisorOf(t, dir, calls, "web-1", create, 1)
		c.getenv = func(key string) string { return "" }
		born, err := c.systemd.start(ctx, dir, "web-1", create)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := control.NewClient(born.conn).Do(ctx, control.Request{Op: control.OpStatus})
		if err != nil || resp.Status.State != "MASTER" {
			t.Errorf("the supervisor answers %+v, %v", resp, err)
		}
		_ = born.conn.Close()
		born.done()
		cancel()
		if got, err := os.ReadFile(calls); string(got) != "--no-ask-password start carp@web-1.service\n" {
			t.Errorf("systemctl was called with %q, %v", got, err)
		}
		if left, _ := filepath.Glob(dir.Path() + "/*:*"); left != nil {
			t.Errorf("left: %v", left)
		}
	}
}

// What systemd refuses is said, and the unit is not tried again behind our back.
func TestSystemdRefuses(t *testing.T) {
	_, dir, _ := inFolder(t)
	s, calls := fakeSystemd(t, dir, "echo 'Failed to start carp@carp0.service: Access denied.' >&2; echo more >&2; exit 4")
	_, err := s.start(t.Context(), dir, "carp0", true)
	if err == nil || err.Error() != "systemctl: Failed to start carp@carp0.service: Access denied" {
		t.Errorf("%v", err)
	}
	got, err := os.ReadFile(calls)
	want := []string{"--no-ask-password start carp@carp0.service", "--no-ask-password stop --no-block carp@carp0.service", ""}
	if !slices.Equal(strings.Split(string(got), "\n"), want) {
		t.Errorf("systemctl was called with %q, %v", got, err)
	}
}

// A unit that is up already and does not ask for its request: either another command
// was quicker, or it serves an interface that has been renamed, or there is no telling.
func TestSystemdUnitIsBusy(t *testing.T) {
	_, dir, _ := inFolder(t)
	s, calls := fakeSystemd(t, dir, "exit 0")
	if _, err := s.start(t.Context(), dir, "carp0", true); !errors.Is(err, errUnitDeaf) {
		t.Errorf("nobody has the name: %v", err)
	}
	record(t, dir, "web", 1)
	web, err := dir.Acquire("web")
	if err != nil {
		t.Fatal(err)
	}
	if err := noteMove(dir, "carp0", "web"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.start(t.Context(), dir, "carp0", true); !errors.Is(err, errUnitBusy) {
		t.Errorf("it serves another one: %v", err)
	}
	web.Release()
	if said, err := os.ReadFile(calls); strings.Contains(string(said), "stop") {
		t.Errorf("somebody else's unit was stopped: %q, %v", said, err)
	}
	lock, err := dir.Acquire("carp0")
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	if _, err := s.start(t.Context(), dir, "carp0", true); !taken(err, unix.EBUSY) {
		t.Errorf("it has a supervisor: %v", err)
	}
}

// Two commands want one unit, which asks the one, is refused, and is about to end when
// systemd says of it to the other that it is up. Then it is started again.
func TestUnitIsStartedForTheNextCommand(t *testing.T) {
	_, dir, _ := inFolder(t)
	s, calls := fakeSystemd(t, dir, "exit 0")
	supervisorOf(t, dir, calls, "carp0", true, 3)
	born, err := s.start(t.Context(), dir, "carp0", true)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := control.NewClient(born.conn).Do(t.Context(), control.Request{Op: control.OpStatus})
	if err != nil || resp.Status.State != "MASTER" {
		t.Errorf("the supervisor answers %+v, %v", resp, err)
	}
	_ = born.conn.Close()
	born.done()
	said, _ := os.ReadFile(calls)
	if n := strings.Count(string(said), "--no-ask-password start carp@carp0.service\n"); n < 3 || strings.Contains(string(said), "stop") {
		t.Errorf("systemctl was called with %q", said)
	}
	// And not once more when it has begun to ask, not even after its end.
	time.Sleep(2 * deafPause)
	if again, _ := os.ReadFile(calls); len(again) != len(said) {
		t.Errorf("systemctl was called again: %q", again)
	}
}

// Who only looks does not start what an administrator has stopped.
func TestStoppedUnitStaysStopped(t *testing.T) {
	c, dir, _ := inFolder(t)
	record(t, dir, "carp0", 1)
	if err := noteUnit(dir, "carp0", "carp0"); err != nil {
		t.Fatal(err)
	}
	s, calls := fakeSystemd(t, dir, "echo inactive; exit 3")
	c.systemd, c.getenv = s, func(string) string { return "" }
	_, err := c.ask(t.Context(), "carp0", control.Request{Op: control.OpStatus}, time.Second)
	if err == nil || err.Error() != "stopped; systemctl start carp@carp0 starts it" {
		t.Errorf("%v", err)
	}
	if got, err := os.ReadFile(calls); string(got) != "is-active carp@carp0.service\n" {
		t.Errorf("systemctl was called with %q, %v", got, err)
	}
	for _, other := range []string{"failed", "activating", "active", ""} {
		s, _ := fakeSystemd(t, dir, "echo "+other)
		if _, is := s.stopped(t.Context(), dir, "carp0"); is {
			t.Errorf("%q counts as stopped", other)
		}
	}
}

// A unit that does not run is inactive to systemd, whether it was stopped or never was
// one: an interface whose supervisor was none of systemd's has not been stopped. One
// that was renamed is in the unit that it was started as, until another has that.
func TestStoppedOnlyWhatWasAUnit(t *testing.T) {
	_, dir, _ := inFolder(t)
	s, calls := fakeSystemd(t, dir, "echo inactive; exit 3")
	check := func(name, unit string) {
		t.Helper()
		_ = os.Remove(calls)
		got, is := s.stopped(t.Context(), dir, name)
		if got != unit || is != (unit != "") {
			t.Errorf("%s: stopped: %t, unit %q, want %q", name, is, got, unit)
		}
		want := "is-active carp@" + unit + ".service\n"
		if asked, _ := os.ReadFile(calls); unit == "" && len(asked) != 0 || unit != "" && string(asked) != want {
			t.Errorf("%s: systemctl was called with %q", name, asked)
		}
	}
	must := func(errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	check("carp0", "")
	must(noteUnit(dir, "carp0", "carp0"))
	check("carp0", "carp0")
	must(noteUnit(dir, "carp0", "")) // by hand, the next time
	check("carp0", "")
	must(noteUnit(dir, "carp0", ""))

	must(noteUnit(dir, "web", "carp0"), noteMove(dir, "carp0", "web"))
	check("web", "carp0")
	forgetMove(dir, "carp0") // there is a new carp0 in that unit
	check("web", "web")
}

// A command that was killed leaves its summons; the next supervisor takes it away and
// does not touch the files of interfaces with similar names.
func TestSummonsLeftBehind(t *testing.T) {
	_, dir, _ := inFolder(t)
	left := filepath.Join(dir.Path(), "carp0:create:zzz")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: left, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false)
	_ = ln.Close()
	record(t, dir, "carp0.create", 1)
	other, err := summon(dir, "carp01", true)
	if err != nil {
		t.Fatal(err)
	}
	defer other.withdraw()
	if conn, _ := answerSummons(dir, "carp0"); conn != nil {
		t.Error("somebody waits")
	}
	if _, err := os.Lstat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the summons: %v", err)
	}
	if _, err := dir.Load("carp0.create"); err != nil {
		t.Error(err)
	}
	if info, err := os.Lstat(other.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("another's summons: %v, %v", info, err)
	}
}

// The unit of an old name is the renamed interface's, as long as that has no
// supervisor elsewhere.
func TestMovedTo(t *testing.T) {
	_, dir, _ := inFolder(t)
	check := func(want string) {
		t.Helper()
		if got := movedTo(dir, "carp0"); got != want {
			t.Errorf("it is %q's, want %q", got, want)
		}
	}
	check("")
	record(t, dir, "web", 1)
	for _, to := range []string{"blue", "web"} { // renamed twice
		if err := noteMove(dir, "carp0", to); err != nil {
			t.Fatal(err)
		}
	}
	check("web")
	lock, err := dir.Acquire("web")
	if err != nil {
		t.Fatal(err)
	}
	check("")
	lock.Release()
	check("web")
	if err := dir.Remove("web"); err != nil {
		t.Fatal(err)
	}
	check("")
	if _, err := os.Lstat(movedLink(dir, "carp0")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the link to what is gone: %v", err)
	}
	record(t, dir, "web", 1)
	for _, to := range []string{"web", "carp0"} { // and back
		if err := noteMove(dir, "carp0", to); err != nil {
			t.Fatal(err)
		}
	}
	check("")
}
