package cli

import (
	"bytes"
	"strings"
	"testing"
)

// What getopt(3) says, whatever else there is.
func TestIllegalOption(t *testing.T) {
	for _, tt := range [][2]string{
		{"", ""},
		{"-a", ""},
		{"-akv --json carp0", ""},
		{"-z", "illegal option -- z"},
		{"-az carp0", "illegal option -- z"},
		{"-v -z", "illegal option -- z"},
		{"--json -z", "illegal option -- z"},
		{"-é", "illegal option -- é"},
		{"carp0 -z", ""}, // behind the interface it is a word
		{"- -z", ""},
		{"-- -z", ""},
		{"-j red -z", "illegal option -- z"},
		{"-jred -z", "illegal option -- z"},
		{"-jz -l", ""},
		{"-j z", ""},
		{"-j -z carp0", ""},
		{"-kj red carp0 -z", ""},
		{"-f inet:cidr -z", "illegal option -- z"},
		{"-finet:cidr,inet6:cidr -a", ""},
		{"-af", "option requires an argument -- f"},
		{"-agz -l", ""},
		{"-g j -j", "option requires an argument -- j"},
		{"-aG carp -Q", "illegal option -- Q"},
		{"-:", "illegal option -- :"},
		{"--layout openbsd -z", "illegal option -- z"},
		{"--layout=openbsd -z", "illegal option -- z"},
		{"--layout openbsd carp0 -z", ""},
		{"-g carp -carpdemote", ""},
		{"--group carp -carpdemote", ""},
		{"-g carp -v -carpdemote", "illegal option -- c"},
		{"-carpdemote", "illegal option -- c"},
		{"-j", "option requires an argument -- j"},
		{"-kj", "option requires an argument -- j"},
	} {
		if _, _, got := scanOptions(strings.Fields(tt[0])); got != tt[1] {
			t.Errorf("%s: %q, want %q", tt[0], got, tt[1])
		}
	}
}

// What needs no interfaces: the status, and on which stream something is printed.
func TestRun(t *testing.T) {
	for _, tt := range []struct {
		args   string
		status int
		stdout string
		stderr string
	}{
		{"-h", 0, usageText(), ""},
		{"--help", 0, usageText(), ""},
		{"-C", 0, "carp\n", ""},
		{"-d -u", 1, "", usageText()},
		{"-l -a", 1, "", usageText()},
		{"-z", 1, "", "ifconfig-carp: illegal option -- z\n" + usageText()},
		{"-j", 1, "", "ifconfig-carp: option requires an argument -- j\n" + usageText()},
		{"--netns= -l", 1, "", "ifconfig-carp: -j '': file does not exist\n" +
			"hint: -j takes a network namespace as `ip netns list` shows it, or a path\n"},
	} {
		var stdout, stderr bytes.Buffer
		env := Env{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, UID: 1,
			Getenv: func(string) string { return "" }}
		if got := Run(t.Context(), env, strings.Fields(tt.args)); got != tt.status {
			t.Errorf("%s: status %d, want %d", tt.args, got, tt.status)
		}
		if stdout.String() != tt.stdout || stderr.String() != tt.stderr {
			t.Errorf("%s: stdout %q, want %q; stderr %q, want %q", tt.args, stdout.String(), tt.stdout, stderr.String(), tt.stderr)
		}
	}
}
