//go:build netns

package interop

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// mixed is a scene with a host of ours, one that runs ucarp, and a client.
type mixed struct {
	*scene
	ours, theirs, client *netlab.Host
	ads                  *netlab.Sniffer
}

func newMixed(t *testing.T) *mixed {
	t.Helper()
	s := newScene(t)
	m := &mixed{scene: s, ours: s.member("ours", "192.168.1.3/24"), theirs: s.other("theirs", "192.168.1.4/24"), client: s.other("client", "192.168.1.10/24")}
	m.ads = m.listen(m.client, "eth0")
	m.script("up", "ip addr add $2/32 dev $1")
	m.script("down", "ip addr del $2/32 dev $1 || true")
	t.Cleanup(func() {
		if text, err := os.ReadFile(filepath.Join(m.theirs.Dir(), "ucarp.out")); err == nil && t.Failed() {
			t.Logf("ucarp printed:\n%s", text)
		}
	})
	return m
}

// script writes what ucarp runs when it becomes master, or ceases to be. Its arguments
// are the interface and the address.
func (m *mixed) script(name, line string) {
	m.Helper()
	m.must(os.WriteFile(filepath.Join(m.theirs.Dir(), name), []byte("#!/bin/sh\n"+line+"\n"), 0o700))
}

// startOurs makes ours a member; startTheirs does that to ucarp.
func (m *mixed) startOurs(words string) {
	m.Helper()
	m.join(m.ours, "vhid 1 pass "+password+" "+words, "192.168.1.50/24")
}

func (m *mixed) startTheirs(options string) {
	m.Helper()
	dir := m.theirs.Dir()
	argv := []string{"ucarp", "-i", "eth0", "-s", "192.168.1.4", "-v", "1", "-p", password, "-a", "192.168.1.50",
		"-u", filepath.Join(dir, "up"), "-d", filepath.Join(dir, "down"), "-z"}
	m.launch(m.theirs, append(argv, strings.Fields(options)...)...)
}

// ends sends a signal to the one ucarp.
func (m *mixed) ends(sig unix.Signal) {
	m.Helper()
	found, err := m.theirs.Find("ucarp")
	m.must(err)
	if len(found) != 1 {
		m.Fatalf("ucarp runs as %v, want one", found)
	}
	m.must(found[0].Signal(sig))
}

// awaitTheirs waits until ucarp advertises.
func (m *mixed) awaitTheirs(since time.Time) {
	m.Helper()
	m.wait("an advertisement of ucarp's", func() (bool, string) {
		n := len(advertisements(m.ads.Frames(fromAddr(theirAddr), netlab.Since(since))))
		return n > 0, fmt.Sprint(n)
	})
}

var (
	ourAddr   = netip.MustParseAddr("192.168.1.3")
	theirAddr = netip.MustParseAddr("192.168.1.4")
)

// Elections between ours and ucarp, which has one address and no bow-out. Whatever
// happens, one of them serves the client, and the client has its MAC.
func TestUcarp(t *testing.T) {
	const preempt = "ifconfig-carp sysctl net.inet.carp.preempt=1"
	for _, tt := range []struct {
		name         string
		ours, theirs string // words and options
		first        string // who is there, and MASTER, before the other one comes
		event        func(*mixed)
		limit        time.Duration // from the event to the other one's first advertisement
		stays        bool          // who is MASTER stays it
	}{
		{name: "theirs loses its power", ours: "advskew 100", theirs: "-k 0", first: "theirs", limit: dead(100),
			event: func(m *mixed) { m.must(m.theirs.PowerOff(m.Context())) }},
		{name: "theirs ends", ours: "advskew 100", theirs: "-k 0", first: "theirs", limit: dead(100),
			event: func(m *mixed) { m.ends(unix.SIGTERM) }},
		{name: "ours loses its power", ours: "advskew 0", theirs: "-k 100", first: "ours", limit: dead(100),
			event: func(m *mixed) { m.powerOff(m.ours) }},
		{name: "ours is killed", ours: "advskew 0", theirs: "-k 100", first: "ours", limit: dead(100),
			event: func(m *mixed) { m.kill(m.ours, "carp0") }},
		{name: "ours goes down", ours: "advskew 0", theirs: "-k 100", first: "ours", limit: time.Second,
			event: func(m *mixed) { m.on(m.ours, "ifconfig-carp carp0 down") }},
		{name: "theirs preempts", ours: "advskew 100", theirs: "-k 0 -P", first: "ours", limit: dead(0)},
		{name: "ours preempts", ours: "advskew 0", theirs: "-k 100", first: "theirs", limit: 2 * time.Second,
			event: func(m *mixed) { m.on(m.ours, preempt) }},
		{name: "without preempt theirs stays", ours: "advskew 0", theirs: "-k 100", first: "theirs", stays: true},
		{name: "without preempt ours stays", ours: "advskew 100", theirs: "-k 0", first: "ours", stays: true},
		{name: "equal timers, ours first", ours: "advskew 0", theirs: "-k 0", first: "ours", stays: true},
		{name: "equal timers, theirs first", ours: "advskew 0", theirs: "-k 0", first: "theirs", stays: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMixed(t)
			from, to := m.ours, m.theirs
			if tt.first == "theirs" {
				from, to = m.theirs, m.ours
				m.startTheirs(tt.theirs)
				m.awaitTheirs(time.Time{})
			} else {
				m.startOurs(tt.ours)
				m.await(m.ours, "carp0", master)
			}
			p := m.probe(m.client, virtual4)
			m.served(p, from)
			since := time.Now()
			if tt.first == "theirs" {
				m.startOurs(tt.ours)
				m.await(m.ours, "carp0", backup)
			} else {
				m.startTheirs(tt.theirs)
				m.wait("ucarp to run", func() (bool, string) {
					found, err := m.theirs.Find("ucarp")
					return len(found) == 1, fmt.Sprint(found, err)
				})
			}
			if tt.stays {
				m.pass(2 * dead(100))
				m.served(p, from)
				m.silentBackup(from, since)
				m.figure("%s: %v", tt.name, p.Stop().Since(since))
				return
			}
			if tt.event != nil {
				m.pass(1200 * time.Millisecond) // ucarp begins with a moment of its own
				since = time.Now()
				tt.event(m)
			}
			next := map[*netlab.Host]netip.Addr{m.ours: ourAddr, m.theirs: theirAddr}[to]
			var first advertisement
			m.wait("advertisements of "+to.Name(), func() (bool, string) {
				ads := advertisements(m.ads.Frames(fromAddr(next), netlab.Since(since)))
				for _, ad := range ads {
					if !ad.bowOut() {
						first = ad
						return true, ""
					}
				}
				return false, "none"
			})
			m.served(p, to)
			took := first.At.Sub(since)
			// ucarp looks at its timers between two waits of a second.
			limit := tt.limit + late + time.Second + machine.stalled(since, first.At)
			m.pass(2500 * time.Millisecond)
			m.served(p, to)
			mac := map[*netlab.Host]netlab.MAC{m.ours: mac1, m.theirs: m.theirs.MAC()}[to]
			m.learns(m.client, virtual4, mac)
			r := p.Stop().Since(since)
			m.figure("%s: %s advertises after %s; the client's gap is %s, %d lost", tt.name, to.Name(), seconds(took), seconds(r.LongestGap()), r.Lost)
			if took > limit {
				m.Errorf("%s advertises after %v, want %v at most", to.Name(), took, limit)
			}
			if to == m.ours {
				m.expect(m.ours, "carp0", master)
			}
			if tt.event == nil || tt.name == "ours preempts" {
				m.silentBackup(to, first.At.Add(1500*time.Millisecond))
			}
		})
	}
}

// silentBackup wants advertisements since a moment from the MASTER alone.
func (m *mixed) silentBackup(holder *netlab.Host, since time.Time) {
	m.Helper()
	want := map[*netlab.Host]netip.Addr{m.ours: ourAddr, m.theirs: theirAddr}[holder]
	for _, ad := range advertisements(m.ads.Frames(netlab.Since(since))) {
		if ad.From() != want {
			m.Errorf("advertised with %v, want %v only", ad.Frame, want)
		}
	}
}

// A host that has an address on its own MAC can speak for it once more before it lets
// go, after ours has announced itself. The second announcement puts that right: the
// client does not ask by itself for a long time.
func TestSecondAnnouncementHealsTheClient(t *testing.T) {
	t.Parallel()
	m := newMixed(t)
	m.script("down", "arping -q -U -c 1 -I $1 $2 & sleep 0.1; ip addr del $2/32 dev $1 || true")
	m.startTheirs("-k 100")
	m.awaitTheirs(time.Time{})
	// Linux would not believe another word within a second of the last (arp(7),
	// locktime), which is about when this one comes; other systems do.
	m.on(m.client, "echo 0 >/proc/sys/net/ipv4/neigh/eth0/locktime")
	p := m.probe(m.client, virtual4)
	m.served(p, m.theirs)
	m.startOurs("advskew 0")
	m.await(m.ours, "carp0", backup)
	hear, err := m.client.Sniff(m.Context(), "eth0", netlab.OfType(netlab.EtherTypeARP), fromAddr(virtual4))
	m.must(err)
	since := time.Now()
	m.on(m.ours, "ifconfig-carp sysctl net.inet.carp.preempt=1")
	c := m.awaitSince(m.ours, "carp0", master, since)
	m.served(p, m.ours)
	m.learns(m.client, virtual4, mac1)
	m.pass(2500 * time.Millisecond)
	m.served(p, m.ours)
	var lie, announced time.Time
	for _, f := range hear.Frames() {
		switch {
		case f.Source() == m.theirs.MAC() && f.At.After(c.At) && lie.IsZero():
			lie = f.At
		case f.Source() == mac1 && !lie.IsZero() && announced.IsZero():
			announced = f.At
		}
	}
	if lie.IsZero() || announced.IsZero() {
		m.Fatalf("ucarp's own word at %v, ours after it at %v; want both:\n%v", lie, announced, hear.Frames())
	}
	r := p.Stop().Since(c.At)
	m.figure("ucarp speaks for the address %s after ours took over, ours again %s later; the client's gap is %s",
		millis(lie.Sub(c.At)), millis(announced.Sub(lie)), millis(r.LongestGap()))
	switch gap := r.LongestGap(); {
	case gap == 0:
		m.Error("the client did not believe ucarp: there was nothing to heal")
	case gap > 2500*time.Millisecond:
		m.Errorf("no answer for %v, want two advertisement intervals at most", gap)
	}
}
