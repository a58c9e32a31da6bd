//go:build netns

package failover

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
		fmt.Fprintln(os.Stderr, "failover: these tests need root")
		return 1
	}
	dir, err := os.MkdirTemp("", "failover-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "failover:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "ifconfig-carp")
	if err := build(program); err != nil {
		fmt.Fprintln(os.Stderr, "failover:", err)
		return 1
	}
	return m.Run()
}

// build builds the command as it is shipped, or with further flags.
func build(path string, flags ...string) error {
	args := append([]string{"build", "-o", path}, flags...)
	cmd := exec.Command("go", append(args, "github.com/ifconfig-carp/ifconfig-carp/cmd/ifconfig-carp")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the command: %w\n%s", err, out)
	}
	return nil
}
