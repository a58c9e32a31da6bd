package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"golang.org/x/sys/unix"
)

// netnsFolder is where iproute2 keeps the named network namespaces.
const netnsFolder = "/run/netns"

// enterNetns runs the command line argv inside a named network namespace (-j,
// as FreeBSD's ifconfig enters a jail). It only returns if that fails: the
// process is replaced, so that every thread and every child is inside.
func enterNetns(name string, argv []string) error {
	refuse := func(err error) error {
		return bsderr.Hint(fmt.Errorf("-j %s: %w", name, err), "-j takes a network namespace as `ip netns list` shows it, or a path")
	}
	if name == "" { // most likely an empty variable; never this namespace for want of a name
		name = "''"
		return refuse(fs.ErrNotExist)
	}
	path := name
	if !strings.Contains(name, "/") {
		path = filepath.Join(netnsFolder, name)
	}
	f, err := os.Open(path)
	if err != nil {
		return refuse(err)
	}
	defer func() { _ = f.Close() }()
	runtime.LockOSThread() // the thread that enters is the one that execs
	if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
		return refuse(err)
	}
	return refuse(unix.Exec("/proc/self/exe", argv, os.Environ()))
}
