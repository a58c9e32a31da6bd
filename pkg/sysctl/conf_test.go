package sysctl

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
)

// Comments as sysctl(8) takes them.
func TestUncommented(t *testing.T) {
	for line, want := range map[string]string{
		"a=1":                "a=1",
		"a=1 # why":          "a=1 ",
		"# a=1":              "",
		`a=1 \# b # c`:       `a=1 \# b `,
		`a="1 # 2" # c`:      `a="1 # 2"`,
		`a='1 # 2' more`:     `a='1 # 2'`,
		`a='1' # c`:          `a='1'`,
		`a="1 # 2`:           `a="1 # 2`,
		`a=1 # it's "quoted`: "a=1 ",
		`a="x'y" # c`:        `a="x'y" # c`, // the first single quote counts before the double ones
	} {
		if got := uncommented(line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

const conf = `# What sysctl.conf(5) may have.
net.inet.carp.preempt=1

  net.inet.carp.log : "2"	# with blanks
net.inet.carp.dscp=64
kern.maxfiles=100
net.inet.carp.allow=yes
net.inet.carp.stats=0
net.inet.carp.suppress_preempt=1
net.inet.carp=1
net.inet.carp.demotion=
net.inet.carp.demotion=30
net.inet.carp.demotion=5
net.inet.carp.log=3`

// write makes a file for one test.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sysctl.conf")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFile(t *testing.T) {
	path := write(t, conf)
	for _, tt := range []struct {
		args string
		want string
	}{
		{"-f|FILE|net.inet.carp.log|net.inet.carp.x", `net.inet.carp.preempt: 0 -> 1
net.inet.carp.log: 1 -> 2
ifconfig-carp: net.inet.carp.dscp=64 at line 5: Invalid argument
hint: net.inet.carp.dscp: 64: must be 0 to 63
ifconfig-carp: unknown oid 'kern.maxfiles' at line 6
ifconfig-carp: invalid integer 'yes' at line 7
ifconfig-carp: oid 'net.inet.carp.stats' is type 5, cannot set that at line 8
ifconfig-carp: oid 'net.inet.carp.suppress_preempt' is read only at line 9
ifconfig-carp: oid 'net.inet.carp' isn't a leaf node at line 10
ifconfig-carp: empty numeric value
net.inet.carp.demotion: 0 -> 30
net.inet.carp.demotion: 30 -> 35
net.inet.carp.log: 2 -> 3
net.inet.carp.log: 3
ifconfig-carp: unknown oid 'net.inet.carp.x'
status 8
`},
		{"-if|NONE|net.inet.carp.log", "ifconfig-carp: NONE: No such file or directory\nstatus 66\n"},
		{"-f|FOLDER", "ifconfig-carp: FOLDER: Is a directory\nstatus 66\n"},
		{"-f|/dev/zero", "ifconfig-carp: /dev/zero: File too large\nhint: it may have 262144 bytes: is this the right file?\nstatus 66\n"},
		{"-f|/dev/null", ""},
		{"-d|-f|SHOW", "net.inet.carp.log: CARP log level\nnet.inet.carp.dscp: DSCP value for carp packets\n"},
		{"-nf|SHOW", "1\n56 -> 8\n"},
		{"-Wf|SHOW", "net.inet.carp.log: 1\nifconfig-carp: Can't set variables when using -T or -W\n" + usage + "status 1\n"},
		{"-if|OTHER", "net.inet.carp.log: 1 -> 2\n"},
		{"-qf|OTHER", "net.inet.carp.log: 1 -> 2\nstatus 1\n"},
		{"-a|-f|FILE", everything},
	} {
		t.Run(tt.args, func(t *testing.T) {
			names := map[string]string{
				"FILE": path, "NONE": filepath.Join(t.TempDir(), "none"), "FOLDER": t.TempDir(),
				"SHOW":  write(t, "net.inet.carp.log\nnet.inet.carp.dscp=8\n"),
				"OTHER": write(t, "vm.overcommit=1\nnet.inet.carp.log=2\n"),
			}
			args := strings.Split(tt.args, "|")
			for n, arg := range args {
				if name, ok := names[arg]; ok {
					args[n] = name
				}
			}
			got := run(t, folder(t), args...)
			for name, path := range names {
				got = strings.ReplaceAll(got, path, name)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// boot is what a person sees of a boot, and the file of the knobs after it.
func boot(t *testing.T, d *state.Dir, path string) (said string, failures int, kept string) {
	t.Helper()
	var out bytes.Buffer
	failures = Boot(t.Context(), environment(inFolder(d.Path()), &out, &out), path)
	data, err := d.ReadKnobs()
	if err != nil {
		t.Fatal(err)
	}
	said = strings.ReplaceAll(strings.ReplaceAll(out.String(), path, "FILE"), d.Path(), "FOLDER")
	kept, _, _ = strings.Cut(string(data), " # since")
	if _, rest, ok := strings.Cut(string(data), "Z\n"); ok {
		kept += "\n" + rest
	}
	return said, failures, kept
}

// A boot that is done twice leaves the same, the demotion too, and what the file does
// not name stays.
func TestBootTwice(t *testing.T) {
	d, path := folder(t), write(t, conf)
	run(t, d, "net.inet.carp.demotion=100", "net.inet.carp.ifdown_demotion_factor=7")
	want := `ifconfig-carp: net.inet.carp.dscp=64 at line 5: Invalid argument
hint: net.inet.carp.dscp: 64: must be 0 to 63
hint: FILE:5: net.inet.carp.dscp=64
ifconfig-carp: unknown oid 'kern.maxfiles' at line 6
hint: FILE:6: kern.maxfiles=100
ifconfig-carp: invalid integer 'yes' at line 7
hint: FILE:7: net.inet.carp.allow=yes
ifconfig-carp: oid 'net.inet.carp.stats' is type 5, cannot set that at line 8
hint: FILE:8: net.inet.carp.stats=0
ifconfig-carp: oid 'net.inet.carp.suppress_preempt' is read only at line 9
hint: FILE:9: net.inet.carp.suppress_preempt=1
ifconfig-carp: oid 'net.inet.carp' isn't a leaf node at line 10
hint: FILE:10: net.inet.carp=1
ifconfig-carp: empty numeric value
hint: FILE:11: net.inet.carp.demotion=
`
	for range 2 {
		said, failures, kept := boot(t, d, path)
		if diff := cmp.Diff(want, said); diff != "" || failures != 7 {
			t.Errorf("%d failures: %s", failures, diff)
		}
		left := "net.inet.carp.ifdown_demotion_factor=7\nnet.inet.carp.demotion=35\nnet.inet.carp.log=3\nnet.inet.carp.preempt=1\n"
		if diff := cmp.Diff(left, kept); diff != "" {
			t.Error(diff)
		}
	}
	if got := run(t, d, "-n", "net.inet.carp.demotion"); got != "35\n" {
		t.Error(got)
	}
}

func TestBoot(t *testing.T) {
	for _, tt := range []struct {
		name, text, want, kept string
	}{
		{"empty", "", "", "net.inet.carp.demotion=9\n"},
		{"default", "net.inet.carp.demotion=default\n", "", ""},
		{"default and more", "net.inet.carp.demotion=default\nnet.inet.carp.demotion=-3\n", "", "net.inet.carp.demotion=-3\n"},
		{"too much together", "net.inet.carp.demotion=1000000\nnet.inet.carp.demotion=1\n",
			"ifconfig-carp: net.inet.carp.demotion=1 at line 2: Invalid argument\n" +
				"hint: net.inet.carp.demotion: 1000001: must be -1000000 to 1000000\n" +
				"hint: net.inet.carp.demotion: the administrator's part is 1000000, and a write adds to it\n" +
				"hint: FILE:2: net.inet.carp.demotion=1\n", "net.inet.carp.demotion=1000000\n"},
		{"wrong alone", "net.inet.carp.demotion=x\n",
			"ifconfig-carp: invalid integer 'x' at line 1\nhint: FILE:1: net.inet.carp.demotion=x\n", "net.inet.carp.demotion=9\n"},
		{"shows", "net.inet.carp.log\n", "ifconfig-carp: net.inet.carp.log: no value at line 1\nhint: FILE:1: net.inet.carp.log\n",
			"net.inet.carp.demotion=9\n"},
		{"binary", "\x00\x1b[31mnet=\xff\n", "ifconfig-carp: unknown oid '?[31mnet' at line 1\nhint: FILE:1: ?[31mnet=?\n",
			"net.inet.carp.demotion=9\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := folder(t)
			run(t, d, "net.inet.carp.demotion=9")
			said, failures, kept := boot(t, d, write(t, tt.text))
			if diff := cmp.Diff(tt.want, said); diff != "" || (failures != 0) != (tt.want != "") {
				t.Errorf("%d failures: %s", failures, diff)
			}
			if diff := cmp.Diff(tt.kept, kept); diff != "" {
				t.Error(diff)
			}
		})
	}
	d := folder(t)
	if said, failures, _ := boot(t, d, filepath.Join(d.Path(), "none")); said != "" || failures != 0 {
		t.Errorf("no file: %d failures, %q", failures, said)
	}
	if said, failures, _ := boot(t, d, d.Path()); said != "ifconfig-carp: FILE: Is a directory\n" || failures != 1 {
		t.Errorf("no file at all: %d failures, %q", failures, said)
	}
}

// A boot that cannot write says so and has changed nothing.
// A boot does not wait for somebody to write.
func TestBootPassesAFIFOOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sysctl.conf")
	if err := unix.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
	said, failures, _ := boot(t, folder(t), path)
	if said != "ifconfig-carp: FILE: a FIFO, which is not read at boot\n" || failures != 1 {
		t.Errorf("%d failures: %s", failures, said)
	}
}

func TestBootCannotWrite(t *testing.T) {
	d, path := folder(t), write(t, "net.inet.carp.log=3\n")
	unlock, err := d.LockFolder(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	hurried, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	if n := Boot(hurried, environment(inFolder(d.Path()), &out, &out), path); n != 1 || !strings.Contains(out.String(), ": locked by process ") {
		t.Errorf("%d failures, %q", n, out.String())
	}
	unlock()
	if err := os.Chmod(d.Path(), 0o777); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if n := Boot(t.Context(), environment(inFolder(d.Path()), &out, &out), path); n != 1 || !strings.Contains(out.String(), "may be written by others") {
		t.Errorf("%d failures, %q", n, out.String())
	}
	if err := os.Chmod(d.Path(), 0o755); err != nil {
		t.Fatal(err)
	}
	if data, err := d.ReadKnobs(); err != nil || len(data) != 0 {
		t.Errorf("%q, %v", data, err)
	}
}

// Nothing that a file may hold brings the reader out of step with its lines, or gives
// an operand that a shell could not have typed.
func FuzzConf(f *testing.F) {
	f.Add(conf)
	f.Add("a='\n#\nb=\"#\\#")
	f.Fuzz(func(t *testing.T, text string) {
		lines := slices.Collect(strings.Lines(text))
		last := 0
		for _, o := range parseConf(text) {
			if o.line <= last || o.line > len(lines) || !strings.Contains(lines[o.line-1], o.typed) {
				t.Fatalf("%+v of %d lines", o, len(lines))
			}
			if o.typed == "" || strings.Contains(o.typed, "\n") {
				t.Fatalf("%+v", o)
			}
			last = o.line
		}
	})
}
