package netlab

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Process is a process that lives on a host.
type Process struct {
	PID  int
	Args []string
}

// PSS is the process's proportional share of memory in bytes: what it alone holds,
// and its part of what it shares.
func (p Process) PSS() (int64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", p.PID))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "Pss:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb * 1024, err
		}
	}
	return 0, fmt.Errorf("netlab: process %d: no Pss in smaps_rollup", p.PID)
}

// Signal sends the process a signal.
func (p Process) Signal(sig unix.Signal) error { return unix.Kill(p.PID, sig) }

// processes lists the processes whose main thread is in the namespace. This
// process is never one of them, even while a thread of it visits. A zombie has
// left its namespaces already and is not listed either.
func (ns namespace) processes() ([]Process, error) {
	var want unix.Stat_t
	if err := unix.Stat(ns.path(), &want); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var found []Process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() || !livesIn(pid, want) {
			continue
		}
		cmdline, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		args := strings.Split(string(bytes.TrimRight(cmdline, "\x00")), "\x00")
		found = append(found, Process{PID: pid, Args: args})
	}
	return found, nil
}

// livesIn tells whether the process is in the namespace with this device and inode.
func livesIn(pid int, want unix.Stat_t) bool {
	var got unix.Stat_t
	err := unix.Stat(fmt.Sprintf("/proc/%d/ns/net", pid), &got)
	return err == nil && got.Dev == want.Dev && got.Ino == want.Ino
}

// kill sends SIGKILL to every process of the namespace until none is left: one may
// have forked while the list was read.
func (ns namespace) kill(ctx context.Context) error {
	var want unix.Stat_t
	if err := unix.Stat(ns.path(), &want); err != nil {
		return nil // never made, or gone
	}
	err := Wait(ctx, 5*time.Second, "no process left in "+string(ns), func() (bool, string) {
		list, err := ns.processes()
		if err != nil {
			return false, err.Error()
		}
		for _, p := range list {
			killIn(p.PID, want)
		}
		return len(list) == 0, fmt.Sprint(list)
	})
	return err
}

// killIn kills the process if it is (still) in the namespace. The handle is taken
// before the check, so that a process number used anew cannot be hit.
func killIn(pid int, want unix.Stat_t) {
	p, err := os.FindProcess(pid)
	if err != nil {
		return
	}
	defer func() { _ = p.Release() }()
	if livesIn(pid, want) {
		_ = p.Kill()
	}
}
