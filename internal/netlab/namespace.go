package netlab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// namespace is the name of a network namespace under /run/netns.
type namespace string

func (ns namespace) path() string { return "/run/netns/" + string(ns) }

// add makes the namespace with its loopback up.
func (ns namespace) add(ctx context.Context) error {
	if err := run(ctx, "", "ip", "netns", "add", string(ns)); err != nil {
		return err
	}
	return ns.batch(ctx, "link set lo up")
}

// remove deletes the name. The kernel frees the namespace, and with it the
// interfaces inside, once no process and no socket is left in it.
func (ns namespace) remove(ctx context.Context) error {
	if _, err := os.Stat(ns.path()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return run(ctx, "", "ip", "netns", "delete", string(ns))
}

// do runs f on a thread that is inside the namespace. A socket that f opens stays
// in the namespace for good, and a process that f starts begins its life there;
// goroutines that f starts do not, they run on other threads.
func (ns namespace) do(f func() error) error {
	inside, err := os.Open(ns.path())
	if err != nil {
		return err
	}
	defer inside.Close()

	runtime.LockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer home.Close()
	if err := unix.Setns(int(inside.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter namespace %s: %w", ns, err)
	}
	err = f()
	// A thread that cannot go home stays locked, and ends with its goroutine
	// instead of serving others in the wrong network.
	if back := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); back != nil {
		return errors.Join(err, fmt.Errorf("leave namespace %s: %w", ns, back))
	}
	runtime.UnlockOSThread()
	return err
}

// setSysctl writes a kernel setting of the namespace, named by its path below
// /proc/sys: the dotted form is ambiguous for interfaces such as eth0.10. Which
// network /proc/sys/net shows is decided by the thread that opens the file.
func (ns namespace) setSysctl(path, value string) error {
	return ns.do(func() error {
		return os.WriteFile("/proc/sys/"+path, []byte(value), 0o644)
	})
}

// sysctl reads a kernel setting of the namespace.
func (ns namespace) sysctl(path string) (string, error) {
	var value []byte
	err := ns.do(func() (err error) {
		value, err = os.ReadFile("/proc/sys/" + path)
		return err
	})
	return strings.TrimSpace(string(value)), err
}

// batch runs lines of ip(8) in one process and stops at the first that fails.
func (ns namespace) batch(ctx context.Context, lines ...string) error {
	return run(ctx, strings.Join(lines, "\n")+"\n", "ip", "-netns", string(ns), "-batch", "-")
}

// query runs ip or bridge with JSON output and decodes it into v.
func (ns namespace) query(ctx context.Context, v any, tool string, args ...string) error {
	argv := append([]string{"-netns", string(ns), "-json"}, args...)
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, tool, argv...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", tool, strings.Join(argv, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	if len(bytes.TrimSpace(out)) == 0 { // nothing to list prints as nothing at all
		out = []byte("[]")
	}
	return json.Unmarshal(out, v)
}

// forwarding reads the switch's table of learned addresses.
func (ns namespace) forwarding(ctx context.Context) (map[MAC]string, error) {
	var entries []struct {
		MAC   string   `json:"mac"`
		Port  string   `json:"ifname"`
		State string   `json:"state"`
		Flags []string `json:"flags"`
	}
	if err := ns.query(ctx, &entries, "bridge", "fdb", "show", "br", bridge); err != nil {
		return nil, err
	}
	learned := map[MAC]string{}
	for _, e := range entries {
		mac, err := ParseMAC(e.MAC)
		if err != nil || e.State == "permanent" {
			continue
		}
		learned[mac] = e.Port
	}
	return learned, nil
}

// run runs a command outside any namespace; its error carries what it printed.
func run(ctx context.Context, stdin string, argv ...string) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	if stdin != "" {
		cmd.Stdin = strings.NewReader(stdin)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, bytes.TrimSpace(out))
	}
	return nil
}
