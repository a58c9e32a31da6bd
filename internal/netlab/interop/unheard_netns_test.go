//go:build netns

package interop

import (
	"fmt"
	"maps"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// rc types the carp lines of an rc.conf: each interface of cloned_interfaces is made,
// and given its line. The assignments may all stand on one line, as the handbook has
// them.
func rc(assignments string) string {
	return assignments + `
for name in $cloned_interfaces; do
	ifconfig-carp $name create && eval ifconfig-carp $name \$ifconfig_$name || exit 1
done`
}

// The FreeBSD handbook's example has a misprint in one password. As printed, both hosts
// of vhid 1 are MASTER, and each can name the other one as the reason; vhid 2 is well.
func TestHandbookAsPrinted(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	hosta, hostb, provider := s.member("hosta", "192.168.1.3/24"), s.member("hostb", "192.168.1.4/24"), s.member("provider", "192.168.1.5/24")
	s.on(hosta, rc(`cloned_interfaces="carp0" ifconfig_carp0="vhid 1 pass testpast 192.168.1.50/24"`))
	s.on(hostb, rc(`cloned_interfaces="carp0" ifconfig_carp0="vhid 2 pass testpass 192.168.1.51/24"`))
	s.on(provider, rc(`cloned_interfaces="carp0 carp1" ifconfig_carp0="vhid 1 advskew 100 pass testpass 192.168.1.50/24" ifconfig_carp1="vhid 2 advskew 100 pass testpass 192.168.1.51/24"`))
	s.await(hosta, "carp0", master)
	s.await(hostb, "carp0", master)
	s.await(provider, "carp0", master)
	s.await(provider, "carp1", backup)
	for _, pair := range []struct {
		host *netlab.Host
		peer string
	}{{hosta, "192.168.1.5"}, {provider, "192.168.1.3"}} {
		got := s.counts(pair.host, "bad authentication")
		if len(got.Peers) != 1 || got.Peers[0].Address != netip.MustParseAddr(pair.peer) || got.Peers[0].Verdicts["bad authentication"] == 0 {
			s.Errorf("%s has heard of %+v, want bad authentication from %s", pair.host.Name(), got.Peers, pair.peer)
		}
		if log := s.log(pair.host); !strings.Contains(log, "from="+pair.peer) || !strings.Contains(log, "the password") {
			s.Errorf("%s does not say that the password of %s differs:\n%s", pair.host.Name(), pair.peer, log)
		}
	}
	for _, well := range []struct {
		host   *netlab.Host
		ifname string
	}{{hostb, "carp0"}, {provider, "carp1"}} {
		if got := s.status(well.host, well.ifname); got.Counters["bad authentication"] != 0 {
			s.Errorf("%s of %s counts %v, want no bad authentication", well.ifname, well.host.Name(), got.Counters)
		}
	}
	s.expect(provider, "carp1", backup)
}

// Each mistake has its own counter on either side, and no other one moves.
func TestOneCounterForEachMistake(t *testing.T) {
	const both = "192.168.1.50/24 192.168.1.51/24"
	for _, tt := range []struct {
		name   string
		group  string // two's words beyond vhid 1 advskew 10 pass testpass
		addrs  string // two's addresses; one has both
		sees1  string // the counter that moves on one, if any does,
		sees2  string // and on two
		state2 string // one is always MASTER
	}{
		{"another key", "pass another", both, "bad authentication", "bad authentication", master},
		// Who has more addresses can prove that the other one's are too few.
		{"fewer addresses", "", "192.168.1.50/24", "bad address list", "bad authentication", master},
		{"another address", "", "192.168.1.50/24 192.168.1.52/24", "bad authentication", "bad authentication", master},
		// The kernel filters by the number: other groups are no news here.
		{"another vhid", "vhid 2", both, "", "", master},
		{"another advbase", "advbase 2", both, "", "accepted", backup},
		{"another advskew", "advskew 100", both, "", "accepted", backup},
		{"another prefix length", "", "192.168.1.50/25 192.168.1.51/25", "", "accepted", backup},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			one, two := s.member("one", "192.168.1.3/24"), s.member("two", "192.168.1.4/24")
			s.join(one, "vhid 1 pass "+password, strings.Fields(both)...)
			s.join(two, strings.TrimSpace("vhid 1 advskew 10 pass "+password+" "+tt.group), strings.Fields(tt.addrs)...)
			s.must(waitLong(s, "the states", func() (bool, string) {
				a, b := s.last(one, "carp0").To, s.last(two, "carp0").To
				return a == master && b == tt.state2, a + " " + b
			}))
			s.pass(2500 * time.Millisecond)
			for _, side := range []struct {
				host *netlab.Host
				want string
			}{{one, tt.sees1}, {two, tt.sees2}} {
				counters := maps.Clone(s.status(side.host, "carp0").Counters)
				maps.DeleteFunc(counters, func(name string, n uint64) bool {
					return n == 0 || strings.HasPrefix(name, "sent ") || strings.HasPrefix(name, "received ")
				})
				if side.want == "" && len(counters) != 0 || side.want != "" && (len(counters) != 1 || counters[side.want] == 0) {
					s.Errorf("%s counts %v, want %q only", side.host.Name(), counters, side.want)
				}
				warned := strings.Contains(s.log(side.host), "level=WARN")
				if wanted := strings.HasPrefix(side.want, "bad"); warned != wanted {
					s.Errorf("%s warns: %v, want %v", side.host.Name(), warned, wanted)
				}
			}
		})
	}
}

// A host that is not MASTER answers nobody for the addresses, by no way, and never sends
// from the virtual MAC: as BACKUP, after having been MASTER, and when it is down.
func TestOnlyTheMasterAnswers(t *testing.T) {
	t.Parallel()
	s, one, two, client := pair46(t)
	virtuals := []netip.Addr{virtual4, virtual6}
	standby := two
	check := func(what string) {
		s.Helper()
		port, err := standby.SniffPort(s.Context())
		s.must(err)
		for _, a := range virtuals {
			s.on(client, fmt.Sprintf("ip neigh replace %v lladdr %v dev eth0 nud permanent", a, standby.MAC()))
			s.silentTo(client, a.String())
			s.on(client, fmt.Sprintf("ip neigh del %v dev eth0", a))
			s.pings(client, a.String())
			s.learns(client, a, mac1)
			s.pings(standby, a.String()) // its own questions must not speak for the address
		}
		if out := s.on(client, "arping -c 3 -w 3 -I eth0 192.168.1.50"); strings.Count(out, "00:00:5E:00:01:01")+strings.Count(out, "00:00:5e:00:01:01") != 3 {
			s.Errorf("%s: want three answers, from the virtual MAC:\n%s", what, out)
		}
		frames, err := port.Stop()
		s.must(err)
		heard := 0
		for _, f := range frames {
			if f.Outgoing {
				continue // towards the host
			}
			heard++
			if f.Source() == mac1 || f.From() == virtual4 || f.From() == virtual6 {
				s.Errorf("%s: %s sent %v", what, standby.Name(), f)
			}
		}
		if heard == 0 {
			s.Errorf("%s: nothing at all came from %s: the sniffer is at the wrong place", what, standby.Name())
		}
	}
	check("BACKUP")
	since := time.Now()
	s.on(one, "ifconfig-carp carp0 down && ifconfig-carp carp0 up")
	s.awaitSince(two, "carp0", master, since)
	s.awaitSince(one, "carp0", backup, since)
	standby = one
	s.pass(100 * time.Millisecond) // the handover is over after 20 ms
	check("BACKUP that was MASTER")
	s.on(standby, "ifconfig-carp carp0 down")
	check("down")
	s.neverTwo(1)
}
