package carp_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

func TestAddressList(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"none", "", ""},
		{"IPv4 ascending", "10.0.0.2 9.8.7.6 10.0.0.1", "9.8.7.6 10.0.0.1 10.0.0.2"},
		{"ascending as numbers, not as text", "192.0.2.9 192.0.2.10", "192.0.2.9 192.0.2.10"},
		{"the upper half is not negative", "203.0.113.9 127.0.0.1", "127.0.0.1 203.0.113.9"},
		{"IPv6 after IPv4", "::1 255.255.255.255 2001:db8::1", "255.255.255.255 ::1 2001:db8::1"},
		{"duplicates once", "10.0.0.1 ::5 10.0.0.1 ::5", "10.0.0.1 ::5"},
		{"mapped IPv4 is IPv4", "::ffff:192.0.2.1 192.0.2.1", "192.0.2.1"},
		{"zones are dropped", "fe80::1%eth0 fe80::1%eth1", "fe80::1"},
		{"the embedded scope is cleared", "fe80:2::1 fe80:3::1", "fe80::1"},
		{"and sorted afterwards", "fe80:2::1 fe80::5", "fe80::1 fe80::5"},
		{"all of fe80::/10 is link-local", "febf:7::1", "febf::1"},
		{"other addresses keep these bytes", "fec0:2::1 2001:db8::1", "2001:db8::1 fec0:2::1"},
		{"invalid ones are left out", "- 192.0.2.1", "192.0.2.1"},
	} {
		var in []netip.Addr
		for _, w := range strings.Fields(tt.in) {
			a, _ := netip.ParseAddr(w)
			in = append(in, a)
		}
		list := carp.NewAddressList(in)
		var got []string
		n4, n6 := 0, 0
		for _, a := range list.All() {
			got = append(got, a.String())
			if a.Is4() {
				n4++
			} else {
				n6++
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
		}
		if list.Len() != len(got) || list.Has4() != (n4 > 0) || list.Has6() != (n6 > 0) {
			t.Errorf("%s: Len %d, Has4 %t, Has6 %t", tt.name, list.Len(), list.Has4(), list.Has6())
		}
		if !list.Equal(carp.NewAddressList(list.All())) {
			t.Errorf("%s: not equal to a list of its own addresses", tt.name)
		}
	}
	if addresses(t, "192.0.2.1").Equal(addresses(t, "192.0.2.1", "::1")) {
		t.Error("lists with different addresses are equal")
	}
}

// TestAddressListLeavesItsInputAlone: the caller's order is the
// administrator's, and is shown.
func TestAddressListLeavesItsInputAlone(t *testing.T) {
	in := []netip.Addr{netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.0.0.1")}
	list := carp.NewAddressList(in)
	list.All()[0] = netip.Addr{}
	if in[0] != netip.MustParseAddr("10.0.0.2") || list.All()[0] != in[1] {
		t.Errorf("input %v, list %v", in, list.All())
	}
}
