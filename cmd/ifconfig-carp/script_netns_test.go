//go:build netns

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// TestNamespace runs the scripts that need a host of their own:
//
//	hosta     eth0 192.168.1.3/24 --- switch --- eth0 192.168.1.5/24  provider
//	          eth1 10.0.0.1/24 ---------------- far1                  provider
//
// A script's commands run on hosta, whose /run is empty at the start; `on provider`
// runs one on the other host. Nothing of it is left on the machine afterwards.
func TestNamespace(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("network namespaces need root")
	}
	cmds := commands(picture)
	cmds["on"] = on
	cmds["forge"] = forge
	cmds["signal"] = signal
	cmds["supervised"] = supervised
	cmds["rehearsed"] = rehearsed
	cmds["twin"] = twin
	cmds["foretold"] = foretold
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script/netns",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup:               setup,
		Cmds:                cmds,
	})
}

// hosts are the network namespaces of a script, opened, by the name of the host.
type hosts map[string]*os.File

type (
	hostsKey struct{}
	hostaKey struct{}
)

// setup makes the hosts and takes the script's goroutine to hosta. Its thread is
// never unlocked, so that it ends with the script and takes its namespaces along;
// the processes that it starts begin where it is.
func setup(env *testscript.Env) error {
	runtime.LockOSThread()
	lab := netlab.ForTest(env.T().(netlab.TB))
	all := hosts{}
	env.Values[hostsKey{}] = all
	mounts, err := os.Open("/proc/thread-self/ns/mnt")
	if err != nil {
		return err
	}
	leave := func() {
		// Back to where the machine's own /run is to be seen, and the work folder
		// without what the script has mounted in it.
		if err := unix.Setns(int(mounts.Fd()), unix.CLONE_NEWNS); err != nil {
			env.T().(testing.TB).Error(err)
		}
		if err := lab.Close(); err != nil {
			env.T().(testing.TB).Error(err)
		}
		_ = mounts.Close()
		for _, f := range all {
			_ = f.Close()
		}
	}
	watchRaces(env) // after the last process has ended
	env.Defer(leave)
	for name, address := range map[string]string{"hosta": "192.168.1.3/24", "provider": "192.168.1.5/24"} {
		h := lab.HostForTest(env.T().(netlab.TB), name, address)
		if name == "hosta" {
			env.Values[hostaKey{}] = h
		}
		f, err := os.Open("/run/netns/" + h.Namespace())
		if err != nil {
			return err
		}
		all[name] = f
	}
	if err := enter(all["hosta"]); err != nil {
		return err
	}
	for _, line := range []string{
		fmt.Sprintf("ip link add eth1 type veth peer name far1 netns /proc/%d/fd/%d", os.Getpid(), all["provider"].Fd()),
		"ip addr add 10.0.0.1/24 dev eth1",
		"ip link set eth1 up",
	} {
		if err := run(line); err != nil {
			return err
		}
	}
	if err := enter(all["provider"]); err != nil {
		return err
	}
	if err := run("ip link set far1 up"); err != nil {
		return err
	}
	if err := enter(all["hosta"]); err != nil {
		return err
	}
	if err := settle("eth0", "eth1"); err != nil {
		return err
	}
	if err := ownRun(); err != nil {
		return err
	}
	cookie, err := cookie()
	if err != nil {
		return err
	}
	env.Setenv("STATE", "/run/ifconfig-carp/netns-"+cookie)
	logFile := filepath.Join(env.WorkDir, ".log")
	env.Setenv("IFCONFIG_CARP_LOG", logFile)
	env.Defer(func() {
		if data, err := os.ReadFile(logFile); err == nil {
			env.T().Log("what the supervisors logged:\n" + string(data))
		}
	})
	return nil
}

func enter(namespace *os.File) error {
	if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter network namespace: %w", err)
	}
	return nil
}

// settle waits until the cards are as they will stay: the kernel takes up to a second
// to say that they have a carrier, and only then gives them an IPv6 address.
func settle(cards ...string) error {
	for _, card := range cards {
		for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
			out, err := exec.Command("ip", "addr", "show", "dev", card).Output()
			if err != nil {
				return fmt.Errorf("ip addr show dev %s: %w", card, err)
			}
			off, _ := os.ReadFile("/proc/sys/net/ipv6/conf/" + card + "/disable_ipv6")
			inet6 := string(off) == "0\n" // else off, or not in the kernel at all
			if bytes.Contains(out, []byte("state UP")) && !bytes.Contains(out, []byte("tentative")) &&
				(!inet6 || bytes.Contains(out, []byte("inet6"))) {
				break
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("%s does not settle: %s", card, out)
			}
		}
	}
	return nil
}

// ownRun gives this thread an empty /run that no other sees.
func ownRun() error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("new mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts private: %w", err)
	}
	if err := unix.Mount("none", "/run", "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("an empty /run: %w", err)
	}
	return nil
}

// cookie is the network namespace's identity, after which its state folder is named.
func cookie() (string, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = unix.Close(fd) }()
	n, err := unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	return strconv.FormatUint(n, 10), err
}

func run(line string) error {
	argv := strings.Fields(line)
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", line, err, bytes.TrimSpace(out))
	}
	return nil
}

// on HOST COMMAND: the command runs on another host.
func on(ts *testscript.TestScript, neg bool, args []string) {
	all := ts.Value(hostsKey{}).(hosts)
	if len(args) < 2 || all[args[0]] == nil {
		ts.Fatalf("usage: [!] on host command...")
	}
	ts.Check(enter(all[args[0]]))
	err := ts.Exec(args[1], args[2:]...)
	ts.Check(enter(all["hosta"]))
	if !neg {
		ts.Check(err)
	} else if err == nil {
		ts.Fatalf("it succeeded")
	}
}

// signal NAME INTERFACE: the supervisor gets the signal; with KILL it is gone
// afterwards.
func signal(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: signal name interface")
	}
	sig := unix.SignalNum("SIG" + args[0])
	if sig == 0 {
		ts.Fatalf("no signal %s", args[0])
	}
	data, err := os.ReadFile(filepath.Join(ts.Getenv("STATE"), args[1]+".lock"))
	ts.Check(err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	ts.Check(err)
	ts.Check(unix.Kill(pid, sig))
	for deadline := time.Now().Add(patience); sig == unix.SIGKILL && running(pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("process %d does not end", pid)
		}
	}
}

// supervised INTERFACE: hosta has a supervisor process for it; with ! before it, that
// has ended, or is about to.
func supervised(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] supervised interface")
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		found := make(chan bool)
		go func() { // on a thread that sees the machine's own /run
			list, err := ts.Value(hostaKey{}).(*netlab.Host).Find(args[0])
			found <- err != nil || len(list) > 0
		}()
		switch there := <-found; {
		case there != neg:
			return
		case !neg || time.Now().After(deadline):
			ts.Fatalf("supervisor of %s: running is %v", args[0], there)
		}
	}
}

// running tells whether a process has not quite ended: what is left of one that has
// is its first thread, a zombie.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := bytes.Cut(stat, []byte(") "))
	threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	return err == nil && (len(threads) > 1 || !bytes.HasPrefix(rest, []byte("Z")))
}

// picture is all that a refused command must not touch: the interfaces with their
// addresses and settings, the state folder, and what the program shows.
func picture(ts *testscript.TestScript) string {
	var b strings.Builder
	b.WriteString(lease.ReplaceAllString(output(ts, "ip", "-o", "addr"), ""))
	b.WriteString(output(ts, "ip", "-o", "link"))
	for _, iface := range []string{"eth0", "eth1"} {
		for _, key := range []string{"arp_ignore", "arp_announce", "rp_filter"} {
			value, err := os.ReadFile("/proc/sys/net/ipv4/conf/" + iface + "/" + key)
			if !errors.Is(err, os.ErrNotExist) {
				ts.Check(err)
			}
			fmt.Fprintf(&b, "%s %s %s", iface, key, value)
		}
	}
	b.WriteString(files(ts, "/run/ifconfig-carp"))
	b.WriteString(shown(ts))
	return b.String()
}

var lease = regexp.MustCompile(`valid_lft \S+ preferred_lft \S+`)

// shown is ifconfig-carp -k --json less what time changes too: all that counts.
func shown(ts *testscript.TestScript) string {
	var all []map[string]any
	ts.Check(json.Unmarshal([]byte(output(ts, "ifconfig-carp", "-k", "--json")), &all))
	for _, one := range all {
		for _, counting := range []string{"counters", "families", "peers"} {
			delete(one, counting)
		}
	}
	data, err := json.MarshalIndent(all, "", "  ")
	ts.Check(err)
	return string(data)
}

// output is what a command prints, beside the script.
func output(ts *testscript.TestScript, argv ...string) string {
	out, err := beside(ts, argv).Output()
	ts.Check(err)
	return string(out)
}
