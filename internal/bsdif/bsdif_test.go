package bsdif

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFlagsAsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := Flags(rapid.Uint32().Draw(t, "flags")) & all
		data, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var back Flags
		if err := json.Unmarshal(data, &back); err != nil || back != f || !back.Valid() {
			t.Errorf("%s became %v, %v; want %v", data, back, err, f)
		}
	})
	for _, bad := range []string{`["UP"]`, `["debug"]`, `4`, `"DEBUG"`} {
		var f Flags
		if err := json.Unmarshal([]byte(bad), &f); err == nil {
			t.Errorf("%s is %v", bad, f)
		}
	}
	if got := (Debug | NoARP | Link2).String(); got != "DEBUG,NOARP,LINK2" {
		t.Errorf("%s", got)
	}
	if got := strings.Join((Debug | NoARP | Link2).Words(true), " "); got != "debug -arp link2" {
		t.Errorf("set by %s", got)
	}
	if got := strings.Join((Debug | NoARP | Link2).Words(false), " "); got != "-debug arp -link2" {
		t.Errorf("cleared by %s", got)
	}
	if Flags(1).Valid() {
		t.Error("UP is not one of them")
	}
}

func TestParseLifetime(t *testing.T) {
	for text, want := range map[string]Lifetime{
		"0": 0, "1": 1, "3600": 3600, "0x10": 16, "010": 8, "infty": Infinite, "infinity": Infinite,
		"4294967294": Infinite - 1, "4294967295": Infinite, "99999999999999999999999": Infinite,
	} {
		if got, ok := ParseLifetime(text); !ok || got != want {
			t.Errorf("%s: %d, %v; want %d", text, got, ok, want)
		}
	}
	for _, bad := range []string{"", "-1", "+1", "1_000", "0b1", "0o7", "1s", "0x", "08", "never"} {
		if got, ok := ParseLifetime(bad); ok {
			t.Errorf("%q is %d", bad, got)
		}
	}
}

func TestInet6Valid(t *testing.T) {
	life := func(n Lifetime) *Lifetime { return &n }
	for _, tt := range []struct {
		p, v          *Lifetime
		valid, limits bool
	}{
		{nil, nil, true, false},
		{life(5), nil, true, true},
		{life(0), life(5), true, true},
		{life(5), life(5), true, true},
		{nil, life(5), true, true},
		{life(6), life(5), false, true},
		{life(Infinite), life(5), false, true},
		{nil, life(0), false, true},
		{life(Infinite), life(Infinite), true, false},
	} {
		p := Inet6{Pltime: tt.p, Vltime: tt.v}
		if p.Valid() != tt.valid || p.Limited() != tt.limits {
			t.Errorf("pltime %v vltime %v: valid %v, limited %v", tt.p, tt.v, p.Valid(), p.Limited())
		}
	}
}

// The example of RFC 4291, appendix A.
func TestEUI64(t *testing.T) {
	got := EUI64(netip.MustParseAddr("2001:db8::"), [6]byte{0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde})
	if want := netip.MustParseAddr("2001:db8::3656:78ff:fe9a:bcde"); got != want {
		t.Errorf("%v, want %v", got, want)
	}
}
