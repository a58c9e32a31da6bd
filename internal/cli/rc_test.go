package cli

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/clone"
)

func TestParseRC(t *testing.T) {
	seconds := func(n int) *time.Duration { return new(time.Duration(n) * time.Second) }
	for _, tt := range []struct {
		in   []string
		want rcOptions
	}{
		{nil, rcOptions{}},
		{[]string{"carp0", "-f", "a", "carp1", "-fb", "-q", "-f", "-c"},
			rcOptions{files: []string{"a", "b", "-c"}, quiet: true, names: []string{"carp0", "carp1"}}},
		{[]string{"--map", "fxp0=eth0", "--map=em0.5=eth1", "--wait", "0"},
			rcOptions{mapped: map[string]string{"fxp0": "eth0", "em0_5": "eth1"}, wait: seconds(0)}},
		{[]string{"--wait=90", "-N", "--", "-f"}, rcOptions{wait: seconds(90), dryRun: true, names: []string{"-f"}}},
		{[]string{"-Nq", "-qNfa", "-Nf", "b"}, rcOptions{files: []string{"a", "b"}, dryRun: true, quiet: true}},
		{[]string{"--dry-run", "a=b"}, rcOptions{dryRun: true, names: []string{"a=b"}}},
		{[]string{"--leave", "--wait", "forever"}, rcOptions{leave: true, wait: new(rcconf.Forever)}},
	} {
		if tt.want.mapped == nil {
			tt.want.mapped = map[string]string{}
		}
		got, err := parseRC(tt.in)
		if err != nil {
			t.Errorf("%q: %v", tt.in, err)
		} else if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(rcOptions{})); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", tt.in, diff)
		}
	}
	for _, in := range [][]string{{"-f"}, {"--map"}, {"--map", "=b"}, {"--map", "a="}, {"--wait", "-1"}, {"--wait", ""},
		{"--wait=1s"}, {"-x"}, {"--files"}, {"-"}, {"-qf"}, {"-qx"}, {"--dry-run=no"}, {"--leave="}, {"-f", ""}, {""}, {"--", ""},
		{"--leave", "carp0"}, {"--leave", "-f", "a"}, {"--map", "a=b", "--leave"}} {
		if got, err := parseRC(in); err == nil {
			t.Errorf("%q: %+v", in, got)
		}
	}
}

// present are the interfaces of a host.
var present = []clone.Parent{
	{Name: "eth0", Prefixes: []netip.Prefix{netip.MustParsePrefix("192.168.1.3/24"), netip.MustParsePrefix("fe80::1/64")}},
	{Name: "eth0.5", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.3/24"), netip.MustParsePrefix("2001:db8::3/64")},
		AltNames: []string{"uplink", "enp2s0.5"}},
}

func TestOurs(t *testing.T) {
	const file = `ifconfig_fxp0="inet 192.168.1.3/24" ifconfig_em0_ipv6="inet6 2001:db8::3/64" ifconfig_em1="inet 10.9.9.9/24"
ifconfig_eth0="inet 10.0.0.3/24" carp_map="bge0=eth0"`
	c, err := rcconf.Load(rcconf.Source{Name: "rc.conf", Data: []byte(file)})
	if err != nil {
		t.Fatal(err)
	}
	plan := rcconf.NewPlan(c)
	mapped := map[string]string{"fxp1": "eth9", "bge1": "eth0.5"}
	for name, want := range map[string]string{
		"fxp0": "eth0", "em0": "eth0.5", // by an address
		"em1": "", "em2": "", // nobody
		"eth0": "eth0", "eth0_5": "eth0.5", "eth0.5": "eth0.5", // by the name, though another has its address
		"uplink": "eth0.5", "enp2s0_5": "eth0.5", // by another of its names
		"fxp1": "eth9", "bge0": "eth0", "bge1": "eth0.5", // as said
	} {
		if got := ours(name, mapped, plan, present); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestReady(t *testing.T) {
	adding := func(prefix string) []control.AddressChange {
		return []control.AddressChange{{Op: control.AddressAdd, Prefix: netip.MustParsePrefix(prefix)}}
	}
	for _, tt := range []struct {
		change control.Change
		want   bool
	}{
		{control.Change{}, true},
		{control.Change{Addresses: adding("192.168.1.50/32")}, true},
		{control.Change{Addresses: adding("192.168.2.50/16")}, false},
		{control.Change{Addresses: adding("fe80::50/64")}, true}, // every interface has that subnet
		{control.Change{Addresses: adding("192.168.2.50/24"), CarpDev: new("eth0")}, true},
		{control.Change{Addresses: adding("192.168.1.50/24"), CarpDev: new("eth9")}, false},
		{control.Change{Addresses: adding("192.168.2.50/24"), CarpDev: new("uplink")}, true},
		{control.Change{Addresses: adding("192.168.1.50/24"), CarpDev: new("")}, true},
	} {
		if got := ready(&tt.change, present); got != tt.want {
			t.Errorf("%+v: %v", tt.change, got)
		}
	}
}
