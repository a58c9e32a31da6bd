//go:build netns

package interop

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// pair is a scene on which one is MASTER and two BACKUP of vhid 1.
func pair(t *testing.T) (s *scene, one, two, client *netlab.Host) {
	t.Helper()
	s = newScene(t)
	one, two = s.member("one", "192.168.1.3/24"), s.member("two", "192.168.1.5/24")
	client = s.other("client", "192.168.1.10/24")
	s.on(one, "ifconfig-carp carp0 create vhid 1 pass "+password+" 192.168.1.50/24")
	s.on(two, "ifconfig-carp carp0 create vhid 1 advskew 100 pass "+password+" 192.168.1.50/24")
	s.await(one, "carp0", master)
	s.await(two, "carp0", backup)
	return s, one, two, client
}

// comesBack wants that one is BACKUP again since a moment, and able to be MASTER.
func (s *scene) comesBack(one, two, client *netlab.Host, since time.Time) {
	s.Helper()
	s.awaitSince(one, "carp0", backup, since)
	s.expect(two, "carp0", master)
	since = time.Now()
	s.on(two, "ifconfig-carp carp0 down")
	s.awaitSince(one, "carp0", master, since)
	s.pings(client, "192.168.1.50")
	s.neverTwo(1)
}

// The parent is deleted under the MASTER, and made again later.
func TestParentRemoved(t *testing.T) {
	t.Parallel()
	s, one, two, client := pair(t)
	since := time.Now()
	s.on(one, "ip link delete eth0")
	c := s.awaitSince(two, "carp0", master, since)
	s.figure("parent deleted: two is MASTER %s later (%s)", seconds(c.At.Sub(since)), c.Reason)
	s.expect(one, "carp0", initial)
	since = time.Now()
	s.must(one.PowerOn(s.Context())) // a new card of the same name
	s.comesBack(one, two, client, since)
}

// A parent that is renamed is one that has gone; under its old name it is back.
func TestParentRenamed(t *testing.T) {
	t.Parallel()
	s, one, two, client := pair(t)
	since := time.Now()
	s.on(one, "ip link set eth0 down && ip link set eth0 name wan0 && ip link set wan0 up")
	c := s.awaitSince(two, "carp0", master, since)
	s.figure("parent renamed: two is MASTER %s later (%s)", seconds(c.At.Sub(since)), c.Reason)
	s.awaitSince(one, "carp0", initial, since)
	s.expect(one, "carp0", initial)
	since = time.Now()
	s.on(one, "ip link set wan0 down && ip link set wan0 name eth0 && ip link set eth0 up")
	s.comesBack(one, two, client, since)
}

// The kernel does not let a parent become a bridge's port; trying to changes nothing.
func TestParentMovedToABridge(t *testing.T) {
	t.Parallel()
	s, one, two, client := pair(t)
	since := time.Now()
	s.on(one, "ip link add br1 type bridge && ip link set br1 up")
	s.fails(one, "ip link set eth0 master br1")
	s.pings(client, "192.168.1.50")
	s.pass(1500 * time.Millisecond)
	s.unchanged(one, since)
	s.unchanged(two, since)
}

// The parent's own address is replaced, as DHCP does: where the new one comes first the
// MASTER goes on under it; where the old one goes first it leaves, and comes back.
func TestParentAddressReplaced(t *testing.T) {
	t.Parallel()
	s, one, two, client := pair(t)
	s.must(one.SetSysctl("net/ipv4/conf/eth0/promote_secondaries", "1"))
	ads := s.listen(client, "eth0")
	since := time.Now()
	s.on(one, "ip addr add 192.168.1.77/24 dev eth0 && ip addr del 192.168.1.3/24 dev eth0")
	s.wait("advertisements from the new address", func() (bool, string) {
		return len(ads.Frames(fromAddr(netip.MustParseAddr("192.168.1.77")))) >= 2, ""
	})
	s.unchanged(one, since)
	s.unchanged(two, since)
	for _, ad := range advertisements(ads.Frames(netlab.Since(since))) {
		if from := ad.From().String(); from != "192.168.1.77" && from != "192.168.1.3" || ad.bowOut() {
			s.Errorf("advertised with %v, want one's own addresses", ad.Frame)
		}
	}
	s.pings(client, "192.168.1.50")

	since = time.Now()
	s.on(one, "ip addr del 192.168.1.77/24 dev eth0")
	left := s.awaitSince(one, "carp0", initial, since)
	c := s.awaitSince(two, "carp0", master, since)
	if !strings.Contains(left.Reason, "no IPv4 address") {
		s.Errorf("one left because of %q, want the missing address", left.Reason)
	}
	s.figure("parent without address: two is MASTER %s after one left (%s)", millis(c.At.Sub(left.At)), c.Reason)
	s.pings(client, "192.168.1.50")
	since = time.Now()
	s.on(one, "ip addr add 192.168.1.3/24 dev eth0")
	s.comesBack(one, two, client, since)
}
