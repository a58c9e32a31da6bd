package clone

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inFolder is an environment with a state folder of its own.
func inFolder(t *testing.T) (*Cloner, *state.Dir, func(string) string) {
	path := t.TempDir()
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	getenv := func(key string) string { return map[string]string{state.EnvVar: path, LogVar: os.DevNull}[key] }
	dir, err := state.Open(getenv)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Open(getenv)
	if err != nil {
		t.Fatal(err)
	}
	return c, dir, getenv
}

func record(t *testing.T, dir *state.Dir, name string, vhid carp.VHID) state.Record {
	r := state.Record{Name: name, VHID: vhid, AdvBase: 1, Up: true, Parent: "eth0", Password: "sesame",
		Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.50/24")}}
	if err := dir.Save(r); err != nil {
		t.Fatal(err)
	}
	return r
}

// impersonate holds a unit's lock and answers on its socket.
func impersonate(t *testing.T, dir *state.Dir, name string, h control.Handler) *state.Lock {
	lock, err := dir.Acquire(name)
	if err != nil {
		t.Fatal(err)
	}
	path, err := dir.SocketPath(name)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	s := control.NewServer(h, nil)
	s.Serve(ctx, ln)
	t.Cleanup(func() {
		cancel()
		s.Wait()
		lock.Release()
	})
	return lock
}

func lives(_ context.Context, _ control.Request) control.Response {
	return control.Response{Status: &control.Status{Name: "carp0", State: "MASTER"}}
}

func TestStatus(t *testing.T) {
	c, dir, _ := inFolder(t)
	record(t, dir, "carp0", 1)
	record(t, dir, "carp10", 10)
	record(t, dir, "carp2", 2)
	impersonate(t, dir, "carp0", lives)
	impersonate(t, dir, "carp2", func(ctx context.Context, _ control.Request) control.Response {
		<-ctx.Done() // stopped
		return control.Response{}
	})
	impersonate(t, dir, "carp10", func(context.Context, control.Request) control.Response {
		_ = dir.Remove("carp10") // destroyed between the listing and the asking
		return control.Response{}
	})
	if names, err := c.Names(); err != nil || strings.Join(names, " ") != "carp0 carp2 carp10" {
		t.Errorf("names %q, %v", names, err)
	}
	then := time.Now()
	all, err := c.Status(t.Context(), false)
	if took := time.Since(then); took > readTime+time.Second {
		t.Errorf("reading took %v", took)
	}
	if len(all) < 2 || all[0].State != "MASTER" || all[1].State != control.StateUnknown || all[1].VHID != 2 ||
		all[1].Error != control.ErrNoAnswer.Error() || all[1].Key != nil {
		t.Errorf("status %+v, %v", all, err)
	}
	if _, err := c.Status(t.Context(), false, "carp7"); !errors.Is(err, fs.ErrNotExist) || err.Error() != "interface carp7 does not exist" {
		t.Errorf("of what is not there: %v", err)
	}
}

// A supervisor has its lock before it has its socket: the command waits.
func TestAskWaitsForTheSocket(t *testing.T) {
	c, dir, _ := inFolder(t)
	record(t, dir, "carp0", 1)
	lock, err := dir.Acquire("carp0")
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	started := make(chan struct{})
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	s := control.NewServer(lives, nil)
	go func() {
		defer close(started)
		time.Sleep(50 * time.Millisecond)
		path, _ := dir.SocketPath("carp0")
		if ln, err := net.Listen("unix", path); err != nil {
			t.Error(err)
		} else {
			s.Serve(ctx, ln)
		}
	}()
	all, err := c.Status(t.Context(), false, "carp0")
	if err != nil || len(all) != 1 || all[0].State != "MASTER" {
		t.Errorf("status %+v, %v", all, err)
	}
	<-started
	cancel()
	s.Wait()
}

// One that is destroyed while the command waits for its socket is no longer
// there, which does not take the whole patience to find out.
func TestDestroyedWhileWaiting(t *testing.T) {
	c, dir, _ := inFolder(t)
	record(t, dir, "carp0", 1)
	lock, err := dir.Acquire("carp0")
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, func() {
		_ = dir.Remove("carp0")
		_ = lock.Remove()
	})
	then := time.Now()
	_, err = c.Change(t.Context(), "carp0", control.Change{Up: new(true)})
	if !errors.Is(err, fs.ErrNotExist) || time.Since(then) > 2*time.Second {
		t.Errorf("after %v: %v", time.Since(then), err)
	}
}

func TestRefusals(t *testing.T) {
	c, dir, _ := inFolder(t)
	record(t, dir, "carp0", 1)
	impersonate(t, dir, "carp0", func(context.Context, control.Request) control.Response {
		return control.Response{Error: nameInUse("carp0")}
	})
	if _, _, err := c.Create(t.Context(), "carp0", control.Change{}); err == nil || err.Error() != "interface carp0 already exists" {
		t.Errorf("created twice: %v", err)
	}
	const want = "SIOCIFCREATE2: File exists\nhint: carp0: it exists already; leave out the word create to change it"
	if _, _, err := c.Create(t.Context(), "carp0", control.Change{Up: new(true)}); err == nil || err.Error() != want {
		t.Errorf("created twice with words: %v", err)
	}
	if _, err := c.Change(t.Context(), "carp0", control.Change{Up: new(true)}); !errors.Is(err, unix.EEXIST) {
		t.Errorf("the supervisor's refusal came as %v", err)
	}
	if err := c.Destroy(t.Context(), "carp9"); err == nil || err.Error() != "interface carp9 does not exist" {
		t.Errorf("destroyed what is not there: %v", err)
	}
}

// What goes wrong before the interface exists is an answer to the command that
// started the supervisor, and a name that is not ours is left alone.
func TestSuperviseRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		create bool
		before func(*testing.T, *state.Dir)
		want   string
		record bool
	}{
		{name: "no record", want: "interface carp0 does not exist"},
		{name: "exists", create: true, record: true,
			before: func(t *testing.T, d *state.Dir) { record(t, d, "carp0", 1) },
			want:   "SIOCIFCREATE2: File exists\nhint: carp0: it exists already; leave out the word create to change it"},
		{name: "held", create: true,
			before: func(t *testing.T, d *state.Dir) {
				lock, err := d.Acquire("carp0")
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(lock.Release)
			},
			want: "SIOCIFCREATE2: Device busy\nhint: carp0: it has a supervisor already"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, dir, getenv := inFolder(t)
			if c.before != nil {
				c.before(t, dir)
			}
			ours, theirs, err := socketpair()
			if err != nil {
				t.Fatal(err)
			}
			fd, err := unix.Dup(int(theirs.Fd())) // Supervise closes what it is given
			if err != nil {
				t.Fatal(err)
			}
			_ = theirs.Close()
			ended := make(chan error, 1)
			go func() {
				gone, err := Supervise(t.Context(), "carp0", c.create, fd, getenv)
				if !gone {
					t.Error("to be started again")
				}
				ended <- err
			}()
			resp, err := control.NewClient(ours).Do(t.Context(), control.Request{Op: control.OpCreate, Change: &control.Change{}})
			if err != nil || resp.Error == nil || resp.Error.Error() != c.want && !(c.name == "held" && resp.Error.Errno == unix.EBUSY) {
				t.Errorf("answer %v, %v; want %s", resp.Error, err, c.want)
			}
			if err := <-ended; err != nil {
				t.Errorf("said twice: %v", err)
			}
			_ = ours.Close()
			if _, err := dir.Load("carp0"); (err == nil) != c.record {
				t.Errorf("the record: %v", err)
			}
		})
	}
}

func TestSiblings(t *testing.T) {
	_, dir, _ := inFolder(t)
	record(t, dir, "carp0", 1)
	want := record(t, dir, "carp1", 2)
	if err := os.WriteFile(dir.Path()+"/carp2.json", []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := store{dir}.Siblings("carp0")
	if err != nil || len(got) != 1 || got[0].Name != want.Name || got[0].VHID != 2 {
		t.Errorf("siblings %v, %v", got, err)
	}
}

func TestLog(t *testing.T) {
	env := map[string]string{}
	getenv := func(key string) string { return env[key] }
	line := func() string {
		var b bytes.Buffer
		slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: withoutTime(getenv)})).Info("x", "time", 1)
		return b.String()
	}
	if got := line(); got != "level=INFO msg=x\n" && got != "level=INFO msg=x time=1\n" {
		t.Errorf("for the journal: %q", got)
	}
	env[LogVar] = t.TempDir() + "/log"
	if got := line(); !strings.HasPrefix(got, "time=2") {
		t.Errorf("for a file: %q", got)
	}
	log, flush := NewLog(getenv)
	log.Info("hello")
	flush()
	if b, err := os.ReadFile(env[LogVar]); err != nil || !strings.Contains(string(b), "msg=hello") {
		t.Errorf("the file has %q, %v", b, err)
	}
	if info, err := os.Stat(env[LogVar]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	if isTerminal(null) {
		t.Error("/dev/null is taken for a person")
	}
}
