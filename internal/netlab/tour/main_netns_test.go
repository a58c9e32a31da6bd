//go:build netns

package tour

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// program is the command under test, built once. Its folder is the first in the PATH
// of every host.
var program string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	path, remove, err := netlab.Program()
	if err != nil {
		fmt.Fprintln(os.Stderr, "tour:", err)
		return 1
	}
	defer remove()
	if err := os.Symlink(netlab.ProgramName, filepath.Join(filepath.Dir(path), "sysctl-carp")); err != nil {
		fmt.Fprintln(os.Stderr, "tour:", err)
		return 1
	}
	program = path
	return m.Run()
}
