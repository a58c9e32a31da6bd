//go:build netns

package interop

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab/history"
	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// typing is something that an administrator of a MASTER types, and what undoes it.
type typing struct{ what, line string }

// ofCarp0 are lines about carp0, one after the other.
func ofCarp0(lines ...string) string {
	return "ifconfig-carp carp0 " + strings.Join(lines, " && ifconfig-carp carp0 ")
}

// typed has a line for each word that does not mean to change the state, or to bow out.
func typed() map[string]string {
	const local, delLocal = "inet6 fe80::50 ", "inet6 fe80::50 -alias"
	lines := map[string]string{
		"create":       "! ifconfig-carp carp0 create",
		"vhid":         ofCarp0("vhid 1"),
		"advskew":      ofCarp0("advskew 23", "advskew 20"),
		"carpdev":      ofCarp0("carpdev eth0"),
		"-carpdev":     ofCarp0("-carpdev"),
		"peer":         ofCarp0("peer 192.168.1.5", "mcast"),
		"mcast":        ofCarp0("mcast"),
		"peer6":        ofCarp0("peer6 fe80::5", "mcast6"),
		"mcast6":       ofCarp0("mcast6"),
		"carpver":      ofCarp0("carpver 2"),
		"backing":      "! ifconfig-carp carp0 backing tun",
		"pass":         ofCarp0("pass another", "pass "+password),
		"passfile":     "echo " + password + " | ifconfig-carp carp0 passfile -",
		"inet":         ofCarp0("inet 192.168.1.50/25", "inet 192.168.1.50/24"),
		"netmask":      ofCarp0("192.168.1.50 netmask 255.255.255.0"),
		"broadcast":    ofCarp0("192.168.1.50/24 broadcast 192.168.1.255"),
		"alias":        ofCarp0("192.168.1.51/24 alias", "192.168.1.51 -alias"),
		"-alias":       ofCarp0("192.168.1.51/24 alias", "192.168.1.51 -alias"),
		"inet6":        ofCarp0(local, delLocal),
		"prefixlen":    ofCarp0(local+"prefixlen 64", delLocal),
		"eui64":        ofCarp0("inet6 fe80:: eui64", "inet6 fe80::200:5eff:fe00:101 -alias"),
		"up":           ofCarp0("up"),
		"description":  ofCarp0("description 'the office'", "-description"),
		"-description": ofCarp0("-description"),
		"group":        ofCarp0("group lan", "-group lan"),
		"-group":       ofCarp0("group lan", "-group lan"),
		"name":         "ifconfig-carp carp0 name web && ifconfig-carp web name carp0",
		"mtu":          ofCarp0("mtu 1400", "mtu 1500"),
		"metric":       ofCarp0("metric 5", "metric 0"),
		"-monitor":     ofCarp0("-monitor"),
	}
	for _, flag := range []string{"debug", "arp", "promisc", "link0", "link1", "link2"} {
		lines[flag] = ofCarp0("-"+flag, flag)
		lines["-"+flag] = ofCarp0(flag, "-"+flag)
	}
	lines["-arp"] = lines["arp"]
	for _, said := range []string{"no_dad", "deprecated", "-deprecated", "anycast", "-anycast", "autoconf", "-autoconf", "pltime 60", "vltime infty"} {
		word, _, _ := strings.Cut(said, " ")
		lines[word] = ofCarp0(local+said, delLocal)
	}
	return lines
}

// deliberate are the words that take the MASTER its office, as they are meant to.
var deliberate = []string{"destroy", "down", "state"}

// typings is all of the language, by the tables of its words and knobs.
func (s *scene) typings(base int) (all []typing) {
	s.Helper()
	lines := typed()
	lines["advbase"] = ofCarp0("advbase 0")
	if base == 1 {
		lines["advbase"] = ofCarp0("advbase 2", "advbase 1")
	}
	for _, w := range words.All() {
		line, ok := lines[w.Name]
		switch {
		case ok:
			all = append(all, typing{w.Name, line})
		case !slices.Contains(deliberate, w.Name):
			s.Errorf("no line for the word %s", w.Name)
		}
		delete(lines, w.Name)
	}
	for left := range lines {
		s.Errorf("%s is no word", left)
	}
	for _, k := range sysctl.Knobs() {
		set := func(n int) string { return fmt.Sprintf("ifconfig-carp sysctl %s=%d", k.Name, n) }
		switch {
		case k.Kind == sysctl.Opaque || k.ReadOnly:
			all = append(all, typing{k.Name, "ifconfig-carp sysctl " + k.Name})
		case k.Adds:
			all = append(all, typing{k.Name, set(3) + " && " + set(-3)})
		case k.Switch && k.Default == 1: // net.inet.carp.allow=0 is INIT
			all = append(all, typing{k.Name, set(1)})
		case k.Switch:
			all = append(all, typing{k.Name, set(1) + " && " + set(0)})
		default:
			all = append(all, typing{k.Name, set(k.Default-1) + " && " + set(k.Default)})
		}
	}
	return append(all,
		typing{"carpdemote", "ifconfig-carp -g carp carpdemote 3 && ifconfig-carp -g carp -carpdemote 3"},
		typing{"netstat -z", "ifconfig-carp netstat -s -p carp -z"},
		typing{"a dry run", "ifconfig-carp -N carp0 down"},
		typing{"the name of another state folder's", "! ifconfig-carp carp0 name other"},
		typing{"four who look, for 2 s", `for n in 1 2 3 4; do
	(end=$(($(date +%s) + 2)); while [ $(date +%s) -lt $end ]; do ifconfig-carp -v carp0; done) >/dev/null &
done; wait`},
	)
}

// interval is the time after which the next one follows.
func (a advertisement) interval() time.Duration {
	return time.Duration(a.base)*time.Second + time.Duration(max(a.skew, 1))*tick
}

// tolerance is how much later than due an advertisement may be on a machine that does
// not stand still.
const tolerance = 50 * time.Millisecond

// reigning is a MASTER that is listened to where its BACKUP is.
type reigning struct {
	*scene
	one, two *netlab.Host
	base     int
	ads      *netlab.Sniffer
}

// settle has one be MASTER: on a machine that has stood still it may not be any more.
func (r *reigning) settle() {
	r.Helper()
	state := func(h *netlab.Host) string {
		all := r.changes(h)
		return all[len(all)-1].To
	}
	if state(r.one) == master && state(r.two) == backup {
		return
	}
	r.wait("one to be MASTER again", func() (bool, string) {
		r.on(r.one, "ifconfig-carp carp0 state master")
		r.pass(200 * time.Millisecond)
		return state(r.one) == master && state(r.two) == backup, state(r.one) + " " + state(r.two)
	})
}

// during wants that no advertisement of one is late while something is done, that the
// next one comes after it, and that nobody takes over. Where the machine stood still
// meanwhile it is done again.
func (r *reigning) during(what string, do func()) {
	r.Helper()
	const attempts = 10
	for n := 1; ; n++ {
		r.settle()
		since := time.Now()
		do()
		longest, late := r.gaps(what, since)
		changed := slices.ContainsFunc(append(r.changes(r.one), r.changes(r.two)...), func(c history.Change) bool { return c.At.After(since) })
		stalled := machine.stalled(since.Add(-time.Second), time.Now())
		switch {
		case late <= tolerance && !changed:
			r.figure("advbase %d, %s: %s between two advertisements at most, %s late", r.base, what, millis(longest), millis(max(late, 0)))
			return
		case stalled < tolerance/5, late > tolerance+4*stalled, n == attempts:
			r.Errorf("%s: %v between two advertisements, %v late; a change of state: %t; the machine stood still for %v",
				what, longest, late, changed, stalled)
			return
		}
	}
}

// gaps waits for the advertisement that is due, and tells the longest time between two
// since then, and the longest delay.
func (r *reigning) gaps(what string, since time.Time) (longest, late time.Duration) {
	r.Helper()
	done := time.Now()
	var sent []advertisement
	r.wait("an advertisement after "+what, func() (bool, string) {
		sent = advertisements(r.ads.Frames(fromAddr(netip.MustParseAddr("192.168.1.3"))))
		return len(sent) > 0 && sent[len(sent)-1].At.After(done), fmt.Sprint(len(sent))
	})
	for n := 1; n < len(sent); n++ {
		if last, next := sent[n-1], sent[n]; next.At.After(since) {
			gap := next.At.Sub(last.At)
			longest, late = max(longest, gap), max(late, gap-max(last.interval(), next.interval()))
		}
	}
	return longest, late
}

// Nothing that is typed on a MASTER silences it, but for the words that mean to: its
// advertisements go out in time while it obeys or refuses, and nobody takes over.
func TestNoWordSilencesAMaster(t *testing.T) { typeAll(t, 0) }

func TestNoWordSilencesAMasterOfSeconds(t *testing.T) {
	t.Parallel()
	typeAll(t, 1)
}

// typeAll types all of the language on a MASTER with this advbase.
func typeAll(t *testing.T, base int) {
	t.Helper()
	s := newScene(t)
	one, two := s.member("one", "192.168.1.3/24"), s.member("two", "192.168.1.5/24")
	s.join(one, fmt.Sprintf("vhid 1 advbase %d advskew 20 pass %s", base, password), "192.168.1.50/24")
	s.await(one, "carp0", master)
	s.join(two, fmt.Sprintf("vhid 1 advbase %d advskew 60 pass %s", base, password), "192.168.1.50/24")
	s.await(two, "carp0", backup)
	s.on(one, "IFCONFIG_CARP_STATE="+filepath.Join(one.Dir(), "elsewhere")+" ifconfig-carp carp7 create name other")
	r := &reigning{scene: s, one: one, two: two, base: base, ads: s.listen(two, "eth0")}
	for _, ty := range s.typings(base) {
		r.during(ty.what, func() { s.on(one, ty.line) })
	}
	r.during("four lines while a stopped process has the folder's lock", r.lockedFolder)
}

// lockedFolder has the folder's lock as a process that is stopped in the middle of a
// change has it: changes wait and are refused.
func (r *reigning) lockedFolder() {
	r.Helper()
	f, err := os.OpenFile(filepath.Join(r.one.Dir(), "run", "lock"), os.O_RDWR, 0)
	r.must(err)
	defer f.Close()
	r.wait("the folder's lock", func() (bool, string) {
		err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
		return err == nil, fmt.Sprint(err)
	})
	var all sync.WaitGroup
	for _, line := range []string{"carp0 advskew 23", "carp0 name web", "carp0 192.168.1.51/24 alias", "sysctl net.inet.carp.log=2"} {
		all.Go(func() {
			if r.fails(r.one, "ifconfig-carp "+line) != 1 {
				r.Errorf("%s: the exit status is not 1", line)
			}
		})
	}
	all.Wait()
}
