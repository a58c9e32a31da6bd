//go:build netns

package interop

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// program is the command under test, built once for all tests. Its folder is the
// first in the PATH of every member.
var program string

// atOnce is how many tests run side by side, unless -parallel says it: they spend
// their time waiting for timers of seconds. Those whose limits are milliseconds are
// not parallel, and run before all others.
const atOnce = "6"

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "interop: these tests need root")
		return 1
	}
	dir, err := os.MkdirTemp("", "interop-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "ifconfig-carp")
	cmd := exec.Command("go", "build", "-o", program, "github.com/ifconfig-carp/ifconfig-carp/cmd/ifconfig-carp")
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "interop: build the command: %v\n%s", err, out)
		return 1
	}
	if err := machine.watch(); err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		return 1
	}
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "test.parallel" })
	if !asked {
		_ = flag.Set("test.parallel", atOnce)
	}
	return m.Run()
}
