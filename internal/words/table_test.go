package words

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
)

func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range All() {
		for _, name := range append([]string{w.Name}, w.Synonyms...) {
			if seen[name] {
				t.Errorf("%s is in the tables twice", name)
			}
			seen[name] = true
			if _, ok := refused(name); ok {
				t.Errorf("%s has a row and is refused", name)
			}
			if looksNumeric(name) {
				t.Errorf("%s could be an address", name)
			}
		}
		if w.Help == "" || strings.HasSuffix(w.Help, ".") || w.Family == "" {
			t.Errorf("%+v: wants a family, and a help line without a full stop", w)
		}
		if w.Arg == "" {
			continue
		}
		_, err := Parse([]string{"carp0", w.Name})
		if e, ok := errors.AsType[*bsderr.Error](err); !ok || e.Text != "'"+w.Name+"' requires argument" {
			t.Errorf("%s without a value: %v", w.Name, err)
		}
	}
}

// The tables are read-only to the world.
func TestAllIsACopy(t *testing.T) {
	all := All()
	all[0].Name, all[0].Synonyms[0] = "scribble", "scribble"
	if slices.ContainsFunc(All(), func(w Word) bool { return w.Name == "scribble" || slices.Contains(w.Synonyms, "scribble") }) {
		t.Error("All hands out the table itself")
	}
}

func TestNearest(t *testing.T) {
	for slip, want := range map[string]string{
		"vhdi": "vhid", "vid": "vhid", "hvid": "vhid", "Advskew": "advskew", "adv-skew": "advskew", "advbsae": "advbase",
		"pu": "up", "dwon": "down", "netmsk": "netmask", "crapdev": "carpdev", "alais": "alias", "destory": "destroy",
		"passwd": "pass", "pass-phrase": "pass", "-allias": "-alias", "prefixlne": "prefixlen",
		"passfil": "passfile", "mask": "netmask", "del": "delete", "skew": "advskew", "DEV": "carpdev",
		"x": "", "": "", "xyz": "", "router": "", "pass1234": "", "192.168.1.5": "", strings.Repeat("v", 1<<16): "",
	} {
		if got := nearest(slip); got != want {
			t.Errorf("nearest(%.20q) = %q, want %q", slip, got, want)
		}
	}
}

// What stands for a word of other programs is a word, and that is none.
func TestElsewhere(t *testing.T) {
	for other, meant := range elsewhere {
		if _, ok := find(meant); !ok {
			t.Errorf("%s stands for %s, which is no word", other, meant)
		}
		if _, ok := find(other); ok {
			t.Errorf("%s is a word itself", other)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"vhid", "vhid", 0},
		{"vhdi", "vhid", 1}, {"vid", "vhid", 1}, {"vhidd", "vhid", 1}, {"vhix", "vhid", 1}, {"abcd", "badc", 2},
	} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
