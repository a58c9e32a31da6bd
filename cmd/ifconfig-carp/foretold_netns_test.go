//go:build netns

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// twin makes a host that is like hosta as it is now, its cards and their addresses,
// with nobody else on its segments and no supervisor on it.
func twin(ts *testscript.TestScript, neg bool, args []string) {
	all := ts.Value(hostsKey{}).(hosts)
	if neg || len(args) > 0 || all["twin"] != nil {
		ts.Fatalf("usage: twin")
	}
	macs, of6 := map[string]string{}, map[string][]byte{}
	for _, card := range []string{"eth0", "eth1"} {
		macs[card] = macOf.FindStringSubmatch(output(ts, "ip", "-o", "link", "show", "dev", card))[1]
	}
	for _, key := range []string{"accept_dad", "hop_limit"} { // the lab's own
		var err error
		of6[key], err = os.ReadFile("/proc/sys/net/ipv6/conf/eth0/" + key)
		ts.Check(err)
	}
	ts.Check(unix.Unshare(unix.CLONE_NEWNET))
	for key, value := range of6 {
		ts.Check(os.WriteFile("/proc/sys/net/ipv6/conf/default/"+key, value, 0))
	}
	f, err := os.Open("/proc/thread-self/ns/net")
	ts.Check(err)
	all["twin"] = f
	for _, line := range []string{
		"ip link add eth0 address " + macs["eth0"] + " type veth peer name far0",
		"ip link add eth1 address " + macs["eth1"] + " type veth peer name far1",
		"ip addr add 192.168.1.3/24 brd + dev eth0",
		"ip addr add 10.0.0.1/24 dev eth1",
		"ip link set lo up", "ip link set far0 up", "ip link set far1 up", "ip link set eth0 up", "ip link set eth1 up",
	} {
		ts.Check(run(line))
	}
	ts.Check(settle("eth0", "eth1"))
	there := configured(ts)
	ts.Check(enter(all["hosta"]))
	if here := configured(ts); here != there {
		ts.Fatalf("the hosts differ from the beginning:\n%s", difference(here, there))
	}
}

var macOf = regexp.MustCompile(`link/ether (\S+)`)

// lifetimes are those of the addresses in a plan.
var lifetimes = regexp.MustCompile(`valid_lft (\d+) preferred_lft (\d+)`)

// foretold ARGS: sh does on the twin what ifconfig-carp -N ARGS prints, and ifconfig-carp
// ARGS on hosta brings that about: the same interfaces, addresses, routes and settings,
// and others than before. Addresses live longer on the twin, where nobody renews them.
func foretold(ts *testscript.TestScript, neg bool, args []string) {
	all := ts.Value(hostsKey{}).(hosts)
	if neg || all["twin"] == nil {
		ts.Fatalf("usage: twin; foretold arguments...")
	}
	before := configured(ts)
	plan := output(ts, append([]string{"ifconfig-carp", "-N"}, args...)...)
	ts.Logf("the plan:\n%s", plan)
	ts.Check(enter(all["twin"]))
	output(ts, "sh", "-e", "-c", lifetimes.ReplaceAllString(plan, "valid_lft ${1}000 preferred_lft ${2}000"))
	want := configured(ts)
	ts.Check(enter(all["hosta"]))
	output(ts, append([]string{"ifconfig-carp"}, args...)...)
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		switch got := configured(ts); {
		case got == want && got == before:
			ts.Fatalf("nothing was changed")
		case got == want:
			return
		case time.Now().After(deadline):
			ts.Fatalf("by hand and really:\n%s", difference(want, got))
		}
	}
}

// configured is how the kernel is configured: carp interfaces in full, of the cards the
// addresses; all settings of both, and the routes.
func configured(ts *testscript.TestScript) string {
	var b strings.Builder
	show := func(argv ...string) {
		lines := strings.Split(output(ts, argv...), "\n")
		for n := range lines {
			lines[n] = fleeting.ReplaceAllString(lines[n], "")
		}
		slices.Sort(lines)
		for _, line := range lines {
			if !strings.Contains(line, "far") && strings.TrimSpace(line) != "" {
				fmt.Fprintln(&b, line)
			}
		}
	}
	show("ip", "-o", "-d", "link", "show", "type", "macvlan")
	show("ip", "-o", "-d", "link", "show", "type", "tun")
	show("ip", "-o", "addr")
	show("ip", "-4", "route", "show", "table", "all")
	show("ip", "-6", "route", "show", "table", "all")
	for _, pattern := range []string{"eth*", "carp*", "web*"} {
		paths, err := filepath.Glob("/proc/sys/net/ipv[46]/conf/" + pattern + "/*")
		ts.Check(err)
		for _, path := range paths {
			if value, err := os.ReadFile(path); err == nil { // stable_secret is not to be read
				fmt.Fprintf(&b, "%s %s", path, value)
			}
		}
	}
	return b.String()
}

// fleeting is what differs between two hosts, or from one moment to the next, though
// both are configured alike: indices, times, and what keeps a TUN open.
var fleeting = regexp.MustCompile(`^\d+: |@if\d+|valid_lft \S+ preferred_lft \S+|expires \S+|numtxqueues .*|persist \w+ |` +
	`parent \d+|linkdown |NO-CARRIER,|state \w+ |,LOWER_UP`)
