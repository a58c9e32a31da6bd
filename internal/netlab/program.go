package netlab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// ProgramName is what the command under test is called.
const ProgramName = "ifconfig-carp"

// Program builds the command under test into a folder of its own, for the hosts
// of a test binary to have first in their PATH. Without root it refuses: nothing
// could be tested. remove takes the folder away.
func Program() (path string, remove func(), err error) {
	if os.Geteuid() != 0 {
		return "", nil, errors.New("these tests need root")
	}
	dir, err := os.MkdirTemp("", ProgramName+"-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	path = filepath.Join(dir, ProgramName)
	if err := BuildProgram(path); err != nil {
		remove()
		return "", nil, err
	}
	return path, remove, nil
}

// RunTests is the TestMain of a package whose tests need the command under test: it
// is built once, and ready may prepare more with its path. What it returns is the exit
// status of the test binary.
func RunTests(m interface{ Run() int }, ready func(program string) error) int {
	path, remove, err := Program()
	if err == nil {
		defer remove()
		err = ready(path)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "netlab:", err)
		return 1
	}
	return m.Run()
}

// BuildProgram builds the command under test as it is shipped, or with further
// flags of go build, of which -race needs a C compiler.
func BuildProgram(path string, flags ...string) error {
	args := append([]string{"build", "-o", path}, flags...)
	cmd := exec.Command("go", append(args, "github.com/ifconfig-carp/ifconfig-carp/cmd/ifconfig-carp")...)
	if len(flags) == 0 {
		cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the command: %w\n%s", err, out)
	}
	return nil
}
