package sysctl

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
)

// helperEnv makes the test binary a command that first gives something up, for
// good: rights, or space.
const helperEnv = "SYSCTL_TEST_HELPER"

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(helperEnv) {
	case "":
		os.Exit(m.Run())
	case "user":
		err = unix.Setuid(65534)
	case "full": // no file may grow: what a full disk does to a write
		signal.Ignore(unix.SIGXFSZ)
		err = unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 8, Max: 8})
	}
	if err != nil {
		panic(err)
	}
	status := Run(context.Background(), environment(os.Getenv, os.Stdout, os.Stderr), os.Args[1:])
	fmt.Printf("status %d\n", status)
	unix.Exit(0) // os.Exit would try to write coverage, and say that it cannot
}

// structure stands for FreeBSD's struct carpstats.
const structure = "0123456789abcdefgh"

func environment(getenv func(string) string, stdout, stderr io.Writer) Env {
	return Env{Getenv: getenv, Stdout: stdout, Stderr: stderr, Program: "ifconfig-carp sysctl",
		Stats: func(context.Context) ([]byte, error) { return []byte(structure), nil },
		Enter: func(netns string, args []string) error { return fmt.Errorf("in %s: %q", netns, args) },
		Fail:  func(err error) { _, _ = fmt.Fprintf(stderr, "ifconfig-carp: %v\n", err) }}
}

// folder is a state folder that everybody may look into.
func folder(t *testing.T) *state.Dir {
	t.Helper()
	top, err := os.MkdirTemp("", "sysctl") // t.TempDir is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	if err := os.Chmod(top, 0o755); err != nil {
		t.Fatal(err)
	}
	d, err := state.Open(inFolder(filepath.Join(top, "state")))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func inFolder(path string) func(string) string {
	return func(name string) string {
		if name == state.EnvVar {
			return path
		}
		return ""
	}
}

// run gives what a person sees: both outputs, in order, and the status if it
// is not 0.
func run(t *testing.T, d *state.Dir, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	status := Run(t.Context(), environment(inFolder(d.Path()), &out, &out), args)
	if status != 0 {
		fmt.Fprintf(&out, "status %d\n", status)
	}
	return out.String()
}

// runAs is run in a process that has given something up.
func runAs(t *testing.T, helper string, d *state.Dir, args ...string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), helperEnv+"="+helper, state.EnvVar+"="+d.Path())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.ReplaceAll(string(out), d.Path(), "FOLDER")
}
