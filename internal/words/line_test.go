package words

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// compareLines makes cmp look into addresses; a nil slice and an empty one are
// the same line.
var compareLines = cmp.Options{cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{}), cmpopts.EquateEmpty()}

func addresses(op control.AddressOp, prefix string) []control.AddressChange {
	if prefix == "" {
		return []control.AddressChange{{Op: op}}
	}
	return []control.AddressChange{{Op: op, Prefix: netip.MustParsePrefix(prefix)}}
}

func TestParse(t *testing.T) {
	const set, add, del = control.AddressSet, control.AddressAdd, control.AddressDelete
	type change = control.Change
	for _, tt := range []struct {
		in   string
		want Line
	}{
		// Making, unmaking, showing.
		{"carp0", Line{}},
		{"eth0.5", Line{}},
		{"carp0 create", Line{Create: true}},
		{"carp create", Line{Create: true}},
		{"carp32767 plumb", Line{Create: true}},
		{"carp0 destroy", Line{Destroy: true}},
		{"carp0 unplumb", Line{Destroy: true}},
		{"carp create vhid 7", Line{Create: true, Change: change{VHID: new(carp.VHID(7))}}},
		{"carp0 create inet6 2001:db8::10", Line{Create: true, Change: change{Addresses: addresses(add, "2001:db8::10/64")}}},

		// FreeBSD 14's unicast, and an address that only looks like multicast.
		{"carp0 peer 192.0.2.224", Line{Change: change{Peer: new(netip.MustParseAddr("192.0.2.224"))}}},
		{"carp0 mcast", Line{Change: change{Peer: new(netip.Addr{})}}},
		{"carp0 peer6 fe80::2%eth0 mcast", Line{Change: change{Peer: new(netip.Addr{}), Peer6: new(netip.MustParseAddr("fe80::2"))}}},
		{"carp0 create backing tun", Line{Create: true, Change: change{Backing: new(control.TUN)}}},
		{"carp0 descr x -descr", Line{Change: change{Description: new("")}}},
		{"carp0 group web -group db", Line{Change: change{Groups: []control.GroupChange{{Name: "web"}, {Name: "db", Leave: true}}}}},
		{"carp0 group carp group all", Line{}},
		{"carp0 name web", Line{Change: change{Name: new("web")}}},
		{"carp create name a-B.c_0 up", Line{Create: true, Change: change{Name: new("a-B.c_0"), Up: new(true)}}},
		{"carp0 name carp1 name abcdefghijklmno", Line{Change: change{Name: new("abcdefghijklmno")}}},
		{"carp0 pass x passfile /etc/key", Line{PassFile: "/etc/key"}},
		{"carp0 passfile /etc/key pass x", Line{Change: change{Pass: new(control.Password("x"))}}},
		{"carp0 pass -", Line{PassFile: Stdin}},

		// The handbook's lines.
		{"carp0 vhid 1 pass testpass 192.168.1.50/24", Line{Change: change{
			VHID: new(carp.VHID(1)), Pass: new(control.Password("testpass")), Addresses: addresses(set, "192.168.1.50/24")}}},
		{"carp0 vhid 1 advskew 100 pass testpass 192.168.1.50/24", Line{Change: change{
			VHID: new(carp.VHID(1)), AdvSkew: new(carp.AdvSkew(100)), Pass: new(control.Password("testpass")),
			Addresses: addresses(set, "192.168.1.50/24")}}},

		// Carp words and their boundaries.
		{"carp0 vhid 255", Line{Change: change{VHID: new(carp.VHID(255))}}},
		{"carp0 vhid 007", Line{Change: change{VHID: new(carp.VHID(7))}}},
		{"carp0 advbase 0 advskew 0", Line{Change: change{AdvBase: new(carp.AdvBase(0)), AdvSkew: new(carp.AdvSkew(0))}}},
		{"carp0 advbase 255 advskew 254", Line{Change: change{AdvBase: new(carp.AdvBase(255)), AdvSkew: new(carp.AdvSkew(254))}}},
		{"carp0 carpdev eth0.100", Line{Change: change{CarpDev: new("eth0.100")}}},
		{"carp0 -carpdev", Line{Change: change{CarpDev: new("")}}},
		{"carp0 state MaSter", Line{Change: change{State: new(carp.Master)}}},
		{"carp0 state backup", Line{Change: change{State: new(carp.Backup)}}},
		{"carp0 pass --help", Line{Change: change{Pass: new(control.Password("--help"))}}},
		{"carp0 pass vhid", Line{Change: change{Pass: new(control.Password("vhid"))}}},
		{"carp0 pass  up", Line{Change: change{Pass: new(control.Password("")), Up: new(true)}}},
		{"carp0 up", Line{Change: change{Up: new(true)}}},
		{"carp0 down", Line{Change: change{Up: new(false)}}},

		// Said twice, the last counts.
		{"carp0 vhid 1 vhid 2", Line{Change: change{VHID: new(carp.VHID(2))}}},
		{"carp0 up down", Line{Change: change{Up: new(false)}}},
		{"carp0 carpdev eth0 -carpdev", Line{Change: change{CarpDev: new("")}}},
		{"carp0 10.0.0.5/24 netmask 255.255.0.0", Line{Change: change{Addresses: addresses(set, "10.0.0.5/16")}}},
		{"carp0 netmask 255.255.0.0 10.0.0.5/24", Line{Change: change{Addresses: addresses(set, "10.0.0.5/24")}}},

		// IPv4 addresses.
		{"carp0 inet 192.168.1.50 netmask 255.255.255.0", Line{Change: change{Addresses: addresses(set, "192.168.1.50/24")}}},
		{"carp0 inet netmask 0xffffff00 192.168.1.50", Line{Change: change{Addresses: addresses(set, "192.168.1.50/24")}}},
		{"carp0 192.168.1.50 netmask 0XFFFFFFFF", Line{Change: change{Addresses: addresses(set, "192.168.1.50/32")}}},
		{"carp0 192.168.1.50 prefixlen 24", Line{Change: change{Addresses: addresses(set, "192.168.1.50/24")}}},
		{"carp0 192.168.1.50/24 broadcast 192.168.1.255", Line{Change: change{Addresses: addresses(set, "192.168.1.50/24")}}},
		{"carp0 192.168.1.0/31", Line{Change: change{Addresses: addresses(set, "192.168.1.0/31")}}},
		{"carp0 192.168.1.255/32", Line{Change: change{Addresses: addresses(set, "192.168.1.255/32")}}},
		{"carp0 192.168.1.50/0", Line{Change: change{Addresses: addresses(set, "192.168.1.50/0")}}},
		{"carp0 10.0.0.5", Line{Change: change{Addresses: addresses(set, "10.0.0.5/8")},
			Notes: []string{"carp0: 10.0.0.5: no mask given, took /8 by its class"}}},
		{"carp0 172.16.0.5", Line{Change: change{Addresses: addresses(set, "172.16.0.5/16")},
			Notes: []string{"carp0: 172.16.0.5: no mask given, took /16 by its class"}}},
		{"carp0 192.168.1.5", Line{Change: change{Addresses: addresses(set, "192.168.1.5/24")},
			Notes: []string{"carp0: 192.168.1.5: no mask given, took /24 by its class"}}},

		// alias and its likes, on either side.
		{"carp0 alias 192.168.1.60/32", Line{Change: change{Addresses: addresses(add, "192.168.1.60/32")}}},
		{"carp0 192.168.1.60/32 add", Line{Change: change{Addresses: addresses(add, "192.168.1.60/32")}}},
		{"carp0 -alias 192.168.1.60", Line{Change: change{Addresses: addresses(del, "192.168.1.60/32")}}},
		{"carp0 192.168.1.60/24 delete", Line{Change: change{Addresses: addresses(del, "192.168.1.60/24")}}},
		{"carp0 inet remove 127.0.0.1", Line{Change: change{Addresses: addresses(del, "127.0.0.1/32")}}},
		{"carp0 inet6 2001:db8::10 delete", Line{Change: change{Addresses: addresses(del, "2001:db8::10/128")}}},
		{"carp0 delete", Line{Change: change{Addresses: addresses(del, "")}}},
		{"carp0 inet -alias", Line{Change: change{Addresses: addresses(del, "")}}},
		{"carp0 alias up", Line{Change: change{Up: new(true)},
			Notes: []string{"carp0: alias: no address on the line, none added"}}},

		// IPv6 addresses: always added.
		{"carp0 inet6 2001:db8::10/48", Line{Change: change{Addresses: addresses(add, "2001:db8::10/48")}}},
		{"carp0 2001:db8::10/48", Line{Change: change{Addresses: addresses(add, "2001:db8::10/48")}}},
		{"carp0 prefixlen 128 2001:db8::10", Line{Change: change{Addresses: addresses(add, "2001:db8::10/128")}}},
		{"carp0 inet6 fe80::1%carp0", Line{Change: change{Addresses: addresses(add, "fe80::1/64")}}},
		{"carp0 inet6 2001:db8::/64 alias", Line{Change: change{Addresses: addresses(add, "2001:db8::/64")}}},

		// A password is cut where every BSD cuts it.
		{"carp0 pass 1234567890123456789", Line{Change: change{Pass: new(control.Password("1234567890123456789"))}}},
		{"carp0 pass 12345678901234567890", Line{Change: change{Pass: new(control.Password("12345678901234567890"))},
			Notes: []string{"carp0: pass: only the first 19 of 20 bytes count, as on every BSD"}}},
	} {
		t.Run(tt.in, func(t *testing.T) {
			args := strings.Split(tt.in, " ")
			tt.want.Name = args[0]
			got, err := Parse(args)
			if err != nil {
				t.Fatalf("%v", err)
			}
			if diff := cmp.Diff(tt.want, got, compareLines); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The order of the words does not matter.
func TestParseOrder(t *testing.T) {
	groups := [][]string{
		{"vhid", "1"}, {"advskew", "100"}, {"pass", "a rather long testpass"},
		{"192.168.1.50"}, {"netmask", "255.255.255.0"}, {"alias"},
	}
	var want Line
	count := 0
	permute(groups, func(order [][]string) {
		args := append([]string{"carp0"}, slices.Concat(order...)...)
		got, err := Parse(args)
		if err != nil {
			t.Fatalf("%q: %v", args, err)
		}
		if count++; count == 1 {
			want = got
		}
		if diff := cmp.Diff(want, got, compareLines); diff != "" {
			t.Fatalf("%q (-first order +this):\n%s", args, diff)
		}
	})
	if count != 720 || want.Change.VHID == nil || len(want.Change.Addresses) != 1 || len(want.Notes) != 1 {
		t.Errorf("%d orders of %+v", count, want)
	}
}

// permute calls visit with every order of groups.
func permute(groups [][]string, visit func([][]string)) {
	var walk func(int)
	walk = func(k int) {
		if k == len(groups) {
			visit(groups)
			return
		}
		for i := k; i < len(groups); i++ {
			groups[k], groups[i] = groups[i], groups[k]
			walk(k + 1)
			groups[k], groups[i] = groups[i], groups[k]
		}
	}
	walk(0)
}
