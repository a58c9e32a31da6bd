package words

import (
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// An error is about the argument that a person would point at.
func TestParseAt(t *testing.T) {
	for _, tt := range []struct{ line, at string }{
		{"carp0 vhid 256 pass x", "256"},
		{"carp0 vhid 1 advskwe 100", "advskwe"},
		{"carp0 vhid 1 advskew", "advskew"},
		{"carp0 10.0.0.1/33 vhid 1", "10.0.0.1/33"},
		{"carp0 10.0.0.1 netmask 255.0.255.0 vhid 1", "255.0.255.0"},
		{"carp0 10.0.0.0 netmask 255.255.255.0 vhid 1", "255.255.255.0"},
		{"carp0 224.0.0.1 vhid 1", "224.0.0.1"},
		{"carp0 vhid 1 inet 10.0.0.1/24", "inet"},
		{"carp0 vhid 1 netmask 255.255.255.0 pass x", "255.255.255.0"},
		{"fxp0123456789abcdef vhid 1", "fxp0123456789abcdef"},
		{"carp0 vhid 1 inet6 -alias", "inet6"},
	} {
		args := strings.Fields(tt.line)
		if _, at, err := ParseAt(args); err == nil || args[at] != tt.at {
			t.Errorf("%s: at %q, want %q: %v", tt.line, args[at], tt.at, err)
		}
	}
}

// ParseAt is Parse, and what it points at is on the line.
func TestParseAtIsParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		args := append([]string{"carp0"}, rapid.SliceOfN(anyWord(), 0, 10).Draw(t, "words")...)
		_, err := Parse(args)
		_, at, err2 := ParseAt(args)
		if (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() || at < 0 || at >= len(args) {
			t.Fatalf("%q: %v; %v at %d", args, err, err2, at)
		}
	})
}

func TestPlaces(t *testing.T) {
	args := strings.Fields("carp0 create inet 10.0.0.1 netmask 255.255.255.0 vhid 1 pass vhid up advskew")
	var got []string
	for _, p := range Places(args) {
		value := "-"
		if p.At < len(args) {
			value = args[p.At]
		}
		got = append(got, p.Word+"="+value)
	}
	want := "create=create inet=inet =10.0.0.1 netmask=255.255.255.0 vhid=1 pass=vhid up=up advskew=-"
	if text := strings.Join(got, " "); text != want {
		t.Errorf("%s\nwant %s", text, want)
	}
}

func TestActing(t *testing.T) {
	for line, want := range map[string]string{
		"carp0":                                "",
		"carp0 create":                         "",
		"carp0 inet 10.0.0.1/24 alias":         "",
		"carp0 inet6 fe80::1 anycast eui64":    "",
		"carp0 10.0.0.1/24 vhid 1 up":          "vhid",
		"carp0 up vhid 1":                      "up",
		"carp0 netmask up broadcast down":      "",
		"carp0 10.0.0.1 netmask pass descr up": "description",
		"carp0 -carppeer up":                   "mcast",
		"eth0 vhid 1 pass x 10.0.0.1/24":       "vhid",
		"eth0 vhid 1 state master -arp mtu 9":  "-arp",
		"carp0 create advskew":                 "advskew",
	} {
		if got := Acting(strings.Fields(line)).Name; got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func TestPrefix(t *testing.T) {
	for _, tt := range []struct{ text, mask, want string }{
		{"10.0.0.1/24", "", "10.0.0.1/24"},
		{"10.0.0.1", "255.255.255.0", "10.0.0.1/24"},
		{"10.0.0.1", "0xffffff00", "10.0.0.1/24"},
		{"10.0.0.1", "", "10.0.0.1/8"},
		{"10.0.0.1/24", "255.255.0.0", "10.0.0.1/24"},
		{"2001:db8::1", "", "2001:db8::1/64"},
		{"2001:db8::1", "48", "2001:db8::1/48"},
		{"fe80::1%em0", "", "fe80::1/64"},
	} {
		if got, ok := Prefix(tt.text, tt.mask); !ok || got != netip.MustParsePrefix(tt.want) {
			t.Errorf("%s %s: %v, want %s", tt.text, tt.mask, got, tt.want)
		}
	}
	for _, text := range []string{"media", "10.0.0.1/33", "10.0.0.1/x", "10.0.0.1/-1", "", "1000baseTX"} {
		if got, ok := Prefix(text, ""); ok {
			t.Errorf("%q is %v", text, got)
		}
	}
}
