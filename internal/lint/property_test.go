package lint

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
)

// group draws the files of a group that nothing is wrong with, a password apart.
func group(t *rapid.T, keys []string) (texts []string) {
	skews := rapid.Permutation([]int{0, 50, 100, 150}).Draw(t, "skews")
	addresses := rapid.SliceOfNDistinct(rapid.IntRange(100, 200), 1, 5, rapid.ID[int]).Draw(t, "addresses")
	for n, key := range keys {
		text := fmt.Sprintf("ifconfig_em0=\"inet 10.0.0.%d/24\"\ncloned_interfaces=\"carp0\"\n", n+2)
		text += fmt.Sprintf("ifconfig_carp0=\"vhid 7 advskew %d pass %s 10.0.0.%d/24\"\n", skews[n], key, addresses[0])
		for alias, a := range rapid.Permutation(addresses[1:]).Draw(t, "order") {
			text += fmt.Sprintf("ifconfig_carp0_alias%d=\"inet 10.0.0.%d/32\"\n", alias, a)
		}
		texts = append(texts, text)
	}
	return texts
}

func check(texts []string) []Finding {
	var hosts []*Host
	for n, text := range texts {
		hosts = append(hosts, Read(File{Source: rcconf.Source{Name: fmt.Sprintf("host%d", n), Data: []byte(text)}}))
	}
	return Check(hosts)
}

// A group that is right has no findings, in whatever order its addresses are.
func TestRightGroupsAreClean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := slices.Repeat([]string{"secret"}, rapid.IntRange(2, 4).Draw(t, "hosts"))
		if all := check(group(t, keys)); len(all) > 0 {
			t.Fatalf("\n%s", Text(all))
		}
	})
}

// Of different passwords one error for each host that is not like the most, and never
// a password. Broken lines do not give one away either.
func TestNoKeyIsPrinted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[A-Z][A-Za-z0-9%,^_+=@:/-]{5,30}Z`)
		keys := rapid.SliceOfN(key, 2, 4).Draw(t, "keys")
		texts := group(t, keys)
		switch rapid.IntRange(0, 4).Draw(t, "damage") {
		case 1: // a word is mistyped, gone, or said twice
			texts[0] = strings.Replace(texts[0], "vhid", rapid.SampledFrom([]string{"vhdi", "", "vhid vhid", "carpdev"}).Draw(t, "word"), 1)
		case 2:
			texts[0] = strings.Replace(texts[0], "pass ", rapid.SampledFrom([]string{"pass=", "password ", "pass pass ", "passfile ", "PASS ", "advskew pass "}).Draw(t, "pass"), 1)
		case 3: // a blank or a quote in the password
			at := rapid.IntRange(1, 5).Draw(t, "at")
			cut := rapid.SampledFrom([]string{"' '", `\"`, "'", "$", "`", "\\\\"}).Draw(t, "cut")
			texts[0] = strings.Replace(texts[0], keys[0], keys[0][:at]+cut+keys[0][at:], 1)
		case 4: // the file ends somewhere
			texts[0] = texts[0][:rapid.IntRange(0, len(texts[0])).Draw(t, "end")]
		}
		all := check(texts)
		data, err := JSON(all)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			for _, part := range []string{k, k[5:]} {
				if out := Text(all) + string(data); strings.Contains(out, part) {
					t.Fatalf("%q is in\n%s", part, out)
				}
			}
		}
	})
}

// Whatever a file is: no panic, and everything that is found is in the file.
func FuzzCheck(f *testing.F) {
	f.Add([]byte("ifconfig_em0=\"inet 10.0.0.2/24\" cloned_interfaces=carp0\nifconfig_carp0='vhid 1 pass x 10.0.0.1/24'"))
	f.Add([]byte("hostname=b ifconfig_em0_alias0='inet vhid 1 pass xyzzy 10.0.0.1/32'"))
	f.Add([]byte("ifconfig_carp1='vhid 1 carpdev em0 peer 10.0.0.2 10.0.0.9'\nifconfig_carp1_ipv6='2001:db8::1'"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := strings.Split(string(data), "\n")
		all := Check([]*Host{
			Read(File{Source: rcconf.Source{Name: "a", Data: data}}),
			Read(File{Source: rcconf.Source{Name: "b", Data: []byte(
				"ifconfig_em0='inet 10.0.0.3/24' cloned_interfaces=carp0\nifconfig_carp0='vhid 1 advskew 1 pass x 10.0.0.1/24'")}}),
		})
		for _, f := range all {
			if f.Pos.File == "a" && f.Pos.Line > 0 && (f.Pos.Line > len(lines) || f.Pos.Col > len(lines[f.Pos.Line-1])+1) {
				t.Errorf("%v is not in the file: %s", f.Pos, f.Message)
			}
			if strings.ContainsAny(f.Message, "\n\t") {
				t.Errorf("not one line: %q", f.Message)
			}
		}
		if _, err := JSON(all); err != nil {
			t.Error(err)
		}
	})
}
