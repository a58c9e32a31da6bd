package show

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// What -f takes, and what it skips.
func TestFormatsSet(t *testing.T) {
	for _, tt := range []struct {
		spec    string
		want    Formats
		skipped string
	}{
		{"inet:cidr", Formats{Inet: "cidr"}, ""},
		{"addr:host,ether:dash,inet:dotted,inet6:cidr", Formats{"host", "dash", "dotted", "cidr"}, ""},
		{"inet:cidr,inet:hex", Formats{Inet: "hex"}, ""}, // the last counts
		{"inet:cidr,nonsense,inet6:cidr", Formats{Inet: "cidr", Inet6: "cidr"}, "nonsense"},
		{"", Formats{}, "|"},
		{"inet,inet:,:cidr", Formats{}, "inet|inet:|:cidr"},
		{"inet6:hex,INET:cidr,inet:CIDR", Formats{}, "inet6:hex|INET:cidr|inet:CIDR"},
		{"inet:cidr:hex", Formats{}, "inet:cidr:hex"},
	} {
		var f Formats
		skipped := f.Set(tt.spec)
		want := strings.Split(tt.skipped, "|")
		if tt.skipped == "" {
			want = nil
		} else if tt.spec == "" {
			want = []string{""}
		}
		if f != tt.want || !slices.Equal(skipped, want) {
			t.Errorf("%q: %+v, skipped %q; want %+v, %q", tt.spec, f, skipped, tt.want, want)
		}
	}
}

// Each format of each type says what it says on FreeBSD.
func TestFormats(t *testing.T) {
	names := map[string]string{"192.168.1.50": "www.example.org", "2001:db8::50": "six"}
	for spec, want := range map[string][3]string{
		"inet:default":              {"192.168.1.50 netmask 0xffffff00", "2001:db8::50 prefixlen 64", "00:00:5e:00:01:0a"},
		"inet:hex":                  {"192.168.1.50 netmask 0xffffff00", "2001:db8::50 prefixlen 64", "00:00:5e:00:01:0a"},
		"inet:cidr":                 {"192.168.1.50/24", "2001:db8::50 prefixlen 64", "00:00:5e:00:01:0a"},
		"inet:dotted":               {"192.168.1.50 netmask 255.255.255.0", "2001:db8::50 prefixlen 64", "00:00:5e:00:01:0a"},
		"inet6:cidr":                {"192.168.1.50 netmask 0xffffff00", "2001:db8::50/64", "00:00:5e:00:01:0a"},
		"inet6:numeric,ether:colon": {"192.168.1.50 netmask 0xffffff00", "2001:db8::50 prefixlen 64", "00:00:5e:00:01:0a"},
		"inet6:default,ether:dash":  {"192.168.1.50 netmask 0xffffff00", "2001:db8::50 prefixlen 64", "00-00-5e-00-01-0a"},
		"ether:dotted":              {"192.168.1.50 netmask 0xffffff00", "2001:db8::50 prefixlen 64", "0000.5e00.010a"},
		"ether:default,addr:fqdn":   {"www.example.org netmask 0xffffff00", "six prefixlen 64", "00:00:5e:00:01:0a"},
		"addr:host,inet:cidr":       {"www/24", "six prefixlen 64", "00:00:5e:00:01:0a"},
		"addr:numeric,inet6:cidr":   {"192.168.1.50 netmask 0xffffff00", "2001:db8::50/64", "00:00:5e:00:01:0a"},
		"addr:default,inet6:cidr":   {"192.168.1.50 netmask 0xffffff00", "2001:db8::50/64", "00:00:5e:00:01:0a"},
	} {
		o := Options{Names: func(a netip.Addr) string { return names[a.String()] }}
		if skipped := o.Formats.Set(spec); skipped != nil {
			t.Errorf("%s: skipped %q", spec, skipped)
		}
		got := [3]string{o.inet(prefixes("192.168.1.50/24")[0]), o.inet6(prefixes("2001:db8::50/64")[0], "carp0"),
			o.ether("00:00:5e:00:01:0a")}
		if got != want {
			t.Errorf("%s: %q, want %q", spec, got, want)
		}
	}
	// What has no name is shown in digits, a link-local address with its zone.
	o := Options{Formats: Formats{Addr: "fqdn"}, Names: func(netip.Addr) string { return "" }}
	if got := o.inet6(prefixes("fe80::1/64")[0], "carp0"); got != "fe80::1%carp0 prefixlen 64" {
		t.Errorf("without a name: %q", got)
	}
	o.Names = nil
	if got := o.inet(prefixes("10.0.0.1/0")[0]); got != "10.0.0.1 netmask 0x0" {
		t.Errorf("without a resolver: %q", got)
	}
}

func TestBroadcast(t *testing.T) {
	for in, want := range map[string]string{
		"192.168.1.50/24": "192.168.1.255", "192.168.1.50/32": "192.168.1.50", "192.168.1.50/31": "255.255.255.255",
		"192.168.1.50/0": "", "10.1.2.3/8": "10.255.255.255", "10.1.2.3/1": "127.255.255.255", "10.0.0.5/30": "10.0.0.7",
	} {
		if got := broadcast(netip.MustParsePrefix(in)); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
