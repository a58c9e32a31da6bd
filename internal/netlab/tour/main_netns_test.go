//go:build netns

package tour

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// program is the command under test, built once. Its folder, where it has its second
// name too, is the first in the PATH of every host.
var program string

func TestMain(m *testing.M) {
	os.Exit(netlab.RunTests(m, func(path string) error {
		program = path
		return os.Symlink(netlab.ProgramName, filepath.Join(filepath.Dir(path), "sysctl-carp"))
	}))
}
