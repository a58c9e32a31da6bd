package carp

import (
	"net/netip"
	"testing"
)

func TestBalance(t *testing.T) {
	for _, tt := range []struct {
		from  string
		vhids []VHID
		want  VHID
	}{
		{"192.168.1.10", []VHID{1, 2}, 1},
		{"192.168.1.11", []VHID{1, 2}, 2},
		{"192.168.1.11", []VHID{2, 1}, 2}, // the order given does not matter
		{"192.168.1.11", []VHID{7}, 7},
		{"0.0.0.5", []VHID{10, 20, 30}, 30},
		{"255.255.255.255", []VHID{10, 20, 30, 40}, 40}, // above what fits a signed number
		{"192.168.1.11", []VHID{2, 1, 2}, 2},
		{"192.168.1.11", nil, 0},
		{"2001:db8::1", []VHID{1}, 0},
	} {
		if got := Balance(netip.MustParseAddr(tt.from), tt.vhids); got != tt.want {
			t.Errorf("Balance(%s, %v) = %d, want %d", tt.from, tt.vhids, got, tt.want)
		}
	}
}
