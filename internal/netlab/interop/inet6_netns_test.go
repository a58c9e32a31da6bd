//go:build netns

package interop

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// The addresses of the reference set-up with IPv6.
var (
	virtual4     = netip.MustParseAddr("192.168.1.50")
	virtual6     = netip.MustParseAddr("2001:db8::50")
	virtualLocal = netip.MustParseAddr("fe80::50")
)

// pair46 is a scene on which one is MASTER and two BACKUP of vhid 1, which has addresses
// of both families.
func pair46(t *testing.T) (s *scene, one, two, client *netlab.Host) {
	t.Helper()
	s = newScene(t)
	one, two = s.member("one", "192.168.1.3/24", "2001:db8::3/64"), s.member("two", "192.168.1.5/24", "2001:db8::5/64")
	client = s.other("client", "192.168.1.10/24", "2001:db8::10/64")
	s.join(one, "vhid 1 pass "+password, "192.168.1.50/24", "inet6 2001:db8::50 prefixlen 64", "fe80::50/64")
	s.join(two, "vhid 1 advskew 100 pass "+password, "fe80::50/64", "192.168.1.50/24", "2001:db8::50/64")
	s.await(one, "carp0", master)
	s.await(two, "carp0", backup)
	return s, one, two, client
}

// Both families in one vhid: all addresses answer, from one host, and move together.
func TestBothFamilies(t *testing.T) {
	t.Parallel()
	s, one, two, client := pair46(t)
	ads := s.listen(client, "eth0")
	answers := func() {
		s.Helper()
		for _, a := range []string{"192.168.1.50", "2001:db8::50", "fe80::50%eth0"} {
			s.pings(client, a)
		}
		for _, a := range []netip.Addr{virtual4, virtual6, virtualLocal} {
			s.learns(client, a, mac1)
		}
	}
	answers()
	s.leased(one)

	p4, p6 := s.probe(client, virtual4), s.probe(client, virtual6)
	since := time.Now()
	s.on(one, "ifconfig-carp carp0 down && ifconfig-carp carp0 up")
	s.served(p6, two)
	s.served(p4, two)
	r4, r6 := p4.Result().Since(since), p6.Result().Since(since)
	s.figure("nudge: IPv4 %d lost, gap %s; IPv6 %d lost, gap %s", r4.Lost, millis(r4.LongestGap()), r6.Lost, millis(r6.LongestGap()))
	for _, r := range []netlab.Result{r4, r6} {
		if gap := r.LongestGap(); gap > smooth+machine.stalled(since, r.End)+r.Stall {
			s.Errorf("%v: want no gap over %v", r, smooth)
		}
	}
	answers()
	s.leased(two)
	if all, err := one.Addresses(s.Context(), "carp0"); err != nil || len(all) != 0 {
		s.Errorf("addresses of the BACKUP in the kernel: %v, %v; want none", all, err)
	}

	// Cut off, the MASTER cannot hand over: a dead time.
	s.awaitSince(one, "carp0", backup, since)
	since = s.fence(two)
	s.must(two.Cut(s.Context()))
	s.awaitSince(one, "carp0", master, since)
	s.served(p6, one)
	s.served(p4, one)
	r4, r6 = p4.Stop().Since(since), p6.Stop().Since(since)
	s.figure("cut: IPv4 gap %s, IPv6 gap %s (dead time %s)", seconds(r4.LongestGap()), seconds(r6.LongestGap()), seconds(dead(0)))
	for _, r := range []netlab.Result{r4, r6} {
		if gap := r.LongestGap(); gap > dead(0)+late+machine.stalled(since, r.End) {
			s.Errorf("%v: want a gap of %v at most", r, dead(0)+late)
		}
	}
	answers()
	s.neverTwo(1)
	s.alternates(advertisements(ads.Frames()))
}

// alternates wants that every advertisement by IPv4 is followed by one by IPv6 of the
// same host, with the next counter unless the host draws them at random.
func (s *scene) alternates(ads []advertisement) {
	s.Helper()
	if len(ads) < 8 {
		s.Errorf("%d advertisements, want 8 at least", len(ads))
	}
	for n := 0; n+1 < len(ads); n += 2 {
		a, b := ads[n], ads[n+1]
		if a.EtherType() != netlab.EtherTypeIPv4 || b.EtherType() != netlab.EtherTypeIPv6 || a.skew != b.skew || a.base != b.base {
			s.Errorf("advertised with\n%v and\n%v; want a pair of both families", a.Frame, b.Frame)
			return
		}
		if !b.From().IsLinkLocalUnicast() || b.To() != netip.MustParseAddr("ff02::12") || b.Destination() != (netlab.MAC{0x33, 0x33, 0, 0, 0, 0x12}) {
			s.Errorf("advertised with %v, want link-local to ff02::12", b.Frame)
		}
	}
}

// leased wants the MASTER's addresses in its kernel as they should be: no address made
// from the virtual MAC, every one with an end, the IPv6 ones never chosen as a source
// and never probed for duplicates.
func (s *scene) leased(h *netlab.Host) {
	s.Helper()
	var links []struct {
		Info []struct {
			Local      netip.Addr `json:"local"`
			Deprecated bool       `json:"deprecated"`
			NoDAD      bool       `json:"nodad"`
			Tentative  bool       `json:"tentative"`
			Valid      uint32     `json:"valid_life_time"`
			Preferred  uint32     `json:"preferred_life_time"`
		} `json:"addr_info"`
	}
	s.must(json.Unmarshal([]byte(s.on(h, "ip -json addr show dev carp0")), &links))
	var found []netip.Addr
	for _, l := range links {
		for _, a := range l.Info {
			found = append(found, a.Local)
			if a.Valid > 5 || a.Tentative || a.Local.Is6() && (!a.Deprecated || !a.NoDAD || a.Preferred != 0) {
				s.Errorf("%s holds %+v; want a lease of 5 s at most, with IPv6 deprecated and without detection of duplicates", h.Name(), a)
			}
		}
	}
	if want := []netip.Addr{virtual4, virtual6, virtualLocal}; len(found) != len(want) {
		s.Errorf("%s holds %v, want %v", h.Name(), found, want)
	}
}

// neighbourAdvertisement is the ICMPv6 type.
const neighbourAdvertisement = 136

// about chooses ICMPv6 of a type that concerns a target.
func about(kind byte, target netip.Addr) netlab.Filter {
	return func(f netlab.Frame) bool {
		p := f.Payload()
		return f.EtherType() == netlab.EtherTypeIPv6 && len(p) >= 40+24 && p[6] == unix.IPPROTO_ICMPV6 && p[40] == kind &&
			netip.AddrFrom16([16]byte(p[48:64])) == target
	}
}

// A new MASTER announces its IPv6 addresses to all nodes: override set, solicited not,
// the router flag as the host forwards.
func TestNeighbourAdvertisements(t *testing.T) {
	t.Parallel()
	s, one, two, client := pair46(t)
	const router, solicited, override = 0x80, 0x40, 0x20
	hear, err := client.Sniff(s.Context(), "eth0")
	s.must(err)
	holder, standby := one, two
	for _, forwarding := range []string{"0", "1", "0"} {
		s.must(standby.SetSysctl("net/ipv6/conf/all/forwarding", forwarding))
		since := time.Now()
		s.on(holder, "ifconfig-carp carp0 down && ifconfig-carp carp0 up")
		s.awaitSince(standby, "carp0", master, since)
		s.awaitSince(holder, "carp0", backup, since)
		holder, standby = standby, holder
		for _, target := range []netip.Addr{virtual6, virtualLocal} {
			// The first, and its repetition two advertisements later.
			s.wait("neighbour advertisements for "+target.String(), func() (bool, string) {
				n := len(hear.Frames(netlab.Since(since), about(neighbourAdvertisement, target)))
				return n >= 2, fmt.Sprint(n)
			})
			for _, f := range hear.Frames(netlab.Since(since), about(neighbourAdvertisement, target)) {
				p := f.Payload()
				flags, option := p[44], p[64:]
				if flags&solicited != 0 {
					continue // an answer of the kernel's
				}
				want := byte(override)
				if forwarding == "1" {
					want |= router
				}
				if flags != want || f.Source() != mac1 || f.To() != netip.MustParseAddr("ff02::1") || f.TTL() != 255 ||
					len(option) < 8 || option[0] != 2 || netlab.MAC(option[2:8]) != mac1 {
					s.Errorf("forwarding %s: announced with %v, flags %#02x, option % x; want flags %#02x and %v", forwarding, f, flags, option, want, mac1)
				}
			}
		}
		// What the kernel itself answers agrees.
		s.on(client, "ip -6 neigh flush dev eth0")
		asked := time.Now()
		s.pings(client, virtual6.String())
		for _, f := range hear.Frames(netlab.Since(asked), about(neighbourAdvertisement, virtual6)) {
			if got := f.Payload()[44]&router != 0; got != (forwarding == "1") {
				s.Errorf("forwarding %s: the kernel answers with the router flag %v", forwarding, got)
			}
		}
	}
	s.neverTwo(1)
}

// A group without IPv4: the hosts have no such address at all.
func TestOnlyIPv6(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	one, two, client := s.member("one"), s.member("two"), s.other("client")
	ads := s.listen(client, "eth0")
	for n, h := range []*netlab.Host{one, two} {
		s.linkLocal(h, "eth0")
		s.on(h, fmt.Sprintf("ifconfig-carp carp0 create inet6 fe80::50/64 carpdev eth0 vhid 1 advskew %d pass %s", 100*n, password))
	}
	s.await(one, "carp0", master)
	s.await(two, "carp0", backup)
	s.pings(client, "fe80::50%eth0")
	since := s.powerOff(one)
	c := s.awaitSince(two, "carp0", master, since)
	d := s.silence(ads, s.advertiser(ads, 0), s.advertiser(ads, 100), since)
	s.figure("IPv6 only: two takes over after a silence of %s (%s)", seconds(d), c.Reason)
	if d < dead(100)-2*time.Millisecond || d > dead(100)+late+machine.stalled(since, time.Now()) {
		s.Errorf("taken over after a silence of %v, want %v to %v", d, dead(100), dead(100)+late)
	}
	s.pings(client, "fe80::50%eth0")
	for _, ad := range advertisements(ads.Frames()) {
		if ad.EtherType() != netlab.EtherTypeIPv6 {
			s.Errorf("advertised with %v, want IPv6 only", ad.Frame)
		}
	}
	s.neverTwo(1)
}

// advertiser is where the advertisements with an advskew came from.
func (s *scene) advertiser(ads *netlab.Sniffer, advskew byte) (from netip.Addr) {
	s.Helper()
	s.wait(fmt.Sprintf("an advertisement with advskew %d", advskew), func() (bool, string) {
		for _, ad := range advertisements(ads.Frames()) {
			if ad.skew == advskew {
				from = ad.From()
			}
		}
		return from.IsValid(), "none"
	})
	return from
}

// block has the switch drop a family's packets of protocol 112 that come from a host.
// Where there is no drop the kernel redirects them to the switch's own loopback.
func (s *scene) block(h *netlab.Host, family string) {
	s.Helper()
	match := map[string]string{"inet": "protocol ip u32 match ip protocol 112 0xff", "inet6": "protocol ipv6 u32 match ip6 protocol 112 0xff"}[family]
	s.on(h, fmt.Sprintf("tc -n %[1]s qdisc add dev %[2]s clsact && tc -n %[1]s filter add dev %[2]s ingress %[3]s action mirred egress redirect dev lo",
		switchOf(h), h.Name(), match))
}

// heal undoes block.
func (s *scene) heal(h *netlab.Host) {
	s.Helper()
	s.on(h, fmt.Sprintf("tc -n %s qdisc del dev %s clsact", switchOf(h), h.Name()))
}

// The segment swallows one family's advertisements: there is still one MASTER, and -v
// says which family is silent. Nor does a takeover need both.
func TestOneFamilyBroken(t *testing.T) {
	for _, broken := range []string{"inet6", "inet"} {
		t.Run(broken, func(t *testing.T) {
			t.Parallel()
			s, one, two, client := pair46(t)
			since := time.Now()
			s.block(one, broken)
			s.block(two, broken)
			health := func(h *netlab.Host, family string) (got string) {
				s.Helper()
				for _, f := range s.status(h, "carp0").Families {
					if f.Family == family {
						got = f.Health
					}
				}
				return got
			}
			s.wait(broken+" to be called silent", func() (bool, string) {
				got := health(two, broken)
				return got == "silent", got
			})
			s.figure("%s is called silent %s after it is", broken, seconds(time.Since(since)))
			s.pass(dead(100))
			s.unchanged(one, since)
			s.unchanged(two, since)
			whole := map[string]string{"inet": "inet6", "inet6": "inet"}[broken]
			if got := health(two, whole); got != "ok" {
				s.Errorf("%s is %s, want ok", whole, got)
			}
			if out := s.on(two, "ifconfig-carp carp0 -v"); !strings.Contains(out, broken+" silent: ") || !strings.Contains(out, whole+" ok: ") {
				s.Errorf("-v does not say that %s is silent and %s well:\n%s", broken, whole, out)
			}
			for _, a := range []string{"192.168.1.50", "2001:db8::50", "fe80::50%eth0"} {
				s.pings(client, a)
			}

			since = time.Now()
			s.on(one, "ifconfig-carp carp0 down && ifconfig-carp carp0 up")
			s.awaitSince(two, "carp0", master, since)
			s.awaitSince(one, "carp0", backup, since)
			s.pass(dead(0))
			s.expect(two, "carp0", master)
			s.expect(one, "carp0", backup)

			s.heal(one)
			s.heal(two)
			s.wait(broken+" to be well again", func() (bool, string) {
				got := health(one, broken)
				return got == "ok", got
			})
			s.neverTwo(1)
		})
	}
}
