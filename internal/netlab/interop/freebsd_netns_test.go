//go:build netns

package interop

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// The cases of FreeBSD's tests/sys/netinet/carp.sh, with its way of typing: the vhid on
// a line of the physical interface. vrrp_v4 and vrrp_v6 have no counterpart here.
func TestFreeBSD(t *testing.T) {
	for _, tt := range []struct {
		name string // as upstream
		test func(*testing.T)
	}{
		{"basic_v4", basicV4},
		{"unicast_v4", unicastV4},
		{"basic_v6", basicV6},
		{"unicast_v6", unicastV6},
		{"unicast_ll_v6", unicastLinkLocal},
		{"negative_demotion", negativeDemotion},
		{"nd6_ns_source_mac", solicitationSource},
		{"switch", stateWords},
		{"carp.py source MAC", sourceMAC},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.test(t)
		})
	}
}

// mac1 is what all hosts of vhid 1 share.
var mac1 = netlab.VirtualMAC(1)

// twins is a scene with two members, on both of which the lines are typed, and a
// client.
func twins(t *testing.T, one, two, client string, lines ...string) (s *scene, a, b, c *netlab.Host) {
	t.Helper()
	s = newScene(t)
	a, b = s.member("one", strings.Fields(one)...), s.member("two", strings.Fields(two)...)
	c = s.other("client", strings.Fields(client)...)
	s.on(a, lines...)
	s.on(b, lines...)
	return s, a, b, c
}

// Two hosts with the very same line elect one MASTER, and the address answers.
func basicV4(t *testing.T) {
	s, a, b, client := twins(t, "192.0.2.2/29", "192.0.2.3/29", "192.0.2.4/29", "ifconfig-carp eth0 vhid 1 192.0.2.1/29")
	holder, _ := s.awaitOne(a, b)
	s.expect(holder, "carp0", master)
	s.pings(client, "192.0.2.1")
	if got := s.neighbour(client, netip.MustParseAddr("192.0.2.1")); got != mac1.String() {
		s.Errorf("the client has %s for the address, want %v", got, mac1)
	}
	s.neverTwo(1)
}

// The same with IPv6, and nothing else.
func basicV6(t *testing.T) {
	s, a, b, client := twins(t, "2001:db8::1:2/64", "2001:db8::1:3/64", "2001:db8::1:4/64", "ifconfig-carp eth0 inet6 vhid 1 2001:db8::1:1/64")
	s.awaitOne(a, b)
	s.pings(client, "2001:db8::1:1")
	s.neverTwo(1)
}

// routed is a scene with two members on links of their own to a router, which does not
// forward multicast: eth1 is the only way out that they have.
type routed struct {
	*scene
	one, two, router *netlab.Host
}

func newRouted(t *testing.T, one, two string, gateway1, gateway2 string) *routed {
	t.Helper()
	s := newScene(t)
	r := &routed{scene: s, one: s.member("one"), two: s.member("two"), router: s.other("router")}
	for path, value := range map[string]string{"net/ipv4/ip_forward": "1", "net/ipv6/conf/all/forwarding": "1"} {
		s.must(r.router.SetSysctl(path, value))
	}
	for _, link := range []struct {
		host                           *netlab.Host
		own, gateway, port, family, to string
	}{
		{r.one, one, gateway1, "toone", "", "default"},
		{r.two, two, gateway2, "totwo", "", "default"},
	} {
		s.cable(link.host, "eth1", r.router.Namespace(), link.port)
		nodad := ""
		if strings.Contains(link.own, ":") {
			nodad = " nodad"
		}
		via := netip.MustParsePrefix(link.gateway).Addr()
		s.on(r.router, fmt.Sprintf("ip addr add %s dev %s%s", link.gateway, link.port, nodad))
		s.on(link.host, "ip link set eth0 down",
			fmt.Sprintf("ip addr add %s dev eth1%s", link.own, nodad),
			fmt.Sprintf("ip route add default via %v dev eth1", via))
	}
	return r
}

// towards routes the virtual address to the host that is MASTER and pings it.
func (r *routed) towards(holder *netlab.Host, address string) {
	r.Helper()
	all, err := holder.Addresses(r.Context(), "eth1")
	r.must(err)
	for _, p := range all {
		if !p.Addr().IsLinkLocalUnicast() {
			r.on(r.router, fmt.Sprintf("ip route replace %s via %v", address, p.Addr()))
		}
	}
	addr, _, _ := strings.Cut(address, "/")
	r.pings(r.router, addr)
}

// Unicast across a router: the hosts name each other. The last byte of one peer looks
// like multicast's first (FreeBSD PR 284872), and a further parameter must not make
// anybody forget the peer.
func unicastV4(t *testing.T) {
	r := newRouted(t, "198.51.100.2/25", "198.51.100.224/25", "198.51.100.1/25", "198.51.100.129/25")
	one, two := netip.MustParseAddr("198.51.100.2"), netip.MustParseAddr("198.51.100.224")
	sent := r.listen(r.one, "eth1", netlab.SentByUs())
	heard := r.listen(r.two, "eth1")
	r.on(r.one, "ifconfig-carp eth1 vhid 1 peer 198.51.100.224 192.0.2.1/32")
	r.on(r.two, "ifconfig-carp eth1 vhid 1 peer 198.51.100.2 advskew 100 192.0.2.1/32")
	r.await(r.one, "carp0", master)
	r.await(r.two, "carp0", backup)
	r.towards(r.one, "192.0.2.1/32")
	if got := r.status(r.one, "carp0").Peer; got != two {
		r.Errorf("peer of one is %v, want %v", got, two)
	}

	since := time.Now()
	r.on(r.one, "ifconfig-carp eth1 vhid 1 advskew 10")
	r.on(r.two, "ifconfig-carp carp0 advskew 90")
	r.wait("an advertisement with the new advskew", func() (bool, string) {
		ads := advertisements(heard.Frames(fromAddr(one), netlab.Since(since)))
		return len(ads) > 0 && ads[len(ads)-1].skew == 10, fmt.Sprint(len(ads))
	})
	if got := r.status(r.one, "carp0").Peer; got != two {
		r.Errorf("after a new advskew the peer of one is %v, want %v", got, two)
	}
	if got := r.status(r.two, "carp0").Peer; got != one {
		r.Errorf("after a new advskew the peer of two is %v, want %v", got, one)
	}
	for _, ad := range advertisements(sent.Frames()) {
		if ad.To() != two || ad.Source() == mac1 {
			r.Errorf("one advertised with %v, want unicast to %v from its own MAC", ad.Frame, two)
		}
	}
	for _, ad := range advertisements(heard.Frames(fromAddr(one))) {
		if ad.TTL() != 254 {
			r.Errorf("two heard %v, want what has passed one router", ad.Frame)
		}
	}

	// And the other way round: two takes over, by unicast as well.
	since = time.Now()
	r.on(r.one, "ifconfig-carp carp0 down")
	c := r.awaitSince(r.two, "carp0", master, since)
	r.figure("unicast over a router: two is MASTER %s after one's down was typed (%s)", millis(c.At.Sub(since)), c.Reason)
	r.towards(r.two, "192.0.2.1/32")
	r.neverTwo(1)

	// Back to the group, which no router forwards.
	since = time.Now()
	r.on(r.two, "ifconfig-carp carp0 mcast")
	r.wait("two to advertise to the group", func() (bool, string) {
		ads := advertisements(heard.Frames(fromAddr(two), netlab.Since(since), netlab.SentByUs()))
		return len(ads) > 0 && ads[len(ads)-1].To() == netip.MustParseAddr("224.0.0.18"), fmt.Sprint(len(ads))
	})
}

// The same with IPv6.
func unicastV6(t *testing.T) {
	r := newRouted(t, "2001:db8:0:1::2/64", "2001:db8:0:2::2/64", "2001:db8:0:1::1/64", "2001:db8:0:2::1/64")
	one, two := netip.MustParseAddr("2001:db8:0:1::2"), netip.MustParseAddr("2001:db8:0:2::2")
	heard := r.listen(r.two, "eth1")
	r.on(r.one, "ifconfig-carp eth1 inet6 vhid 1 peer6 2001:db8:0:2::2 2001:db8::1/128")
	r.on(r.two, "ifconfig-carp eth1 inet6 vhid 1 peer6 2001:db8:0:1::2 advskew 100 2001:db8::1/128")
	r.await(r.one, "carp0", master)
	r.await(r.two, "carp0", backup)
	r.towards(r.one, "2001:db8::1/128")
	since := time.Now()
	r.on(r.one, "ifconfig-carp carp0 advskew 10")
	r.wait("an advertisement with the new advskew", func() (bool, string) {
		ads := advertisements(heard.Frames(fromAddr(one), netlab.Since(since)))
		return len(ads) > 0 && ads[len(ads)-1].skew == 10 && ads[len(ads)-1].To() == two, fmt.Sprint(len(ads))
	})
	if got := r.status(r.one, "carp0").Peer6; got != two {
		r.Errorf("after a new advskew the peer of one is %v, want %v", got, two)
	}
	r.on(r.one, "ifconfig-carp carp0 down")
	r.awaitSince(r.two, "carp0", master, since)
	r.towards(r.two, "2001:db8::1/128")
	r.neverTwo(1)
}

// A link-local peer: on one segment, where nobody hears the advertisements by multicast.
func unicastLinkLocal(t *testing.T) {
	s := newScene(t)
	one, two := s.member("one", "2001:db8::2/64"), s.member("two", "2001:db8::3/64")
	client := s.other("client", "2001:db8::4/64")
	ads := s.listen(one, "eth0")
	s.on(one, fmt.Sprintf("ifconfig-carp eth0 inet6 vhid 1 peer6 %v 2001:db8::1/64", s.linkLocal(two, "eth0")))
	s.on(two, fmt.Sprintf("ifconfig-carp eth0 inet6 vhid 1 advskew 100 peer6 %v%%eth0 2001:db8::1/64", s.linkLocal(one, "eth0")))
	s.await(one, "carp0", master)
	s.await(two, "carp0", backup)
	s.pings(client, "2001:db8::1")
	since := s.kill(one, "carp0")
	s.awaitSince(two, "carp0", master, since)
	s.learns(client, netip.MustParseAddr("2001:db8::1"), mac1)
	for _, ad := range advertisements(ads.Frames()) {
		if !ad.To().IsLinkLocalUnicast() || !ad.From().IsLinkLocalUnicast() {
			s.Errorf("advertised with %v, want between link-local addresses", ad.Frame)
		}
	}
	s.neverTwo(1)
}

// A negative demotion on either host makes no second MASTER (PR 259528), and roles stay
// as the advskews say.
func negativeDemotion(t *testing.T) {
	s := newScene(t)
	one, two := s.member("one", "192.0.2.2/29"), s.member("two", "192.0.2.3/29")
	const preempt = "ifconfig-carp sysctl net.inet.carp.preempt=1"
	s.on(one, preempt, "ifconfig-carp eth0 vhid 1 192.0.2.1/29")
	s.on(two, preempt, "ifconfig-carp eth0 vhid 1 advskew 100 192.0.2.1/29")
	s.await(one, "carp0", master)
	s.await(two, "carp0", backup)
	ads := s.listen(two, "eth0")
	since := time.Now()
	for _, h := range []*netlab.Host{one, two} {
		s.on(h, "ifconfig-carp sysctl net.inet.carp.demotion=-1")
		s.pass(dead(100))
		s.unchanged(one, since)
		s.unchanged(two, since)
	}
	for _, ad := range advertisements(ads.Frames()) {
		if ad.From() != netip.MustParseAddr("192.0.2.2") || ad.skew != 0 {
			s.Errorf("%v with advskew %d; want one's only, with advskew 0", ad.Frame, ad.skew)
		}
	}
	if got := s.status(two, "carp0"); got.Demotion != -1 || got.Advertised != 99 {
		s.Errorf("two has demotion %d and would advertise advskew %d, want -1 and 99", got.Demotion, got.Advertised)
	}
	s.neverTwo(1)
}

// A ping from the virtual address fails on the BACKUP, which does not have it, and works
// on the MASTER; the neighbour learns nothing but the virtual MAC from it.
func solicitationSource(t *testing.T) {
	const virtual = "2001:db8::1:1"
	s, a, b, client := twins(t, "2001:db8::1:2/64", "2001:db8::1:3/64", "2001:db8::1:4/64", "ifconfig-carp eth0 inet6 vhid 1 "+virtual+"/64")
	holder, standby := s.awaitOne(a, b)
	for range 2 {
		if status := s.fails(standby, "ping -n -6 -c 1 -W 1 -I "+virtual+" 2001:db8::1:4"); status != 2 {
			s.Errorf("ping from the virtual address on the BACKUP: status %d, want 2", status)
		}
		s.on(client, "ip -6 neigh flush dev eth0")
		s.on(holder, "ip -6 neigh flush dev eth0 && ping -n -6 -c 3 -i 0.05 -W 2 -I "+virtual+" 2001:db8::1:4")
		if got := s.neighbour(client, netip.MustParseAddr(virtual)); got != mac1.String() {
			s.Errorf("the neighbour has %s for the virtual address, want %v", got, mac1)
		}
		since := time.Now()
		s.on(holder, "ifconfig-carp carp0 state backup")
		s.awaitSince(standby, "carp0", master, since)
		s.awaitSince(holder, "carp0", backup, since)
		holder, standby = standby, holder
	}
	s.neverTwo(1)
}

// The state words, without anybody else there.
func stateWords(t *testing.T) {
	s := newScene(t)
	one := s.member("one", "192.0.2.2/29")
	client := s.other("client", "192.0.2.4/29")
	s.on(one, "ifconfig-carp eth0 vhid 1 192.0.2.1/29")
	s.await(one, "carp0", master)
	for range 3 {
		since := time.Now()
		s.on(one, "ifconfig-carp eth0 vhid 1 state backup")
		s.awaitSince(one, "carp0", backup, since)
		s.expect(one, "carp0", backup)
		s.silentTo(client, "192.0.2.1")
		since = time.Now()
		s.on(one, "ifconfig-carp eth0 vhid 1 state MASTER")
		s.awaitSince(one, "carp0", master, since)
		s.pings(client, "192.0.2.1")
	}
}

// Every packet of the protocol has the virtual MAC as its source, of either family, a
// bow-out and a takeover included.
func sourceMAC(t *testing.T) {
	s, a, b, client := twins(t, "192.0.2.2/29 2001:db8::2/64", "192.0.2.3/29 2001:db8::3/64", "192.0.2.4/29",
		"ifconfig-carp eth0 vhid 1 192.0.2.1/29", "ifconfig-carp eth0 inet6 vhid 1 2001:db8::1/64")
	ads := s.listen(client, "eth0")
	holder, standby := s.awaitOne(a, b)
	since := time.Now()
	s.on(holder, "ifconfig-carp carp0 down && ifconfig-carp carp0 up")
	s.awaitSince(standby, "carp0", master, since)
	s.pass(1500 * time.Millisecond)
	families := map[int]int{}
	bowOuts := 0
	for _, ad := range advertisements(ads.Frames()) {
		families[ad.EtherType()]++
		if ad.bowOut() {
			bowOuts++
		}
		if ad.Source() != mac1 || ad.TTL() != 255 {
			s.Errorf("advertised with %v, want source %v and ttl 255", ad.Frame, mac1)
		}
	}
	if families[netlab.EtherTypeIPv4] < 3 || families[netlab.EtherTypeIPv6] < 3 || bowOuts < 2 {
		s.Errorf("%d advertisements by IPv4 and %d by IPv6, %d of them bow-outs; want 3 or more each, 2 of them or more bow-outs",
			families[netlab.EtherTypeIPv4], families[netlab.EtherTypeIPv6], bowOuts)
	}
}
