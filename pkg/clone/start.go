package clone

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"golang.org/x/sys/unix"
)

// SuperviseCommand is the subcommand that a supervisor runs as.
const SuperviseCommand = "supervise"

// ControlFD is the descriptor on which a supervisor that was started by a
// command finds its first connection: the first after standard error.
const ControlFD = 3

// inheritedEnv are the variables that a supervisor gets from the command that
// starts it, and no others: an administrator's environment may hold secrets.
var inheritedEnv = []string{"PATH", state.EnvVar, LogVar, "GOCOVERDIR", "GODEBUG", "GORACE"}

// start runs the supervisor of name in the background and sends it its first
// request, over a connection that it inherits: what goes wrong at the start is
// an answer to the command typed, and no key is ever on a command line.
func (c *Cloner) start(ctx context.Context, name string, how launching, first control.Request) (control.Response, error) {
	born, err := c.launch(ctx, name, how)
	if err != nil {
		return control.Response{}, err
	}
	defer born.done()
	defer func() { _ = born.conn.Close() }()
	ctx, cancel := context.WithTimeout(ctx, changeTime)
	defer cancel()
	first.Name = name
	resp, err := control.NewClient(born.conn).Do(ctx, first)
	switch {
	case err == nil && resp.Error != nil:
		return resp, resp.Error
	case err == nil || errors.Is(err, control.ErrNoAnswer):
		return resp, err
	}
	// It died before it could answer; its last words say why.
	if words := strings.TrimSpace(born.said()); words != "" {
		return resp, bsderr.New(name+": the supervisor did not start", name+": it said: "+words)
	}
	return resp, fmt.Errorf("%s: the supervisor did not start: %w", name, err)
}

// birth is a supervisor that has been started.
type birth struct {
	conn net.Conn      // for its first request
	said func() string // its last words, if it has died
	done func()        // to be called in the end
}

// launching is how a supervisor is started.
type launching struct {
	// create is for a new interface.
	create bool
	// asUnit has systemd start it where that runs the host.
	asUnit bool
}

// launch starts the process.
func (c *Cloner) launch(ctx context.Context, name string, how launching) (birth, error) {
	if how.asUnit && c.systemd.runs(c.dir, c.getenv) {
		var born birth
		dir, err := state.Open(c.getenv) // it may have to be made
		if err == nil {
			born, err = c.systemd.start(ctx, dir, name, how.create)
		}
		switch {
		case err == nil || taken(err, unix.EBUSY):
			return born, err
		case c.systemd.stopping(ctx):
			return birth{}, fmt.Errorf("%s: the host is shutting down: %w", name, err)
		}
		c.notify("%s: systemd has not started %s, so its supervisor runs without: %v", name, unitName(name), err)
	}
	ours, theirs, err := socketpair()
	if err != nil {
		return birth{}, err
	}
	said, err := c.run(name, how.create, theirs)
	_ = theirs.Close()
	if err != nil {
		_ = ours.Close()
	}
	return birth{conn: ours, said: said, done: func() {}}, err
}

// run starts the process, detached from the terminal and the session, and
// returns a function that yields what it said on standard error so far; the
// process closes that when it is ready.
func (c *Cloner) run(name string, create bool, conn *os.File) (said func() string, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	// /proc/self/exe and not the path: the binary may have been replaced.
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{"ifconfig-carp", SuperviseCommand, "--control-fd=" + strconv.Itoa(ControlFD)}
	if create {
		cmd.Args = append(cmd.Args, "--create")
	}
	cmd.Args = append(cmd.Args, name)
	cmd.Dir = "/"
	cmd.Stderr = w
	cmd.ExtraFiles = []*os.File{conn}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Env = []string{}
	for _, key := range inheritedEnv {
		if v := c.getenv(key); v != "" {
			cmd.Env = append(cmd.Env, key+"="+v)
		}
	}
	// What the caller's shell had open (a lock, a pipe) is not for a process
	// that stays for months.
	_ = unix.CloseRange(ControlFD, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC)
	err = cmd.Start()
	_ = w.Close()
	if err != nil {
		_ = r.Close()
		return nil, fmt.Errorf("start the supervisor: %w", err)
	}
	// It outlives us; when we are gone, init reaps it.
	_ = cmd.Process.Release()
	var mu sync.Mutex
	var buf bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = r.Close() }()
		chunk := make([]byte, 4096)
		for {
			n, err := r.Read(chunk)
			mu.Lock()
			if buf.Len() < 1<<16 {
				buf.Write(chunk[:n])
			}
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return func() string {
		select {
		case <-done:
		case <-time.After(time.Second):
		}
		mu.Lock()
		defer mu.Unlock()
		return buf.String()
	}, nil
}

// socketpair makes a connection, one end of it ready to be inherited.
func socketpair() (ours net.Conn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	f := os.NewFile(uintptr(fds[0]), "control")
	ours, err = net.FileConn(f)
	_ = f.Close()
	if err != nil {
		_ = unix.Close(fds[1])
		return nil, nil, err
	}
	return ours, os.NewFile(uintptr(fds[1]), "control"), nil
}
