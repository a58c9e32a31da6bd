package carpif

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsdif"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
)

// inet6 is a line's IPv6 address with what the line says of it.
func inet6(op control.AddressOp, prefix string, said bsdif.Inet6) control.AddressChange {
	return control.AddressChange{Op: op, Prefix: netip.MustParsePrefix(prefix), Inet6: said}
}

func TestPlanInet6(t *testing.T) {
	const one, two = "2001:db8::50/64", "2001:db8::51/64"
	anycast, deprecated := bsdif.Inet6{Anycast: true}, bsdif.Inet6{Deprecated: true}
	r := working()
	for _, step := range []struct {
		change control.AddressChange
		want   map[netip.Addr]bsdif.Inet6
	}{
		{inet6(control.AddressAdd, one, bsdif.Inet6{}), nil},
		{inet6(control.AddressAdd, one, anycast), map[netip.Addr]bsdif.Inet6{netip.MustParseAddr("2001:db8::50"): anycast}},
		{inet6(control.AddressAdd, two, deprecated), map[netip.Addr]bsdif.Inet6{
			netip.MustParseAddr("2001:db8::50"): anycast, netip.MustParseAddr("2001:db8::51"): deprecated}},
		{inet6(control.AddressAdd, two, bsdif.Inet6{}), map[netip.Addr]bsdif.Inet6{netip.MustParseAddr("2001:db8::50"): anycast}},
		{inet6(control.AddressDelete, one, bsdif.Inet6{}), nil},
	} {
		next, _, err := plan(r, &control.Change{Addresses: []control.AddressChange{step.change}}, planParents, planSiblings)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(next.Inet6, step.want) {
			t.Errorf("%+v: %v, want %v", step.change, next.Inet6, step.want)
		}
		r = next
	}
}

func TestPlanEUI64(t *testing.T) {
	line := control.Change{Addresses: []control.AddressChange{{Op: control.AddressAdd, Prefix: netip.MustParsePrefix("2001:db8::/64"), EUI64: true}}}
	next, _, err := plan(working(), &line, planParents, planSiblings)
	if want := netip.MustParsePrefix("2001:db8::200:5eff:fe00:101/64"); err != nil || next.Addresses[2] != want {
		t.Errorf("%v, %v; want %v", next.Addresses, err, want)
	}
	for text, prefix := range map[string]string{
		"interface index is already filled": "2001:db8::1/64",
		"eui64 not allowed for the AF":      "192.0.2.60/24",
	} {
		line.Addresses[0].Prefix = netip.MustParsePrefix(prefix)
		if _, _, err := plan(working(), &line, planParents, planSiblings); err == nil || !strings.HasPrefix(err.Error(), text) {
			t.Errorf("%s: %v, want %s", prefix, err, text)
		}
	}
	line.Addresses[0].Prefix = netip.MustParsePrefix("2001:db8::/64")
	if _, _, err := plan(fresh(), &line, planParents, planSiblings); err == nil ||
		!strings.HasPrefix(err.Error(), "could not determine link local address") {
		t.Errorf("without a vhid: %v", err)
	}
}

func TestPlanProperties(t *testing.T) {
	parents := []link.Parent{planParents[0]}
	parents[0].MTU = 1500
	mtu := func(n int) control.Change { return control.Change{MTU: &n} }
	tun := func(r *state.Record) { r.Backing = string(control.TUN) }
	six := func(r *state.Record) { r.Addresses = prefixes("2001:db8::50/64") }
	noARP := control.Change{SetFlags: bsdif.NoARP | bsdif.Debug}
	bad := -1
	for _, tt := range []struct {
		name string
		edit func(*state.Record)
		line control.Change
		want string
	}{
		{"the parent's", nil, mtu(1500), ""},
		{"less", nil, mtu(68), ""},
		{"more than the parent's", nil, mtu(1501),
			"ioctl (set mtu): Invalid argument\nhint: carp0: mtu 1501: must be 68 to 1500, the MTU of its parent eth0"},
		{"too little", nil, mtu(67), "ioctl (set mtu): Invalid argument\nhint: carp0: mtu 67: must be 68 to 1500, the MTU of its parent eth0"},
		{"too little for IPv6", six, mtu(1279),
			"ioctl (set mtu): Invalid argument\nhint: carp0: mtu 1279: must be 1280 to 1500, the MTU of its parent eth0, and no less for IPv6"},
		{"flags", nil, noARP, ""},
		{"-arp with a TUN", tun, noARP, "-arp: Operation not supported\nhint: carp0: -arp: with backing tun it is the parent that answers ARP"},
		{"a flag that is none", nil, control.Change{SetFlags: 1}, "SIOCSIFFLAGS: Invalid argument\nhint: carp0: flags 0x1: unknown, or set and cleared at once"},
		{"set and cleared", nil, control.Change{SetFlags: bsdif.Link0, ClearFlags: bsdif.Link0},
			"SIOCSIFFLAGS: Invalid argument\nhint: carp0: flags 0x1000: unknown, or set and cleared at once"},
		{"metric", nil, control.Change{Metric: &bad}, "ioctl (set metric): Invalid argument\nhint: carp0: metric -1: must be 0 to 2147483647"},
	} {
		r := working()
		if tt.edit != nil {
			tt.edit(&r)
		}
		got := ""
		if _, _, err := plan(r, &tt.line, parents, nil); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
