//go:build netns

package link

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// TestImaginaryTUNDoesAsTheKernel is TestImaginaryDoesAsTheKernel for the other backing.
func TestImaginaryTUNDoesAsTheKernel(t *testing.T) {
	l := newLab(t)
	l.until("eth0's link-local address is no longer tentative", func() bool {
		p, err := l.Parent("eth0")
		l.ok(err)
		return len(p.Addresses) == 2
	})
	parent, err := l.Parent("eth0")
	l.ok(err)
	tun := l.Kernel.TUN()
	defer tun.Close()
	fake := NewImaginary()
	fake.AddParent(parent)
	fakeTUN := fake.TUN()

	var saved Settings
	all := everyFamily(60 * time.Second)
	index := parent.Index
	mustFail := []string{"no such parent", "foreign name", "parent index unknown", "macvlan on the same parent", "renew early",
		"claim nonsense", "claim nothing"}
	kernels := map[*TUN]surface{tun: l.Kernel, fakeTUN: fake}
	for _, step := range []struct {
		name string
		do   func(s *TUN) error
	}{
		{"prepare", func(s *TUN) (err error) { saved, err = s.PrepareParent("eth0"); return err }},
		{"no such parent", func(s *TUN) error { _, err := s.PrepareParent("eth9"); return err }},
		{"foreign name", func(s *TUN) error { _, err := s.EnsureBacking("eth0", index, virtualMAC); return err }},
		{"parent index unknown", func(s *TUN) error { _, err := s.EnsureBacking("carp0", 99, virtualMAC); return err }},
		{"make", func(s *TUN) error { _, err := s.EnsureBacking("carp0", index, virtualMAC); return err }},
		{"macvlan on the same parent", func(s *TUN) error {
			_, err := kernels[s].EnsureBacking("carp1", index, virtualMAC)
			return err
		}},
		{"renew early", func(s *TUN) error { _, err := s.Renew("carp0", all); return err }},
		{"claim", func(s *TUN) error { return s.Claim("carp0", all) }},
		{"renew", func(s *TUN) error {
			again, err := s.Renew("carp0", all)
			if len(again) > 0 {
				return fmt.Errorf("added %v again", again)
			}
			return err
		}},
		{"look at it", func(s *TUN) error {
			addrs, err := s.Addresses("carp0")
			p, errParent := s.Parent("eth0")
			if errParent != nil || len(addrs) != 3 || !slices.Equal(p.Addresses, parent.Addresses) {
				return fmt.Errorf("carp0 has %v, eth0 %v, %w", addrs, p.Addresses, errParent)
			}
			return err
		}},
		{"claim one less", func(s *TUN) error { return s.Claim("carp0", all[1:]) }},
		{"claim IPv4 alone", func(s *TUN) error { return s.Claim("carp0", all[:1]) }},
		{"claim with a route", func(s *TUN) error { return s.Claim("carp0", []Address{{Prefix: vip4}}) }},
		{"claim nonsense", func(s *TUN) error { return s.Claim("carp0", []Address{{}}) }},
		{"release", func(s *TUN) error { return s.Release("carp0") }},
		{"release twice", func(s *TUN) error { return s.Release("carp0") }},
		{"claim all", func(s *TUN) error { return s.Claim("carp0", all) }},
		{"adopt", func(s *TUN) error { _, err := s.EnsureBacking("carp0", index, virtualMAC); return err }},
		{"claim again", func(s *TUN) error { return s.Claim("carp0", all) }},
		{"delete", func(s *TUN) error { return s.DeleteBacking("carp0") }},
		{"claim nothing", func(s *TUN) error { return s.Claim("carp0", all) }},
		{"delete twice", func(s *TUN) error { return s.DeleteBacking("carp0") }},
		{"restore", func(s *TUN) error { return s.RestoreParent("eth0", saved) }},
	} {
		compare(l, fake, step.name, step.do(tun), step.do(fakeTUN), slices.Contains(mustFail, step.name))
	}
}

// A second process cannot take a TUN that is held, and what is named with a % is not made.
func TestTUNHeld(t *testing.T) {
	l := newLab(t)
	tun, other := l.Kernel.TUN(), l.Kernel.TUN()
	defer tun.Close()
	defer other.Close()
	index, err := tun.EnsureBacking("carp0", l.eth0.Index, virtualMAC)
	l.ok(err)
	before := l.picture()
	if _, err := other.EnsureBacking("carp0", l.eth0.Index, virtualMAC); !isBusy(err) {
		t.Errorf("held by another: %v", err)
	}
	if _, err := l.PrepareParent("eth0"); !isBusy(err) {
		t.Errorf("macvlan beside a TUN: %v", err)
	}
	if _, err := tun.EnsureBacking("carp%d", l.eth0.Index, virtualMAC); err == nil {
		t.Error("a name with a % was taken")
	}
	if after := l.picture(); after != before {
		t.Errorf("changed:\n%s", after)
	}
	d, err := l.host.device("carp0")
	l.ok(err)
	l.ok(l.host.deleteDevice(d)) // by another's hand, with the descriptor open
	again, err := tun.EnsureBacking("carp0", l.eth0.Index, virtualMAC)
	l.ok(err)
	if again == index {
		t.Errorf("index %d twice", again)
	}
	l.ok(tun.Claim("carp0", []Address{{Prefix: netip.MustParsePrefix("192.0.2.20/24")}}))
	l.wantAnswer(vip4, parentMAC)
}

// With arp_ignore for all interfaces the parent cannot answer.
func TestTUNNeedsTheHostToAnswer(t *testing.T) {
	l := newLab(t)
	tun := l.Kernel.TUN()
	for value, usable := range map[string]bool{"0": true, "1": false, "2": false, "3": true, "8": false} {
		l.ok(l.host.writeSetting(setting{"all", "ipv4", "arp_ignore"}, value))
		before := l.picture()
		saved, err := tun.PrepareParent("eth0")
		if (err == nil) != usable || (err != nil && !unsupported(err)) {
			t.Errorf("all/arp_ignore %s: %v", value, err)
		}
		if err == nil {
			l.ok(tun.RestoreParent("eth0", saved))
		}
		if after := l.picture(); after != before {
			t.Errorf("all/arp_ignore %s: changed:\n%s", value, after)
		}
	}
}
