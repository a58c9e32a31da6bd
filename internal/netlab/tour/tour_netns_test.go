//go:build netns

package tour

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// patience is how long a look is repeated. The longest wait of the tour is a dead
// time of 4 s; the rest is for a machine that is busy.
const patience = 20 * time.Second

// own gives a command a /run and an /etc that are the host's alone, and root's folder
// there to be in, and lets it do the rest: ip netns exec has made it a mount namespace
// of its own.
const own = `cd "$HOST/root" && mount --bind "$HOST/run" /run && mount --bind "$HOST/etc" /etc && exec sh -c "$1"`

func TestTour(t *testing.T) { readme.walk(t) }

func TestExamplesOfProtocol(t *testing.T) { tour{"man/carp.4", "EXAMPLES"}.walk(t) }

func TestExamplesOfCommand(t *testing.T) { tour{"man/ifconfig-carp.8", "EXAMPLES"}.walk(t) }

func TestExamplesOfKnobs(t *testing.T) { tour{"man/sysctl-carp.8", "EXAMPLES"}.walk(t) }

// walk types a tour.
func (tr tour) walk(t *testing.T) {
	t.Parallel() // it mostly waits
	hosts := map[string]*netlab.Host{}
	lab := netlab.ForTest(t)
	for n, name := range neighbours {
		hosts[name] = furnished(t, lab.HostForTest(t, name, []string{"192.168.1.3/24", "192.168.1.4/24", "192.168.1.5/24", "192.168.1.10/24"}[n]))
	}
	steps := tr.steps(t)
	if slices.ContainsFunc(steps, func(s step) bool { return slices.Contains(routers, s.host) }) {
		settle(t, hosts)
	}
	for _, s := range steps {
		switch {
		case s.event == pull:
			must(t, hosts["hosta"].Unplug(t.Context()))
		case s.event == plug:
			must(t, hosts["hosta"].Plug(t.Context()))
		default:
			tr.typed(t, hosts[s.host], s)
		}
		if t.Failed() {
			return // what follows would only be confused
		}
	}
}

// settle adds the routers, which have a cable from eth1 to eth1.
func settle(t *testing.T, hosts map[string]*netlab.Host) {
	t.Helper()
	lab := netlab.ForTest(t)
	for n, name := range routers {
		hosts[name] = furnished(t, lab.HostForTest(t, name, fmt.Sprintf("192.168.1.%d/24", 2+n)))
	}
	a, b := hosts[routers[0]], hosts[routers[1]]
	_, err := a.Run(t.Context(), "ip", "link", "add", "name", "eth1", "type", "veth", "peer", "name", "eth1", "netns", b.Namespace())
	must(t, err)
	for n, h := range []*netlab.Host{a, b} {
		_, err := h.Run(t.Context(), "sh", "-c", fmt.Sprintf("ip addr add 192.168.2.%d/24 dev eth1 && ip link set eth1 up", 2+n))
		must(t, err)
	}
}

// furnished gives a host what the machine's others must not see: the program, its
// /run, and an /etc with what commands need of the machine's.
func furnished(t *testing.T, h *netlab.Host) *netlab.Host {
	t.Helper()
	h.Setenv("PATH", filepath.Dir(program)+":"+os.Getenv("PATH"))
	h.Setenv("HOST", h.Dir())
	log := filepath.Join(h.Dir(), "log")
	h.Setenv("IFCONFIG_CARP_LOG", log)
	for _, folder := range []string{"run", "root", "etc/ifconfig-carp"} { // the last comes with a package
		must(t, os.MkdirAll(filepath.Join(h.Dir(), folder), 0o755))
	}
	for _, name := range []string{"passwd", "group", "nsswitch.conf", "ld.so.cache"} {
		data, err := os.ReadFile("/etc/" + name)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(h.Dir(), "etc", name), data, 0o644))
	}
	t.Cleanup(func() { // before the lab goes
		if text, err := os.ReadFile(log); err == nil && t.Failed() {
			t.Logf("log of %s:\n%s", h.Name(), text)
		}
	})
	return h
}

// typed types a command; if it only looks, until it prints what it should.
func (tr tour) typed(t *testing.T, h *netlab.Host, s step) {
	t.Helper()
	var printed, diff string
	var status int
	try := func() (ok bool, saw string) {
		var err error
		printed, err = h.Run(t.Context(), "sh", "-c", own, "sh", s.command)
		status = 0
		if exit, isExit := errors.AsType[*exec.ExitError](err); isExit {
			status = exit.ExitCode()
		} else {
			must(t, err)
		}
		diff = difference(s.output, printed)
		return diff == "" && status == failing[s.command], strings.TrimSpace(printed)
	}
	if looking.MatchString(s.command) {
		_ = netlab.Wait(t.Context(), patience, s.command, try) // what it saw is told below
	} else {
		try()
	}
	if diff != "" {
		t.Errorf("%[1]s:%[2]d: %[3]s# %[4]s: what it prints is not what is said there (- %[1]s, + printed):\n%[5]s",
			tr.file, s.line, s.host, s.command, diff)
	}
	if want := failing[s.command]; status != want {
		t.Errorf("%s:%d: %s# %s: exit status %d, want %d:\n%s", tr.file, s.line, s.host, s.command, status, want, printed)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
