package main

import (
	"cmp"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// initMax is how many bytes all packages together may allocate before main runs. Half of
// it is the standard library's, a quarter that of a shell parser nobody has asked yet.
const initMax = 65_000

// initLine is what GODEBUG=inittrace=1 says of a package (runtime).
var initLine = regexp.MustCompile(`(?m)^init (\S+) @.* (\d+) bytes, \d+ allocs$`)

// Every command, and every supervisor at its start, pays for what packages do when they
// are initialised: a table or a pattern that few commands need is made when it is needed
// (sync.OnceValue). Bytes, since they are the same on every machine, which times are not.
func TestInit(t *testing.T) {
	program := filepath.Join(t.TempDir(), "ifconfig-carp")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(program, "--version")
	cmd.Env = append(cmd.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	type cost struct {
		name  string
		bytes int
	}
	var all []cost
	total := 0
	for _, m := range initLine.FindAllSubmatch(out, -1) {
		bytes, err := strconv.Atoi(string(m[2]))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, cost{string(m[1]), bytes})
		total += bytes
	}
	if total == 0 {
		t.Fatalf("no initialisation was traced:\n%s", out)
	}
	if total > initMax {
		slices.SortFunc(all, func(a, b cost) int { return cmp.Compare(b.bytes, a.bytes) })
		t.Errorf("%d bytes are allocated before main, at most %d may be; most by %v", total, initMax, all[:min(5, len(all))])
	}
}
