package show

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsdif"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

// provider is the parent of the reference set-up's provider, carpN what the
// kernel has of carp0.
var (
	provider = Device{Name: "fxp0", Index: 2, MAC: "08:00:27:aa:bb:cc", MTU: 1500, Up: true, Carrier: true,
		Addresses: prefixes("192.168.1.5/24", "fe80::5/64")}
	carpN = Device{Name: "carp0", Index: 9, MAC: "00:00:5e:00:01:01", MTU: 1500}
)

// stages are the states that every layout is shown in.
var stages = []struct {
	name string
	opts Options
	edit func(*control.Status)
}{
	{"master", Options{}, func(*control.Status) {}},
	{"backup", Options{}, func(s *control.Status) { s.State = "BACKUP" }},
	{"created", Options{}, func(s *control.Status) {
		*s = control.Status{Name: "carp0", State: "INIT", AdvBase: 1, MTU: 1500}
	}},
	{"init", Options{}, func(s *control.Status) { s.State = "INIT" }},
	{"down", Options{}, func(s *control.Status) { s.State, s.Up = "INIT", false }},
	{"unknown", Options{}, func(s *control.Status) { s.State, s.Error = control.StateUnknown, "no answer" }},
	{"addresses", Options{}, several},
	{"formats", Options{Formats: Formats{Ether: "dash", Inet: "cidr", Inet6: "cidr"}}, several},
	{"inet", Options{Family: Inet}, several},
	{"inet6", Options{Family: Inet6}, several},
	{"ether", Options{Family: Ether}, several},
	{"key", Options{Key: true}, func(s *control.Status) { s.Key = new(control.Key("test pass")) }},
	{"peer", Options{}, func(s *control.Status) {
		s.Peer, s.Peer6 = netip.MustParseAddr("192.0.2.9"), netip.MustParseAddr("2001:db8::9")
	}},
	{"words", Options{}, func(s *control.Status) {
		s.Description, s.Groups, s.MTU = "upstairs", []string{"uplink", "carp", "web"}, 9000
	}},
	{"properties", Options{Lifetimes: true}, properly},
	{"verbose", Options{Verbose: true, Now: now}, func(s *control.Status) { *s = busy() }},
}

// properly has what words can say of an interface and its IPv6 addresses.
func properly(s *control.Status) {
	several(s)
	s.Metric, s.Flags = 3, bsdif.Debug|bsdif.NoARP|bsdif.Link0
	week := bsdif.Lifetime(604800)
	s.Inet6 = map[netip.Addr]bsdif.Inet6{
		netip.MustParseAddr("2001:db8::10"): {Deprecated: true, AutoConf: true, Vltime: &week},
		netip.MustParseAddr("fe80::1"):      {Anycast: true},
	}
}

func several(s *control.Status) {
	s.Description = "several"
	s.Addresses = append(prefixes("2001:db8::10/64", "192.168.1.50/24", "10.0.0.1/32", "10.0.0.2/0", "10.0.0.4/31", "fe80::1/64"),
		netip.Prefix{})
}

// Each layout in each state, whole.
func TestLayouts(t *testing.T) {
	for _, layout := range []Layout{LayoutFreeBSD10, LayoutFreeBSD14, LayoutOpenBSD} {
		for _, tt := range stages {
			s := reference()
			tt.edit(&s)
			parent := provider
			if s.CarpDev == "" {
				parent = Device{}
			}
			var b bytes.Buffer
			layout.Interface(&b, s, carpN, parent, tt.opts)
			golden(t, string(layout)+"-"+tt.name+".golden", b.Bytes())
		}
	}
}

// A parent with the vhids on it.
func TestParent(t *testing.T) {
	second := reference()
	second.Name, second.VHID, second.State, second.AdvSkew, second.Addresses = "carp1", 2, "BACKUP", 0, prefixes("192.168.1.51/32")
	for _, layout := range []Layout{LayoutFreeBSD10, LayoutFreeBSD14} {
		for _, tt := range stages {
			s := reference()
			tt.edit(&s)
			if s.CarpDev == "" {
				continue // it is on no parent
			}
			parent := provider
			if tt.name == "init" {
				parent.Carrier = false
			}
			if tt.name == "down" {
				parent.Up, parent.Carrier = false, false
			}
			var b bytes.Buffer
			layout.Parent(&b, parent, []control.Status{s, second}, tt.opts)
			golden(t, string(layout)+"-parent-"+tt.name+".golden", b.Bytes())
		}
	}
}

// The first layout is the default, and every name that is listed prints something
// of its own.
func TestLayoutNames(t *testing.T) {
	seen := map[string]string{}
	for _, name := range Layouts() {
		layout, ok := ParseLayout(name)
		if !ok {
			t.Errorf("%s is listed and not known", name)
		}
		var b bytes.Buffer
		layout.Interface(&b, reference(), carpN, provider, Options{})
		if other, taken := seen[b.String()]; taken {
			t.Errorf("%s and %s print the same", name, other)
		}
		seen[b.String()] = name
	}
	if Layouts()[0] != string(LayoutFreeBSD9) {
		t.Error("FreeBSD 9 is not the default")
	}
	for _, name := range []string{"", "freebsd", "FreeBSD9", "linux"} {
		if _, ok := ParseLayout(name); ok {
			t.Errorf("%q is taken for a layout", name)
		}
	}
}
