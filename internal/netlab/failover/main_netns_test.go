//go:build netns

package failover

import (
	"os"
	"testing"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// program is the command under test, built once for all tests. Its folder is the
// first in the PATH of every host.
var program string

func TestMain(m *testing.M) {
	os.Exit(netlab.RunTests(m, func(path string) error {
		program = path
		return nil
	}))
}
