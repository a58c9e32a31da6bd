//go:build netns

package interop

import (
	"flag"
	"os"
	"testing"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// program is the command under test, built once for all tests. Its folder is the
// first in the PATH of every member.
var program string

// atOnce is how many tests run side by side, unless -parallel says it: they spend
// their time waiting for timers of seconds. Those whose limits are milliseconds are
// not parallel, and run before all others.
const atOnce = "6"

func TestMain(m *testing.M) {
	os.Exit(netlab.RunTests(m, func(path string) error {
		program = path
		if err := machine.watch(); err != nil {
			return err
		}
		flag.Parse()
		asked := false
		flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "test.parallel" })
		if !asked {
			return flag.Set("test.parallel", atOnce)
		}
		return nil
	}))
}
