package state

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// helperEnv makes the test binary do one thing and print one line about it:
// what has to be killed or starved must be a process of its own.
const helperEnv = "STATE_TEST_HELPER"

func TestMain(m *testing.M) {
	if act := os.Getenv(helperEnv); act != "" {
		helper(act, &Dir{path: os.Args[1]})
		return
	}
	goleak.VerifyTestMain(m)
}

func helper(act string, d *Dir) {
	switch act {
	case "hold": // a supervisor, until its input ends or it is killed
		l, err := d.Acquire("carp0")
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := d.SetEntries("carp0", []Entry{{Name: "interface down", Value: 240}}); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("ok")
		_, _ = io.Copy(io.Discard, os.Stdin)
		l.Release()
	case "save": // until killed
		fmt.Println("ok")
		for i := 0; ; i++ {
			if err := d.Save(bigRecord(i % 256)); err != nil {
				fmt.Println(err)
				return
			}
		}
	case "starve": // files may have 512 bytes: the write is cut short
		signal.Ignore(unix.SIGXFSZ)
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 512, Max: 512}); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(d.Save(bigRecord(2)))
	case "alive": // as nobody
		if err := unix.Setuid(65534); err != nil {
			fmt.Println(err)
			return
		}
		ledger, err := d.Demotion()
		fmt.Println(d.Alive("carp0"), d.Alive("carp1"), ledger.Sum(), err)
	}
}

// process is a helper that has printed its line.
type process struct {
	line  string
	cmd   *exec.Cmd
	stdin io.Closer
}

func start(t *testing.T, act string, d *Dir) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0], d.path)
	cmd.Env = append(os.Environ(), helperEnv+"="+act)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, stdin: stdin}
	t.Cleanup(p.kill)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("%s: %v", act, err)
	}
	p.line = strings.TrimSpace(line)
	return p
}

// kill is kill -9; a second one does nothing.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	_ = p.stdin.Close()
}

func testDir(t *testing.T) *Dir {
	t.Helper()
	d, err := create(t.TempDir() + "/state")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// bigRecord is a record of several kilobytes that is all of one generation, so
// that a mixture of two would show.
func bigRecord(generation int) Record {
	r := Record{Name: "carp0", VHID: 1, AdvSkew: carp.AdvSkew(generation % 255), Created: time.Unix(1, 0).UTC()}
	for i := range 200 {
		r.Addresses = append(r.Addresses, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(generation), 0, byte(i)}), 24))
	}
	return r
}

// eventually waits for a condition that the kernel brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
