package netlab

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Host is a machine of the lab: a network namespace with lo and eth0.
type Host struct {
	lab   *Lab
	name  string
	ns    namespace
	addrs []netip.Prefix
	mac   MAC
	ttl   int
	dir   string

	mu  sync.Mutex
	env []string // additions to the environment of its commands
}

// build makes the namespace, its settings, and eth0.
func (h *Host) build(ctx context.Context) error {
	if err := os.Mkdir(h.dir, 0o755); err != nil {
		return err
	}
	if err := h.ns.add(ctx); err != nil {
		return err
	}
	// The default TTL tells hosts apart (ownerOf). Duplicate address detection would
	// only hold up every link-local address by a second.
	settings := []struct{ path, value string }{
		{"net/ipv4/ip_default_ttl", strconv.Itoa(h.ttl)},
		{"net/ipv6/conf/all/hop_limit", strconv.Itoa(h.ttl)},
		{"net/ipv6/conf/default/hop_limit", strconv.Itoa(h.ttl)},
		{"net/ipv6/conf/default/accept_dad", "0"},
	}
	for _, s := range settings {
		err := h.ns.setSysctl(s.path, s.value)
		if os.IsNotExist(err) && strings.HasPrefix(s.path, "net/ipv6/") {
			continue // a kernel without IPv6
		}
		if err != nil {
			return err
		}
	}
	return h.plugNewCard(ctx)
}

// Name is the name the host was added with.
func (h *Host) Name() string { return h.name }

// Namespace is the name of the host's network namespace, for ip netns exec.
func (h *Host) Namespace() string { return string(h.ns) }

// MAC is the address of eth0. It stays the same when the host is powered off and on.
func (h *Host) MAC() MAC { return h.mac }

// Dir is a folder of the host's own, which lives as long as the lab. It survives
// PowerOff, like a disk.
func (h *Host) Dir() string { return h.dir }

// Setenv adds a variable to the environment of the host's later commands.
func (h *Host) Setenv(key, value string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.env = append(h.env, key+"="+value)
}

// Environ is the environment of the host's commands: this process's with the
// host's additions, of which the last wins.
func (h *Host) Environ() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append(os.Environ(), h.env...)
}

// Command prepares a command that runs on the host, through ip netns exec: besides
// entering the network it shows the host's own /sys/class/net, and it ends in an
// exec, so that the process started is the command itself. The program is searched
// in the host's PATH. What it leaves in the background lives on until PowerOff or
// Close.
func (h *Host) Command(ctx context.Context, argv ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", string(h.ns)}, argv...)...)
	cmd.Env = h.Environ()
	// A pipe that a background process has inherited must not hang the caller.
	cmd.WaitDelay = time.Second
	return cmd
}

// Run runs a command on the host and returns what it printed on both streams. The
// error, if any, has the command line and the output in it. The command writes to
// a file in memory, not to a pipe: Run returns when the command has ended, even if
// a process it left behind holds the stream.
func (h *Host) Run(ctx context.Context, argv ...string) (string, error) {
	fd, err := unix.MemfdCreate("output", unix.MFD_CLOEXEC)
	if err != nil {
		return "", fmt.Errorf("netlab: %w", err)
	}
	out := os.NewFile(uintptr(fd), "output")
	defer out.Close()
	cmd := h.Command(ctx, argv...)
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()

	size, _ := out.Seek(0, io.SeekCurrent)
	text := make([]byte, size)
	n, _ := out.ReadAt(text, 0)
	text = text[:n]
	if err != nil {
		return string(text), fmt.Errorf("%s# %s: %w: %s", h.name, strings.Join(argv, " "), err, strings.TrimSpace(string(text)))
	}
	return string(text), nil
}

// Do runs f on a thread inside the host's network. Sockets opened and processes
// started by f belong to the host; goroutines started by f do not. It is the
// cheapest way in, for measuring a command without ip netns exec before it.
func (h *Host) Do(f func() error) error { return h.ns.do(f) }

// Sysctl reads a kernel setting by its path, e.g. net/ipv4/conf/eth0/arp_ignore.
func (h *Host) Sysctl(path string) (string, error) { return h.ns.sysctl(path) }

// SetSysctl writes a kernel setting by its path.
func (h *Host) SetSysctl(path, value string) error { return h.ns.setSysctl(path, value) }

// Processes lists what runs on the host.
func (h *Host) Processes() ([]Process, error) { return h.ns.processes() }

// Find lists the processes of the host that have word among their arguments.
func (h *Host) Find(word string) ([]Process, error) {
	all, err := h.ns.processes()
	var found []Process
	for _, p := range all {
		for _, arg := range p.Args {
			if arg == word {
				found = append(found, p)
				break
			}
		}
	}
	return found, err
}
