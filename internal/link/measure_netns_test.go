//go:build netns

package link

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// many returns n virtual IPv4 addresses of one subnet.
func many(n int, lease time.Duration) (addrs []Address) {
	ip := netip.MustParseAddr("192.0.2.20")
	for range n {
		addrs = append(addrs, Address{Prefix: netip.PrefixFrom(ip, 24), Lease: lease, NoPrefixRoute: true})
		ip = ip.Next()
	}
	return addrs
}

// TestMeasure holds the failover path to its two milliseconds, and logs what
// each step takes (go test -v).
func TestMeasure(t *testing.T) {
	l := newLab(t)
	l.carp()
	inet6 := Address{Prefix: netip.MustParsePrefix("2001:db8::10/64"), Lease: 4 * time.Second}
	for _, c := range []struct {
		name  string
		addrs []Address
		limit time.Duration // of the median of Claim, 0 for none
	}{
		{"one IPv4", many(1, 4*time.Second), 2 * time.Millisecond},
		{"one IPv6", []Address{inet6}, 0},
		{"one of each", append(many(1, 4*time.Second), inet6), 0},
		{"200 IPv4", many(200, 4*time.Second), 0},
	} {
		var claim, renew, last, release []time.Duration
		for range 21 {
			start := time.Now()
			l.ok(l.Claim("carp0", c.addrs))
			claim = append(claim, time.Since(start))
			start = time.Now()
			again, err := l.Renew("carp0", c.addrs)
			l.ok(err)
			if len(again) != 0 {
				t.Fatalf("renew added %v again", again)
			}
			renew = append(renew, time.Since(start))
			start = time.Now()
			silent := &silence{host: l.host}
			l.host = silent
			l.ok(l.Release("carp0"))
			l.host = silent.host
			release = append(release, time.Since(start))
			last = append(last, silent.at.Sub(start))
		}
		if got := median(claim); c.limit > 0 && got > c.limit {
			t.Errorf("claim of %s took %v, want at most %v", c.name, got, c.limit)
		}
		t.Logf("%-12s claim %v (max %v), renew %v, release %v of which until silent %v", c.name,
			median(claim), slices.Max(claim), median(renew), median(release), median(last))
	}
}

// silence notes when the last address was deleted.
type silence struct {
	host
	at time.Time
}

func (s *silence) deleteAddress(d device, p netip.Prefix) error {
	err := s.host.deleteAddress(d, p)
	s.at = time.Now()
	return err
}
