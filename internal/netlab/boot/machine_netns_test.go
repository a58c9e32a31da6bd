//go:build netns

package boot

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// patience bounds every wait for something that takes seconds at most.
const patience = 20 * time.Second

// machine is a host of the lab that has a disk with a Debian and runs systemd. Its
// network is the host's; processes, mounts and control groups are its own.
type machine struct {
	*testing.T
	host   *netlab.Host
	disk   string // what the Debian has been changed in
	cgroup string
	init   int // the process ID of systemd, as this machine sees it
	ended  chan struct{}
}

// journal is where the log is on a disk, which makes it survive the machine.
const journal = "upper/var/log/journal"

// newMachine adds a host with a new disk and boots it.
func newMachine(t *testing.T, lab *netlab.Lab, name, addr string) *machine {
	t.Helper()
	m := &machine{T: t, host: lab.HostForTest(t, name, addr), disk: t.TempDir()}
	groups, err := groups(t)
	m.must(err)
	m.cgroup = filepath.Join(groups, m.host.Namespace())
	t.Cleanup(m.halt)
	m.boot()
	return m
}

// groups is where control groups of version 2 are mounted, or could be.
func groups(t *testing.T) (string, error) {
	f, err := os.Open("/proc/self/mounts")
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if field := strings.Fields(lines.Text()); field[2] == "cgroup2" {
			return field[1], nil
		}
	}
	dir := t.TempDir()
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	if err := unix.Mount("cgroup2", dir, "cgroup2", 0, ""); err != nil {
		return "", fmt.Errorf("systemd needs control groups of version 2, and they cannot be mounted: %w", err)
	}
	return dir, nil
}

// start, in namespaces of its own, makes the machine's file systems and becomes its
// process 1. $1 is the tree, $2 the disk.
const start = `set -eu
mount --make-rprivate /
mkdir -p "$2/upper" "$2/work" "$2/root"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
cd "$2/root"
mount -t proc proc proc
mount -t sysfs sysfs sys -o ro
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run -o mode=755
mount -t tmpfs tmpfs dev -o mode=755
mkdir dev/net dev/pts dev/shm
for node in null zero full random urandom tty net/tun; do
  touch "dev/$node"
  mount --bind "/dev/$node" "dev/$node"
done
mount -t devpts devpts dev/pts -o newinstance,ptmxmode=0666,mode=620
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mkdir run/old
pivot_root . run/old
umount -l /run/old
exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --show-status=0 </dev/null >/dev/null 2>&1`

// boot powers the machine on and waits until its boot is over.
func (m *machine) boot() {
	m.Helper()
	if err := os.Mkdir(m.cgroup, 0o755); !errors.Is(err, os.ErrExist) {
		m.must(err)
	}
	m.must(os.MkdirAll(filepath.Join(m.disk, journal), 0o755))
	// The group is entered first, so that it is the root of the new namespace.
	cmd := m.host.Command(context.WithoutCancel(m.Context()), "sh", "-c",
		`echo $$ >"$1/cgroup.procs"; shift
		exec unshare --pid --mount --ipc --uts --cgroup --fork --kill-child sh -c "$@"`,
		"sh", m.cgroup, start, "sh", tree, m.disk)
	var said strings.Builder
	cmd.Stderr = &said
	m.must(cmd.Start())
	m.ended = make(chan struct{})
	go func() {
		defer close(m.ended)
		_ = cmd.Wait()
	}()
	m.until("process 1", func() (bool, string) {
		pid := strconv.Itoa(cmd.Process.Pid)
		child, _ := os.ReadFile("/proc/" + pid + "/task/" + pid + "/children")
		m.init, _ = strconv.Atoi(strings.TrimSpace(string(child)))
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", m.init))
		select {
		case <-m.ended:
			m.Fatalf("the machine does not boot: %s", said.String())
		default:
		}
		return string(name) == "systemd\n", string(name)
	})
	m.until("the end of the boot", func() (bool, string) {
		out, _ := m.try("systemctl is-system-running")
		return out == "running" || out == "degraded", out
	})
}

// powerOff ends the machine without a word to anybody. Its disk remains.
func (m *machine) powerOff() {
	m.Helper()
	m.must(m.host.PowerOff(m.Context()))
	<-m.ended
}

// powerOn boots it again, with nothing in its network but the card.
func (m *machine) powerOn() {
	m.Helper()
	m.must(m.host.PowerOn(m.Context()))
	m.boot()
}

// halt is the end of it all.
func (m *machine) halt() {
	if m.Failed() && m.init != 0 {
		// The machine is dead already: a lab ends with its test's context.
		out, err := exec.Command("journalctl", "--no-pager", "-n", "60", "--directory", filepath.Join(m.disk, journal)).CombinedOutput()
		m.Logf("the machine's journal (%v):\n%s", err, out)
	}
	_ = unix.Kill(m.init, unix.SIGKILL)
	if m.ended != nil {
		<-m.ended
	}
	// The groups of what ran in it, the inner ones first.
	_ = exec.Command("find", m.cgroup, "-depth", "-type", "d", "-delete").Run()
}

// try types a line on the machine. Its output is without the last newline.
func (m *machine) try(line string) (string, error) {
	cmd := exec.CommandContext(context.WithoutCancel(m.Context()), "nsenter", "--target", strconv.Itoa(m.init),
		"--mount", "--net", "--pid", "--ipc", "--uts", "--cgroup", "--root", "--wd",
		"env", "-i", "PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", line)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return strings.TrimSuffix(string(out), "\n"), err
}

// on types a line on the machine that must succeed.
func (m *machine) on(line string) string {
	m.Helper()
	out, err := m.try(line)
	if err != nil {
		m.Fatalf("%s# %s: %v\n%s", m.host.Name(), line, err, out)
	}
	return out
}

// prints types a line whose output must be this.
func (m *machine) prints(want, line string) {
	m.Helper()
	if out, _ := m.try(line); out != want {
		m.Errorf("%s# %s\n%s\nwant\n%s", m.host.Name(), line, out, want)
	}
}

// put copies a file onto the machine.
func (m *machine) put(from, to string) {
	m.Helper()
	in, err := os.Open(from)
	m.must(err)
	defer func() { _ = in.Close() }()
	out, err := os.Create(m.path(to))
	m.must(err)
	_, err = io.Copy(out, in)
	m.must(errors.Join(err, out.Close()))
}

// write makes a file on the machine.
func (m *machine) write(path, text string) {
	m.Helper()
	m.must(os.MkdirAll(filepath.Dir(m.path(path)), 0o755))
	m.must(os.WriteFile(m.path(path), []byte(text), 0o644))
}

// path is where this process finds a file of the machine.
func (m *machine) path(path string) string { return fmt.Sprintf("/proc/%d/root%s", m.init, path) }

func (m *machine) must(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
}

func (m *machine) until(what string, cond func() (bool, string)) {
	m.Helper()
	m.must(netlab.Wait(m.Context(), patience, what, cond))
}

// pass waits for a time in which something must not happen.
func (m *machine) pass(d time.Duration) {
	m.Helper()
	start := time.Now()
	m.must(netlab.Wait(m.Context(), d+time.Minute, "time to pass", func() (bool, string) { return time.Since(start) >= d, "" }))
}

// unit reads a property of a unit of systemd.
func (m *machine) unit(name, property string) string {
	m.Helper()
	return m.on("systemctl show --value -p " + property + " " + name)
}

// state asks the command for the state of carp0, on any host.
func state(run func(line string) (string, error)) string {
	out, err := run("ifconfig-carp --json carp0")
	var list []struct {
		State string `json:"state"`
	}
	if json.Unmarshal([]byte(out), &list) != nil || len(list) != 1 {
		return fmt.Sprintf("%s (%v)", out, err)
	}
	return list[0].State
}
