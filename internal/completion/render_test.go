package completion

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// syntax is how a shell checks a script without running it.
var syntax = map[string][]string{"bash": {"bash", "-n"}, "zsh": {"zsh", "-n"}, "fish": {"fish", "--no-execute"}}

// Scripts are whole whatever the tables hold: nothing at all, or texts with every
// character that means something to a shell.
func TestScriptIsWhole(t *testing.T) {
	const hostile = `it's "a" \ $HOME $(touch ran) ` + "`touch ran`" + ` ; | & < > ( ) { } [x] * ? ~ # ! : % @`
	free := &Value{Kind: Free}
	for name, s := range map[string]Spec{
		"empty": {Program: "x", Cloner: "c"},
		"hostile": {
			Program: "ifconfig-carp", Cloner: "carp", Families: []string{"inet"}, GroupWords: []string{"-up"},
			Options:  []Option{{Names: []string{"-a"}, Help: hostile, Lists: true}, {Names: []string{"-f"}, Value: &Value{Kind: Listed, List: []string{hostile, "a:b"}}}},
			Words:    []Word{{Names: []string{"pass"}, Help: hostile, Value: free}, {Names: []string{"new"}, Help: hostile, Place: New}},
			Commands: []Command{{Name: "sysctl", Help: hostile, Options: []Option{{Names: []string{"-f"}, Value: free}}, Verbs: []string{hostile}, Operands: *free}},
			Links:    map[string]string{"sysctl-carp": "sysctl"},
		},
	} {
		for _, shell := range Shells() {
			script, ok := Script(shell, s)
			if left := regexp.MustCompile(`@[A-Z]+@`).FindString(script); !ok || left != "" {
				t.Errorf("%s, %s: %s is not filled in", name, shell, left)
			}
			dir := t.TempDir()
			path := filepath.Join(dir, "script")
			if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(syntax[shell][0], syntax[shell][1], path).CombinedOutput(); err != nil {
				t.Errorf("%s, %s: %v\n%s", name, shell, err, out)
			}
			// Read by its shell it does nothing but define what is called later.
			run := exec.Command(shell, "-c", "compdef() { :; }; . ./script")
			if shell == "fish" {
				run = exec.Command(shell, "--no-config", "-c", "source ./script")
			}
			run.Dir = dir
			if out, err := run.CombinedOutput(); err != nil {
				t.Errorf("%s, %s: %v\n%s", name, shell, err, out)
			}
			if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
				t.Errorf("%s, %s: a text of the tables was run", name, shell)
			}
		}
	}
	if script, ok := Script("tcsh", Spec{}); ok || script != "" {
		t.Error("there is a script for tcsh")
	}
}

// Nothing is offered for what is Free, and every name is quoted that needs it.
func TestQuoting(t *testing.T) {
	for _, tt := range [][3]string{
		{"vhid", "vhid", "vhid"},
		{"inet6:cidr", "inet6:cidr", "inet6:cidr"},
		{"", "''", "''"},
		{"it's", `'it'\''s'`, `'it\'s'`},
		{`a\b`, `'a\b'`, `'a\\b'`},
		{"$(x)", "'$(x)'", "'$(x)'"},
	} {
		if posix, fish := quotePosix(tt[0]), quoteFish(tt[0]); posix != tt[1] || fish != tt[2] {
			t.Errorf("%q: %s and %s, want %s and %s", tt[0], posix, fish, tt[1], tt[2])
		}
	}
	for _, shell := range Shells() {
		script, _ := Script(shell, Spec{Words: []Word{{Names: []string{"pass"}, Value: &Value{Kind: Free, List: []string{"secret"}}}}})
		if strings.Contains(script, "secret") {
			t.Errorf("%s offers something for what cannot be guessed", shell)
		}
	}
}
