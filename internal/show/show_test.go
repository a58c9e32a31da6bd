package show

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// golden compares what was printed with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

// reference is carp0 of the reference set-up's provider, as MASTER.
func reference() control.Status {
	return control.Status{Name: "carp0", State: "MASTER", VHID: 1, AdvBase: 1, AdvSkew: 100, AdvertisedSkew: 100,
		CarpDev: "fxp0", Addresses: prefixes("192.168.1.50/24"), Up: true, LLAddr: "00:00:5e:00:01:01", MTU: 1500}
}

func TestFreeBSD9(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts Options
		edit func(*control.Status)
	}{
		{"master", Options{}, func(*control.Status) {}},
		{"backup", Options{}, func(s *control.Status) { s.State = "BACKUP" }},
		{"created", Options{}, func(s *control.Status) {
			*s = control.Status{Name: "carp0", State: "INIT", AdvBase: 1, MTU: 1500}
		}},
		{"no-carrier", Options{}, func(s *control.Status) { s.State = "INIT" }},
		{"down", Options{}, func(s *control.Status) { s.State, s.Up = "INIT", false }},
		{"unknown", Options{}, func(s *control.Status) { s.State, s.Error = control.StateUnknown, "no answer" }},
		{"addresses", Options{}, func(s *control.Status) {
			s.Addresses = append(prefixes("192.168.1.50/24", "10.0.0.1/32", "10.0.0.2/0", "2001:db8::10/64", "fe80::1/64"),
				netip.Prefix{})
		}},
		{"key", Options{Key: true}, func(s *control.Status) { s.Key = new(control.Key("testpass")) }},
		{"key-not-asked", Options{}, func(s *control.Status) { s.Key = new(control.Key("testpass")) }},
		{"key-not-there", Options{Key: true}, func(*control.Status) {}},
		{"key-empty", Options{Key: true}, func(s *control.Status) { s.Key = new(control.Key("")) }},
		{"mtu", Options{}, func(s *control.Status) { s.MTU = 9000 }},
		{"formats", Options{Formats: Formats{Ether: "dash", Inet: "cidr", Inet6: "cidr"}}, several},
		{"inet", Options{Family: Inet, Verbose: true}, several},
		{"inet6", Options{Family: Inet6, Key: true}, several},
		{"ether", Options{Family: Ether}, several},
		{"properties", Options{Lifetimes: true}, properly},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := reference()
			tt.edit(&s)
			var b bytes.Buffer
			FreeBSD9(&b, s, Device{Index: 9}, tt.opts)
			golden(t, "freebsd9-"+tt.name+".golden", b.Bytes())
		})
	}
}

func TestJSON(t *testing.T) {
	full := reference()
	full.Since = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	full.Reason = "master timed out"
	full.Counters = map[string]uint64{"wrong TTL": 2, "accepted": 7, "sent advertisements": 3}
	full.Peers = []control.PeerStatus{{Address: netip.MustParseAddr("192.168.1.3"), Last: full.Since, AdvBase: 1,
		Verdicts: map[string]uint64{"bad authentication": 4, "accepted": 1}}}
	full.Key = new(control.Key(`<te"st&pass>`))
	created := control.Status{Name: "carp1", State: "INIT", AdvBase: 1, MTU: 1500}
	statuses := []control.Status{full, created}

	var first bytes.Buffer
	if err := JSON(&first, statuses); err != nil {
		t.Fatal(err)
	}
	golden(t, "list.json.golden", first.Bytes())
	if statuses[1].Addresses != nil {
		t.Error("the caller's list was changed")
	}

	var back []map[string]any
	if err := json.Unmarshal(first.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"name", "state", "vhid", "advbase", "advskew", "demotion", "carpdev", "addresses", "up", "lladdr"} {
		for i, object := range back {
			if object[key] == nil {
				t.Errorf("object %d: no %s", i, key)
			}
		}
	}

	for _, none := range [][]control.Status{nil, {}} {
		var b bytes.Buffer
		if err := JSON(&b, none); err != nil || b.String() != "[]\n" {
			t.Errorf("no interface: %q, %v", b.String(), err)
		}
	}
}

// Groups that an interface is in, whatever it has joined.
func TestGroups(t *testing.T) {
	for _, joined := range [][]string{nil, {"carp"}, {"web", "carp", "web"}} {
		got := Groups(control.Status{Groups: joined})
		for _, want := range append([]string{"carp", "all"}, joined...) {
			if n := len(slices.DeleteFunc(slices.Clone(got), func(g string) bool { return g != want })); n != 1 {
				t.Errorf("%q: %q has %s %d times", joined, got, want, n)
			}
		}
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		names []string
		want  string
	}{
		{nil, "\n"}, {[]string{"carp0"}, "carp0\n"}, {[]string{"carp0", "carp1", "carp10"}, "carp0 carp1 carp10\n"},
	} {
		var list []control.Status
		for _, name := range tt.names {
			list = append(list, control.Status{Name: name})
		}
		var b bytes.Buffer
		Names(&b, list)
		if b.String() != tt.want {
			t.Errorf("%q: %q, want %q", tt.names, b.String(), tt.want)
		}
		b.Reset()
		Members(&b, list)
		if want := strings.TrimPrefix(strings.ReplaceAll(tt.want, " ", "\n"), "\n"); b.String() != want {
			t.Errorf("%q, one per line: %q, want %q", tt.names, b.String(), want)
		}
	}
}
