package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes this test binary the command: under the command's name it runs
// main. The supervisors that it starts carry that name too (argv[0]), so what the
// scripts test is the whole program, with the race detector if that is on.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"ifconfig-carp": main,
		"sysctl-carp":   main,
		"nobody":        nobody,
	})
}

// nobodyID is the user and group that own nothing.
const nobodyID = 65534

// nobody is the command as somebody else than root runs it. It gives its rights up
// by itself, since the folder of the binary is closed to others.
func nobody() {
	if os.Geteuid() == 0 {
		for _, err := range []error{syscall.Setgroups(nil), syscall.Setgid(nobodyID), syscall.Setuid(nobodyID)} {
			if err != nil {
				fmt.Fprintln(os.Stderr, "nobody:", err)
				os.Exit(2)
			}
		}
	}
	os.Args[0] = "ifconfig-carp"
	main()
}

// TestScript runs what needs no rights and no interfaces.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			watchRaces(env)
			env.Setenv("IFCONFIG_CARP_STATE", filepath.Join(env.WorkDir, "state"))
			units, err := filepath.Abs("../../init")
			if err != nil {
				return err
			}
			env.Setenv("UNITS", units)
			// A way in for nobody, where root runs this.
			return errors.Join(os.Chmod(filepath.Dir(env.WorkDir), 0o711), os.Chmod(env.WorkDir, 0o755))
		},
		Cmds: commands(func(ts *testscript.TestScript) string { return files(ts, ts.Getenv("IFCONFIG_CARP_STATE")) }),
	})
}

// watchRaces makes a data race in any process of the script a failure of the script.
// With the race detector a process otherwise takes a second to end, and a supervisor
// has no stderr to report to.
func watchRaces(env *testscript.Env) {
	reports := filepath.Join(env.WorkDir, ".race")
	env.Setenv("GORACE", "atexit_sleep_ms=0 log_path="+reports)
	env.Defer(func() {
		found, _ := filepath.Glob(reports + ".*")
		for _, path := range found {
			data, _ := os.ReadFile(path)
			env.T().(testing.TB).Errorf("data race:\n%s", data)
		}
	})
}

type command = func(ts *testscript.TestScript, neg bool, args []string)

// commands are our additions to the language of the scripts. picture returns all
// that a command line which is refused must leave as it was.
func commands(picture func(*testscript.TestScript) string) map[string]command {
	return map[string]command{
		// refused ARGS: ifconfig-carp ARGS exits with status 1, prints nothing on
		// stdout, and changes nothing.
		"refused": func(ts *testscript.TestScript, neg bool, args []string) {
			before := picture(ts)
			status(ts, neg, 1, append([]string{"ifconfig-carp"}, args...))
			if after := picture(ts); after != before {
				ts.Fatalf("it changed something:\n%s", difference(before, after))
			}
			if ts.ReadFile("stdout") != "" {
				ts.Fatalf("it printed something on stdout")
			}
		},
		// status N COMMAND: the command exits with status N.
		"status": func(ts *testscript.TestScript, neg bool, args []string) {
			var want int
			if len(args) < 2 || neg {
				ts.Fatalf("usage: status N command...")
			}
			_, err := fmt.Sscan(args[0], &want)
			ts.Check(err)
			status(ts, neg, want, args[1:])
		},
		"says":  says,
		"until": until,
	}
}

// difference lists the lines that only one of two pictures has.
func difference(before, after string) string {
	var b strings.Builder
	only := func(sign, one, other string) {
		has := map[string]bool{}
		for line := range strings.Lines(other) {
			has[line] = true
		}
		for line := range strings.Lines(one) {
			if !has[line] {
				b.WriteString(sign + line)
			}
		}
	}
	only("- ", before, after)
	only("+ ", after, before)
	return b.String()
}

func status(ts *testscript.TestScript, neg bool, want int, argv []string) {
	err := ts.Exec(argv[0], argv[1:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want || neg {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// says TEXT [HINT...]: the last command's whole stderr is this error, word for word.
// Without arguments it was silent.
func says(ts *testscript.TestScript, neg bool, args []string) {
	var want strings.Builder
	for i, arg := range args {
		label := "hint: "
		if i == 0 {
			label = "ifconfig-carp: "
		}
		want.WriteString(label + arg + "\n")
	}
	if got := ts.ReadFile("stderr"); got != want.String() || neg {
		ts.Fatalf("stderr is\n%s\nwant\n%s", got, want.String())
	}
}

// patience is how long until waits. What it waits for takes seconds at most; the
// rest is for a machine that is busy with something else.
const patience = 20 * time.Second

// until PATTERN COMMAND: the command is repeated until it succeeds and its stdout
// matches; with ! before it, until its stdout no longer does.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: [!] until pattern command...")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		var stderr strings.Builder
		cmd := beside(ts, args[1:])
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if (err == nil && pattern.Match(out)) != neg {
			_, _ = ts.Stdout().Write(out)
			_, _ = ts.Stderr().Write([]byte(stderr.String()))
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("waited %v in vain; the last time (%v):\n%s%s", patience, err, out, stderr.String())
		}
	}
}

// beside prepares a command that leaves the script's stdout and stderr as they are.
func beside(ts *testscript.TestScript, argv []string) *exec.Cmd {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, key := range []string{"PATH", "STATE", "IFCONFIG_CARP_STATE", "IFCONFIG_CARP_LOG", "GORACE"} {
		if v := ts.Getenv(key); v != "" {
			cmd.Env = append(cmd.Env, key+"="+v)
		}
	}
	return cmd
}

// files lists what is in a folder, with the contents. Sockets have none; the lock
// of the folder itself is no trace of any interface.
func files(ts *testscript.TestScript, folder string) string {
	var b strings.Builder
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "lock" {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		var data []byte
		if info.Mode().IsRegular() {
			if data, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		fmt.Fprintf(&b, "%s %v\n%s\n", path, info.Mode(), data)
		return nil
	})
	if !errors.Is(err, fs.ErrNotExist) {
		ts.Check(err)
	}
	return b.String()
}
