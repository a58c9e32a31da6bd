//go:build netns

package interop

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// The planned switch of FreeBSD's tests/sys/netpfil/pf/pfsync.sh (pbr, pfsync_pbr),
// without the packet filter: two pairs of gateways between client and server.
//
//	client --- 10.0.1.0/24 ---+-- gate1 --+--- 10.0.2.0/24 ---+-- gate3 --+--- 10.0.3.0/24 --- server
//	                          +-- gate2 --+                   +-- gate4 --+
//	            vhid 10, .1                 vhid 11, .1  vhid 21, .2         vhid 22, .1
//
// gate1 and gate3 have advskew 50, gate2 and gate4 100. In the middle of a stream of
// packets gate2 and gate4 are given advskew 0: not one packet is lost, of thousands
// where upstream asks for ten.
func TestPlannedSwitchOfGateways(t *testing.T) {
	s := newScene(t)
	middle, right := netlab.ForTest(t), netlab.ForTest(t)
	client := s.other("client", "10.0.1.10/24")
	server := right.HostForTest(t, "server", "10.0.3.10/24")
	s.on(client, "ip route add default via 10.0.1.1")
	s.on(server, "ip route add default via 10.0.3.1")

	var gates []*netlab.Host
	for n, g := range []struct {
		lab, next     *netlab.Lab
		name          string
		near, far     string
		route         string
		left, right   string // words of the two groups
		leftN, rightN int
	}{
		{s.lab, middle, "gate1", "10.0.1.2/24", "10.0.2.11/24", "10.0.3.0/24 via 10.0.2.2", "10.0.1.1/24", "10.0.2.1/24", 10, 11},
		{s.lab, middle, "gate2", "10.0.1.3/24", "10.0.2.12/24", "10.0.3.0/24 via 10.0.2.2", "10.0.1.1/24", "10.0.2.1/24", 10, 11},
		{middle, right, "gate3", "10.0.2.13/24", "10.0.3.2/24", "10.0.1.0/24 via 10.0.2.1", "10.0.2.2/24", "10.0.3.1/24", 21, 22},
		{middle, right, "gate4", "10.0.2.14/24", "10.0.3.3/24", "10.0.1.0/24 via 10.0.2.1", "10.0.2.2/24", "10.0.3.1/24", 21, 22},
	} {
		h := s.memberOf(g.lab, g.name, g.near)
		s.plug(h, "eth1", g.next, g.far)
		s.must(h.SetSysctl("net/ipv4/ip_forward", "1"))
		advskew := 50 + 50*(n%2)
		s.on(h, "ip route add "+g.route,
			"ifconfig-carp sysctl net.inet.carp.preempt=1",
			fmt.Sprintf("ifconfig-carp eth0 vhid %d advskew %d pass %s %s", g.leftN, advskew, password, g.left),
			fmt.Sprintf("ifconfig-carp eth1 vhid %d advskew %d pass %s %s", g.rightN, advskew, password, g.right))
		gates = append(gates, h)
	}
	all := func(h *netlab.Host, state string, since time.Time) {
		s.Helper()
		for _, ifname := range []string{"carp0", "carp1"} {
			s.awaitSince(h, ifname, state, since)
		}
	}
	for n, h := range gates {
		all(h, []string{master, backup}[n%2], time.Time{})
	}

	p := s.probe(client, netip.MustParseAddr("10.0.3.10"))
	s.pass(time.Second)
	since := time.Now()
	promote := func(h *netlab.Host) {
		s.Helper()
		s.on(h, "ifconfig-carp carp0 advskew 0", "ifconfig-carp carp1 advskew 0")
	}
	promote(gates[1])
	promote(gates[3])
	for n, h := range gates {
		all(h, []string{backup, master}[n%2], since)
	}
	switched := time.Since(since)
	s.pass(2 * time.Second)
	r := p.Stop().Since(since)
	s.figure("four groups switched %s after the first line: %v", millis(switched), r)
	if r.Lost != 0 {
		s.Errorf("%d of %d packets lost, want none", r.Lost, r.Sent)
	}
	for _, vhid := range []int{10, 11, 21, 22} {
		s.neverTwo(vhid)
	}
}

// plug gives a host a second interface on another LAN of the scene.
func (s *scene) plug(h *netlab.Host, ifname string, lab *netlab.Lab, addrs ...string) {
	s.Helper()
	hosts := lab.Hosts()
	if len(hosts) == 0 { // it has a switch, but no name to know it by
		lab.HostForTest(s, "nobody")
		hosts = lab.Hosts()
	}
	sw := switchOf(hosts[0])
	s.cable(h, ifname, sw, h.Name())
	s.on(h, fmt.Sprintf("ip -n %s link set %s master br0", sw, h.Name()))
	for _, a := range addrs {
		s.on(h, fmt.Sprintf("ip addr add %s dev %s", a, ifname))
	}
}
