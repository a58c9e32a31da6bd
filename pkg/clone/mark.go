package clone

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The lock file keeps a name for one supervisor of a state folder. Nothing
// keeps a second folder from being used in the same network namespace (a
// container that shares the host's network, an environment variable in one
// shell and not in the other), and two supervisors would fight over one kernel
// interface. So each also holds an abstract Unix socket with the interface's
// name: such names live in the network namespace and go with the process.

const (
	markPrefix = "@ifconfig-carp/"
	// markPatience is how long a name is waited for at most: a supervisor whose folder
	// was removed needs lockCheckTime to notice, and a moment to end.
	markPatience = lockCheckTime + time.Second
)

// errMarked is a name that another supervisor of this namespace holds.
var errMarked = errors.New("another supervisor of this network namespace holds the name")

// mark takes a name in the network namespace, for which it waits as long as ctx allows.
// It is nil without an error when a stranger squats on it: anybody may, and must not
// keep us from working.
func mark(ctx context.Context, name string) (net.Listener, error) {
	ctx, cancel := context.WithTimeout(ctx, markPatience)
	defer cancel()
	for {
		ln, err := net.Listen("unix", markPrefix+name)
		switch {
		case err == nil || !errors.Is(err, unix.EADDRINUSE):
			return ln, err
		case !markedByUs(name):
			return nil, nil
		}
		select {
		case <-ctx.Done():
			return nil, errMarked
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// markedByUs tells whether the holder of a name is one of root's or our own
// processes.
func markedByUs(name string) bool {
	conn, err := net.DialTimeout("unix", markPrefix+name, time.Second)
	if err != nil {
		return false // ours listen
	}
	defer func() { _ = conn.Close() }()
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return false
	}
	ours := false
	_ = raw.Control(func(fd uintptr) {
		cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		ours = err == nil && (cred.Uid == 0 || int(cred.Uid) == os.Geteuid())
	})
	return ours
}
