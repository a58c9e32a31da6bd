//go:build netns

package backing

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// program is the command under test, built once for all tests. Its folder is the
// first in the PATH of every host.
var program string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "backing: these tests need root")
		return 1
	}
	dir, err := os.MkdirTemp("", "backing-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "backing:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "ifconfig-carp")
	cmd := exec.Command("go", "build", "-o", program, "github.com/ifconfig-carp/ifconfig-carp/cmd/ifconfig-carp")
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "backing: build the command: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
