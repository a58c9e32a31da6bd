package link

import (
	"errors"
	"io/fs"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// nobodyMissing leaves nothing out of an imagined host.
func nobodyMissing(string) bool { return false }

// What is imagined prints itself as what it was imagined after, and is another host.
func TestImagine(t *testing.T) {
	f := imaginaryHost(t)
	f.AddForeign("br0")
	if err := f.Claim("carp0", []Address{{Prefix: four, NoPrefixRoute: true}, {Prefix: six}}); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteSetting("eth0", "ipv4", "rp_filter", "2"); err != nil {
		t.Fatal(err)
	}
	f.Ops()
	before := f.String()
	g, err := imagine(f.mem, nobodyMissing)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, g.String()); diff != "" {
		t.Errorf("imagined otherwise (-there +here):\n%s", diff)
	}
	wantOps(t, g)

	for _, err := range []error{
		g.Release("carp0"),
		g.RenameBacking("carp0", "web"),
		g.WriteSetting("eth0", "ipv4", "rp_filter", "0"),
		g.DeleteBacking("web"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	wantOps(t, f)
	if diff := cmp.Diff(before, f.String()); diff != "" {
		t.Errorf("what was imagined has come true:\n%s", diff)
	}
	wantOps(t, g,
		"ip addr del 2001:db8::10/64 dev carp0",
		"ip addr del 192.0.2.20/24 dev carp0",
		"ip link set dev carp0 down",
		"sysctl -w net/ipv6/conf/carp0/disable_ipv6=1",
		"ip link set dev carp0 name web",
		"sysctl -w net/ipv4/conf/eth0/rp_filter=0",
		"ip link del dev web")
}

// An interface keeps its settings under another name, and a new one of its old name
// has the host's for new ones.
func TestImagineSettings(t *testing.T) {
	f := imaginaryHost(t)
	g, err := imagine(newDefaults(f.mem, map[string]string{"ipv4/rp_filter": "1"}), nobodyMissing)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.RenameBacking("carp0", "web"); err != nil {
		t.Fatal(err)
	}
	g.AddForeign("carp0")
	for name, want := range map[string]string{"web": "2", "carp0": "1", "all": "3"} {
		got, err := g.mem.readSetting(setting{name, "ipv4", "rp_filter"})
		if err != nil || got != want {
			t.Errorf("rp_filter of %s is %q (%v), want %q", name, got, err, want)
		}
	}
	for _, s := range []setting{{"carp0", "ipv6", "disable_ipv6"}, {"eth9", "ipv4", "rp_filter"}} {
		if _, err := g.mem.readSetting(s); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", s.path(), err)
		}
		if err := g.mem.writeSetting(s, "1"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("write %s: %v", s.path(), err)
		}
	}
}

// defaults is a host whose new interfaces have these settings and no others.
type defaults struct {
	host
	settings map[string]string
}

func newDefaults(h host, settings map[string]string) defaults { return defaults{h, settings} }

func (d defaults) readSetting(s setting) (string, error) {
	switch s.device {
	case "all":
		if s.key == "rp_filter" {
			return "3", nil
		}
	case "default":
		if value, ok := d.settings[s.family+"/"+s.key]; ok {
			return value, nil
		}
		return "", fs.ErrNotExist
	}
	return d.host.readSetting(s)
}

// A TUN of a supervisor that is imagined too is for that to make again; another one is
// in the way.
func TestImagineTUN(t *testing.T) {
	for _, known := range []bool{true, false} {
		f, tun := fakeTUN(t)
		if err := tun.Claim("carp0", []Address{{Prefix: four}, {Prefix: six}}); err != nil {
			t.Fatal(err)
		}
		h := newDefaults(f.mem, map[string]string{"ipv4/promote_secondaries": "0", "ipv6/disable_ipv6": "0"})
		g, err := imagine(h, func(name string) bool { return known && name == "carp0" })
		if err != nil {
			t.Fatal(err)
		}
		parent, err := g.Parent("eth0")
		if err != nil {
			t.Fatal(err)
		}
		for _, own := range parent.Addresses {
			if own.Addr() == six.Addr() {
				t.Errorf("%v, which a TUN has put on eth0, passes for its own", own)
			}
		}
		if _, err := g.TUN().EnsureBacking("carp0", 1, mac); (err == nil) != known {
			t.Errorf("made again: %v", err)
		}
	}
}

// Both ends of a veth have each other for their parent.
func TestImagineVeth(t *testing.T) {
	g, err := imagine(veths{}, nobodyMissing)
	if err != nil {
		t.Fatal(err)
	}
	want := Parent{Index: 1, Name: "eth0", Up: true, Carrier: true, Addresses: []netip.Prefix{four}}
	if p, err := g.Parent("eth0"); err != nil || !cmp.Equal(p, want, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })) {
		t.Errorf("%+v, %v", p, err)
	}
}

// veths is a host with both ends of a cable, and nothing else.
type veths struct{ host }

func (veths) devices() ([]device, error) {
	end := device{kind: "veth", ether: true, multicast: true, up: true, carrier: true}
	a, b := end, end
	a.index, a.name, a.parent = 1, "eth0", 2
	b.index, b.name, b.parent = 2, "far0", 1
	return []device{a, b}, nil
}

func (veths) addresses(int) ([]localAddress, error) {
	return []localAddress{{index: 1, usable: true, Address: Address{Prefix: four}}}, nil
}
