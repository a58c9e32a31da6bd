package carpif

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

func prefixes(list ...string) (all []netip.Prefix) {
	for _, p := range list {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

// The host of the plans: two parents, and a sibling on the first.
var (
	planParents = []link.Parent{
		{Index: 1, Name: "eth0", Up: true, Carrier: true, Addresses: prefixes("192.0.2.2/24", "fe80::2/64", "2001:db8::2/64")},
		{Index: 2, Name: "eth1", Up: true, Carrier: true, Addresses: prefixes("198.51.100.2/24")},
	}
	planSiblings = []state.Record{{Name: "carp1", VHID: 7, Parent: "eth0", Addresses: prefixes("192.0.2.70/24")}}
)

func fresh() state.Record { return state.Record{Name: "carp0", AdvBase: carp.DefaultAdvBase} }

// working is a member on eth0 with two addresses.
func working() state.Record {
	return state.Record{Name: "carp0", VHID: 1, AdvBase: 1, Up: true, Password: "sesame", Parent: "eth0",
		Addresses: prefixes("192.0.2.50/24", "192.0.2.51/24")}
}

func edited(r state.Record, change func(*state.Record)) state.Record {
	change(&r)
	return r
}

func TestPlan(t *testing.T) {
	for _, c := range []struct {
		name  string
		old   state.Record
		line  []word
		want  func(*state.Record)
		notes string
	}{
		{name: "nothing", old: fresh(), want: func(*state.Record) {}},
		{name: "whole line", old: fresh(), line: []word{member(100)}, want: func(r *state.Record) {
			r.VHID, r.AdvSkew, r.Password, r.Up, r.Parent, r.Addresses = 1, 100, "sesame", true, "eth0", prefixes("192.0.2.50/24")
		}},
		{name: "an address brings it up, but down has the last word", old: fresh(), line: []word{down, addr("198.51.100.9/24")},
			want: func(r *state.Record) { r.Parent, r.Addresses = "eth1", prefixes("198.51.100.9/24") }},
		{name: "deleting does not bring it up", old: edited(working(), func(r *state.Record) { r.Up = false }), line: []word{remove("")},
			want: func(r *state.Record) { r.Addresses = prefixes("192.0.2.51/24") }},
		{name: "a line without alias replaces the first", old: working(), line: []word{addr("192.0.2.60/25")},
			want: func(r *state.Record) { r.Addresses = prefixes("192.0.2.60/25", "192.0.2.51/24") }},
		{name: "also by one that is there already", old: working(), line: []word{addr("192.0.2.51/25")},
			want: func(r *state.Record) { r.Addresses = prefixes("192.0.2.51/25") }},
		{name: "the first itself gets another length", old: working(), line: []word{addr("192.0.2.50/26")},
			want: func(r *state.Record) { r.Addresses = prefixes("192.0.2.50/26", "192.0.2.51/24") }},
		{name: "to join a group twice and to leave one that it is not in", old: edited(working(), func(r *state.Record) { r.Groups = []string{"web"} }),
			line: []word{func(c *control.Change) {
				c.Groups = []control.GroupChange{{Name: "web"}, {Name: "db", Leave: true}, {Name: "lan"}, {Name: "lan"}}
			}}, want: func(r *state.Record) { r.Groups = []string{"web", "lan"} }},
		{name: "alias", old: working(), line: []word{alias("192.0.2.60/24"), alias("192.0.2.50/32")},
			want: func(r *state.Record) { r.Addresses = prefixes("192.0.2.50/32", "192.0.2.51/24", "192.0.2.60/24") }},
		{name: "IPv6 beside IPv4", old: working(), line: []word{addr("2001:db8::50/64"), addr("2001:db8::51/64")},
			want: func(r *state.Record) {
				r.Addresses = prefixes("192.0.2.50/24", "192.0.2.51/24", "2001:db8::50/64", "2001:db8::51/64")
			}},
		{name: "deletes go by the address alone", old: working(), line: []word{remove("192.0.2.51/32")},
			want: func(r *state.Record) { r.Addresses = prefixes("192.0.2.50/24") }},
		{name: "the last address takes the parent along", old: working(), line: []word{remove(""), remove("")},
			want: func(r *state.Record) { r.Addresses, r.Parent = []netip.Prefix{}, "" }},
		{name: "a named parent may be without a subnet", old: fresh(), line: []word{carpdev("eth1"), addr("203.0.113.9/24")},
			want: func(r *state.Record) {
				r.Up, r.CarpDev, r.Parent, r.Addresses = true, "eth1", "eth1", prefixes("203.0.113.9/24")
			}, notes: "carp0: 203.0.113.9 is outside the subnets of eth1"},
		{name: "-carpdev chooses by the subnet again", old: edited(working(), func(r *state.Record) { r.CarpDev, r.Parent = "eth1", "eth1" }),
			line: []word{carpdev("")}, want: func(r *state.Record) { r.CarpDev, r.Parent = "", "eth0" }},
		{name: "the same vhid on another parent", old: fresh(), line: []word{vhid(7), addr("198.51.100.9/24")},
			want: func(r *state.Record) {
				r.VHID, r.Up, r.Parent, r.Addresses = 7, true, "eth1", prefixes("198.51.100.9/24")
			}},
		{name: "a parent that has gone may come back", old: edited(working(), func(r *state.Record) { r.CarpDev, r.Parent = "eth9", "eth9" }),
			line: []word{remove("192.0.2.51/32")}, want: func(r *state.Record) { r.Addresses = prefixes("192.0.2.50/24") }},
		{name: "a deletion is not held up by what is left", old: edited(working(), func(r *state.Record) {
			r.Addresses = prefixes("192.0.2.50/24", "203.0.113.1/24", "192.0.2.2/24")
		}), line: []word{remove("192.0.2.2/24")}, want: func(r *state.Record) { r.Addresses = prefixes("192.0.2.50/24", "203.0.113.1/24") }},
		{name: "nor a down by a clash", old: edited(working(), func(r *state.Record) { r.VHID, r.Addresses = 7, prefixes("192.0.2.70/24") }),
			line: []word{down}, want: func(r *state.Record) { r.Up = false }},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := c.old
			c.want(&want)
			before := fmt.Sprint(c.old.Addresses)
			got, notes, err := plan(c.old, change(c.line...), planParents, planSiblings)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("the record is\n%+v, want\n%+v", got, want)
			}
			if strings.Join(notes, "\n") != c.notes {
				t.Errorf("notes %q, want %q", notes, c.notes)
			}
			if now := fmt.Sprint(c.old.Addresses); now != before {
				t.Errorf("the old record has been changed: %s, before %s", now, before)
			}
		})
	}
}

// Every refusal, word for word; nothing is changed by one.
func TestPlanRefusals(t *testing.T) {
	full := edited(working(), func(r *state.Record) { r.CarpDev = "eth0" })
	for n := range maxAddresses - 2 {
		full.Addresses = append(full.Addresses, netip.PrefixFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(n)}), 24))
	}
	for _, c := range []struct {
		old  state.Record
		line []word
		want string
	}{
		{fresh(), []word{vhid(0)}, "SIOCSVH: Invalid argument\nhint: carp0: vhid 0: must be 1 to 255"},
		{fresh(), []word{advskew(255)}, "SIOCSVH: Invalid argument\nhint: carp0: advskew 255: must be 0 to 254"},
		{working(), []word{force(carp.Init)}, "SIOCSVH: Invalid argument\nhint: carp0: state init: must be master or backup"},
		{fresh(), []word{force(carp.Master)}, "SIOCSVH: Invalid argument\nhint: carp0: state master: it is not up with a vhid"},
		{working(), []word{down, force(carp.Backup)}, "SIOCSVH: Invalid argument\nhint: carp0: state backup: it is not up with a vhid"},
		{fresh(), []word{address("frob", "192.0.2.9/24")}, "ioctl (SIOCAIFADDR): Invalid argument\nhint: carp0: \"frob\": must be set, add or delete"},
		{fresh(), []word{alias("")}, "ioctl (SIOCAIFADDR): Invalid argument\nhint: carp0: invalid Prefix: not the address of a host"},
		{fresh(), []word{alias("224.0.0.18/4")}, "ioctl (SIOCAIFADDR): Invalid argument\nhint: carp0: 224.0.0.18/4: not the address of a host"},
		{fresh(), []word{alias("::ffff:192.0.2.9/120")}, "ioctl (SIOCAIFADDR): Invalid argument\nhint: carp0: ::ffff:192.0.2.9/120: not the address of a host"},
		{fresh(), []word{alias("0.0.0.0/0")}, "ioctl (SIOCAIFADDR): Invalid argument\nhint: carp0: 0.0.0.0/0: not the address of a host"},
		{fresh(), []word{addr("203.0.113.9/24")}, "ioctl (SIOCAIFADDR): Can't assign requested address\n" +
			"hint: carp0: 203.0.113.9: no interface has a subnet that holds it (eth0 192.0.2.2/24, eth0 2001:db8::2/64, eth1 198.51.100.2/24); name one with carpdev"},
		{working(), []word{alias("203.0.113.9/24")}, "ioctl (SIOCAIFADDR): Can't assign requested address\n" +
			"hint: carp0: 203.0.113.9: outside the subnets of its parent eth0 (eth0 192.0.2.2/24, eth0 2001:db8::2/64)"},
		{fresh(), []word{carpdev("eth9")}, "SIOCSVH: Device not configured\nhint: carp0: carpdev eth9: no Ethernet interface of that name; there are eth0, eth1"},
		{fresh(), []word{addr("192.0.2.2/24")}, "ioctl (SIOCAIFADDR): File exists\nhint: carp0: 192.0.2.2 is eth0's own address; a virtual address must be another"},
		{fresh(), []word{carpdev("eth0"), addr("198.51.100.2/24")}, "ioctl (SIOCAIFADDR): File exists\nhint: carp0: 198.51.100.2 is eth1's own address; a virtual address must be another"},
		{fresh(), []word{vhid(7), addr("192.0.2.50/24")}, "ioctl (SIOCAIFADDR): File exists\nhint: carp0: vhid 7: carp1 has it on eth0 already"},
		{fresh(), []word{vhid(7), alias("2001:db8::50/64")}, "ioctl (SIOCAIFADDR): Invalid argument\nhint: carp0: vhid 7: carp1 has it on eth0 already"},
		{fresh(), []word{vhid(7), carpdev("eth0"), addr("192.0.2.50/24")}, "SIOCSVH: File exists\nhint: carp0: vhid 7: carp1 has it on eth0 already"},
		{working(), []word{vhid(7)}, "SIOCSVH: File exists\nhint: carp0: vhid 7: carp1 has it on eth0 already"},
		{working(), []word{alias("192.0.2.70/32")}, "ioctl (SIOCAIFADDR): File exists\nhint: carp0: 192.0.2.70: carp1 has it already"},
		{fresh(), []word{remove("")}, "ioctl (SIOCDIFADDR): Can't assign requested address\nhint: carp0: no IPv4 address to delete"},
		{fresh(), []word{remove("192.0.2.9/32")}, "ioctl (SIOCDIFADDR): Can't assign requested address\nhint: carp0: 192.0.2.9 is not one of its addresses, it has none"},
		{working(), []word{remove("192.0.2.9/32")}, "ioctl (SIOCDIFADDR): Can't assign requested address\n" +
			"hint: carp0: 192.0.2.9 is not one of its addresses (192.0.2.50/24, 192.0.2.51/24)"},
		{full, []word{alias("192.0.2.9/24")}, "ioctl (SIOCAIFADDR): No buffer space available\nhint: carp0: 192.0.2.9/24: at most 255 addresses"},
		// A good word beside a bad one.
		{working(), []word{advskew(9), pass("other"), down, remove("192.0.2.9/32")}, "ioctl (SIOCDIFADDR): Can't assign requested address\n" +
			"hint: carp0: 192.0.2.9 is not one of its addresses (192.0.2.50/24, 192.0.2.51/24)"},
	} {
		before := fmt.Sprintf("%+v", c.old)
		got, _, err := plan(c.old, change(c.line...), planParents, planSiblings)
		if err == nil || err.Error() != c.want {
			t.Errorf("refused with\n%v\nwant\n%s", err, c.want)
			continue
		}
		if _, ok := err.(*bsderr.Error); !ok {
			t.Errorf("%v is a %T", err, err)
		}
		if !reflect.DeepEqual(got, c.old) || fmt.Sprintf("%+v", c.old) != before {
			t.Errorf("%q changed the record to %+v", c.want, got)
		}
	}
	_, _, err := plan(fresh(), change(carpdev("eth9"), addr("192.0.2.9/24")), nil, nil)
	if want := "SIOCSVH: Device not configured\nhint: carp0: carpdev eth9: no Ethernet interface of that name; there are none"; err == nil || err.Error() != want {
		t.Errorf("without any interface: %v", err)
	}
}

// The address list of a record never names one address twice, whatever the
// order of the words.
func TestPlanKeepsAddressesApart(t *testing.T) {
	ops := []control.AddressOp{control.AddressSet, control.AddressAdd, control.AddressDelete}
	names := []string{"192.0.2.50/24", "192.0.2.51/24", "192.0.2.51/32", "2001:db8::50/64"}
	r := fresh()
	for n := range 10000 {
		w := address(ops[n*7%3], names[n*n%4])
		next, _, err := plan(r, change(w), planParents, planSiblings)
		if err == nil {
			r = next
		}
		for i, a := range r.Addresses {
			if has(r.Addresses[:i], a.Addr()) {
				t.Fatalf("%v is there twice: %v", a, r.Addresses)
			}
		}
	}
}
