//go:build netns

package link

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	vip4      = netip.MustParsePrefix("192.0.2.20/24")
	vip6      = netip.MustParsePrefix("2001:db8::10/64")
	linkLocal = netip.MustParsePrefix("fe80::10/64")
)

// everyFamily are one address of each kind, for lease.
func everyFamily(lease time.Duration) []Address {
	return []Address{
		{Prefix: vip4, Lease: lease, NoPrefixRoute: true},
		{Prefix: vip6, Lease: lease},
		{Prefix: linkLocal, Lease: lease, NoPrefixRoute: true}, // which must be ignored
	}
}

// hush is how long a host must be silent to count as silent.
const hush = 300 * time.Millisecond

func (l *lab) wantAnswer(p netip.Prefix, mac [6]byte) {
	l.t.Helper()
	l.until(p.String()+" answers", func() bool {
		macs := l.answers(p.Addr(), hush)
		for _, m := range macs {
			if !bytes.Equal(m, mac[:]) {
				l.t.Fatalf("%v answered with %v, want %x", p, m, mac)
			}
		}
		return len(macs) > 0
	})
}

func (l *lab) wantSilence(p netip.Prefix) {
	l.t.Helper()
	if macs := l.answers(p.Addr(), hush); len(macs) > 0 {
		l.t.Errorf("%v answers with %v", p, macs)
	}
}

func TestClaimAnswersReleaseStops(t *testing.T) {
	l := newLab(t)
	l.carp()
	all := everyFamily(60 * time.Second)
	for range 2 { // the second claim takes over a used interface
		l.ok(l.Claim("carp0", all))
		for _, a := range all {
			l.wantAnswer(a.Prefix, virtualMAC)
			// Nobody else answers: a second reply would follow the first.
			l.arpRequest(vip4.Addr())
			for _, f := range l.heard(hush, never) {
				if f[12] == 8 && f[13] == 6 && f[21] == 2 && bytes.Equal(f[28:32], vip4.Addr().AsSlice()) && !bytes.Equal(f[22:28], virtualMAC[:]) {
					t.Errorf("reply for %v from %x", vip4, f[22:28])
				}
			}
		}
		// Without its route a link-local address is advertised and yet mute.
		if !l.echoes(linkLocal.Addr()) {
			t.Errorf("%v does not echo", linkLocal)
		}
		has, err := l.HasAddresses("carp0")
		if !has || err != nil {
			t.Errorf("addresses: %v, %v", has, err)
		}
		l.ok(l.Release("carp0"))
		for _, a := range all {
			l.wantSilence(a.Prefix)
		}
		if has, err := l.HasAddresses("carp0"); has || err != nil {
			t.Errorf("addresses after release: %v, %v", has, err)
		}
	}
	l.wantAnswer(l.eth0.Addresses[0], parentMAC)
}

func TestParentNeverSpeaksForTheAddress(t *testing.T) {
	l := newLab(t)
	l.carp()
	l.ok(l.Claim("carp0", everyFamily(60*time.Second)))
	l.until("the parent has asked for the peer's address", func() bool {
		// A datagram from the parent's side, source the virtual address: without
		// arp_announce the request for the peer would carry it.
		l.ok(sendFrom(vip4.Addr(), netip.MustParseAddrPort("192.0.2.77:9")))
		asked := false
		for _, f := range l.heard(hush, never) {
			if f[12] == 8 && f[13] == 6 && f[21] == 1 {
				asked = true
				if bytes.Equal(f[28:32], vip4.Addr().AsSlice()) && !bytes.Equal(f[22:28], virtualMAC[:]) {
					t.Fatalf("request for %v says that %v is at %x", f[38:42], vip4.Addr(), f[22:28])
				}
			}
		}
		return asked
	})
}

func TestBackupIsSilent(t *testing.T) {
	l := newLab(t)
	l.carp()
	l.ok(l.Claim("carp0", everyFamily(60*time.Second)))
	l.ok(l.Release("carp0"))
	l.heard(hush, never) // what was on the way, MLD reports of leaving among it
	l.arpRequest(vip4.Addr())
	l.solicit(vip6.Addr())
	l.solicit(linkLocal.Addr())
	if frames := fromVirtual(l.heard(2*time.Second, never)); len(frames) > 0 {
		t.Errorf("a backup sent %d frames from the virtual MAC, the first: %x", len(frames), frames[0])
	}
}

func TestLeaseRunsOut(t *testing.T) {
	l := newLab(t)
	l.carp()
	start := time.Now()
	l.ok(l.Claim("carp0", everyFamily(1500*time.Millisecond))) // rounded up to 2 s
	addrs, err := l.Addresses("carp0")
	l.ok(err)
	if len(addrs) != 3 || addrs[0].Lease == 0 || addrs[0].Lease > 2*time.Second {
		t.Fatalf("claimed %+v", addrs)
	}
	l.until("all leases have run out", func() bool {
		has, err := l.HasAddresses("carp0")
		l.ok(err)
		return !has
	})
	took := time.Since(start)
	t.Logf("a lease of 2 s took %v", took)
	if took < 1500*time.Millisecond || took > 4*time.Second {
		t.Errorf("a lease of 2 s took %v", took)
	}
	for _, a := range everyFamily(0) {
		l.wantSilence(a.Prefix)
	}
}

func TestRenewKeepsAndPutsBack(t *testing.T) {
	l := newLab(t)
	l.carp()
	all := everyFamily(2 * time.Second)
	if _, err := l.Renew("carp0", all); !errors.Is(err, ErrReleased) {
		t.Errorf("renew before claim: %v", err)
	}
	l.ok(l.Claim("carp0", all))
	end := time.Now().Add(3500 * time.Millisecond)
	l.until("the leases were renewed beyond their time", func() bool {
		again, err := l.Renew("carp0", all)
		l.ok(err)
		if len(again) > 0 {
			t.Fatalf("added again: %v", again)
		}
		return time.Now().After(end)
	})
	d, err := l.host.device("carp0")
	l.ok(err)
	l.ok(l.host.deleteAddress(d, vip4))
	l.ok(l.host.deleteAddress(d, vip6))
	again, err := l.Renew("carp0", all)
	l.ok(err)
	if diff := cmp.Diff([]string{vip4.String(), vip6.String()}, texts(again)); diff != "" {
		t.Errorf("added again (-want +got):\n%s", diff)
	}
	l.wantAnswer(vip4, virtualMAC)
	l.wantAnswer(vip6, virtualMAC)
}

func texts(ps []netip.Prefix) (s []string) {
	for _, p := range ps {
		s = append(s, p.String())
	}
	return s
}

func TestClaimManyThenOthers(t *testing.T) {
	l := newLab(t)
	l.carp()
	addrs := many(200, 60*time.Second)
	l.ok(l.Claim("carp0", addrs))
	got, err := l.Addresses("carp0")
	l.ok(err)
	if len(got) != len(addrs) {
		t.Fatalf("claimed %d addresses, the kernel has %d", len(addrs), len(got))
	}
	l.wantAnswer(addrs[199].Prefix, virtualMAC)
	// Without the first of them, the primary one, the others stay.
	l.ok(l.Claim("carp0", addrs[1:]))
	got, err = l.Addresses("carp0")
	l.ok(err)
	if len(got) != 199 {
		t.Errorf("one address taken away, %d of 199 left", len(got))
	}
	// With a route now: the flag changes only by making the address anew.
	one := Address{Prefix: addrs[1].Prefix, Lease: 60 * time.Second}
	l.ok(l.Claim("carp0", []Address{one}))
	got, err = l.Addresses("carp0")
	l.ok(err)
	if len(got) != 1 || got[0].NoPrefixRoute {
		t.Errorf("got %+v", got)
	}
	l.ok(l.Release("carp0"))
}
