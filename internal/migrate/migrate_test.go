package migrate

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
)

func sources(text string) (all []rcconf.Source) {
	for _, f := range txtar.Parse([]byte(text)).Files {
		all = append(all, rcconf.Source{Name: f.Name, Data: f.Data})
	}
	return all
}

// Each case has files, what becomes of them, and the notes.
func TestConvert(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			r := Convert(sources(d.Input)...)
			out := r.Text
			for _, n := range r.Notes {
				out += "> " + n.Error() + "\n"
				for _, h := range n.Hints {
					out += ">   " + h + "\n"
				}
			}
			if r.Lost {
				out += "> lost\n"
			}
			if len(r.Secret) > 0 {
				out += "> secret: " + strings.Join(r.Secret, " ") + "\n"
			}
			checkReadBack(t, r.Text, sources(d.Input)...)
			return out
		})
	})
}

// checkReadBack holds what rc makes of the lines against what the files mean.
func checkReadBack(t interface {
	Helper()
	Fatalf(string, ...any)
}, text string, files ...rcconf.Source) {
	t.Helper()
	config, err := rcconf.Load(rcconf.Source{Name: "rc.conf", Data: []byte(text)})
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	plan := rcconf.NewPlan(config)
	if len(plan.Notes) > 0 || len(plan.Hosts) > 0 {
		t.Fatalf("%v, %v in\n%s", plan.Notes, plan.Hosts, text)
	}
	wants := map[string]*rcconf.Want{}
	for _, s := range files {
		all, _ := read(s)
		for _, d := range all {
			if wants[d.name] == nil {
				c := converter{description: d, iface: rcconf.Interface{Name: d.name, Clone: d.name}}
				wants[d.name] = c.convert()
			}
		}
	}
	if len(wants) != len(plan.Interfaces) {
		t.Fatalf("%d interfaces, want %d, in\n%s", len(plan.Interfaces), len(wants), text)
	}
	for n := range plan.Interfaces {
		i := &plan.Interfaces[n]
		got, problems := i.Want(i.Name)
		want := wants[i.Name]
		if len(problems) > 0 || want == nil || !i.Cloned {
			t.Fatalf("%s: %v in\n%s", i.Name, problems, text)
		}
		if diff := cmp.Diff(meaning(want), meaning(got), cmp.AllowUnexported(secret{}), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
			t.Fatalf("%s (-theirs +ours):\n%s\n%s", i.Name, diff, text)
		}
	}
}

// secret makes a difference of passwords visible in a test.
type secret struct{ text string }

// meaning is what an interface is to be, without the order of IPv6 before IPv4.
func meaning(w *rcconf.Want) map[string]any {
	m := map[string]any{"passfile": w.PassFile}
	c := w.Change
	if c.Pass != nil {
		m["pass"] = secret{string(*c.Pass)}
	}
	for _, a := range c.Addresses {
		a.Op = ""
		m["address "+a.Prefix.String()] = a
	}
	if c.Description != nil && *c.Description == "" {
		c.Description = nil // it is empty anyway
	}
	c.Pass, c.Addresses, c.Up = nil, nil, nil
	m["rest"] = c
	return m
}

// A hostname.carp0 of any values comes back as it was.
func TestConvertKeepsEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(label string) string {
			return rapid.StringOfN(rapid.SampledFrom([]rune("aZ09 !\"#$%&'()*+,-./:;<=>?@[]^_`{|}~é")), 1, 30, -1).Draw(t, label)
		}
		pass, descr := text("pass"), text("description")
		if pass == "-" {
			pass = "--" // that one asks for standard input
		}
		file := fmt.Sprintf("inet 10.0.0.1 255.255.255.0 NONE vhid %d advskew %d carpdev em0 pass %s\n",
			rapid.IntRange(1, 255).Draw(t, "vhid"), rapid.IntRange(0, 254).Draw(t, "advskew"), quote(pass))
		for n := range rapid.IntRange(0, 4).Draw(t, "aliases") {
			file += fmt.Sprintf("inet alias 10.0.0.%d 255.255.255.255\ninet6 alias 2001:db8::%d 64\n", n+2, n)
		}
		file += "description " + quote(descr) + "\n"
		s := rcconf.Source{Name: "hostname.carp0", Data: []byte(file)}
		// What quote does with a quote and with several blanks has a backslash, which
		// OpenBSD's files have not.
		if strings.Contains(quote(pass)+quote(descr), `\`) {
			s.Name = "ifconfig.carp0"
			s.Data = []byte(strings.NewReplacer(" 255.255.255.0 NONE", " netmask 255.255.255.0", " 255.255.255.255", " netmask 255.255.255.255",
				" 64\n", " prefixlen 64\n").Replace(file))
		}
		r := Convert(s)
		if r.Lost {
			t.Fatalf("%v of\n%s", r.Notes, s.Data)
		}
		checkReadBack(t, r.Text, s)
		config, err := rcconf.Load(rcconf.Source{Name: "rc.conf", Data: []byte(r.Text)})
		if err != nil {
			t.Fatal(err)
		}
		want, problems := rcconf.NewPlan(config).Interfaces[0].Want("carp0")
		if len(problems) > 0 || *want.Change.Pass != control.Password(pass) || *want.Change.Description != descr {
			t.Fatalf("%v: %q %q in\n%s", problems, pass, descr, r.Text)
		}
	})
}

// Whatever a file is: what comes out is read back as what it meant, and no note has
// the password.
func FuzzConvert(f *testing.F) {
	for _, s := range []string{
		"inet 192.168.1.50 255.255.255.0 192.168.1.255 vhid 1 carpdev em0 pass x advskew 100\n",
		"create\nvhid 1 pass 'a b' carpdev em0 10.0.0.1 netmask 0xffffff00\nup\n# c\n!cmd",
		"inet6 alias 2001:db8::1 64\ndescription \"x # y\" # z\ncarpnodes 1:0,2:100 balancing ip\n",
		"inet alias 10.0.0.1/24 \\\n vhid 3 down\ndhcp\n-alias 10.0.0.1",
	} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Add([]byte("ifconfig_carp0='vhid 1 pass x; 10.0.0.1/24; up'\nifconfig_carp1='a\nb'"), false)
	f.Fuzz(func(t *testing.T, data []byte, open bool) {
		for _, name := range []string{map[bool]string{true: "hostname.carp7", false: "ifconfig.carp7"}[open], "rc.conf"} {
			s := rcconf.Source{Name: name, Data: data}
			r := Convert(s)
			if r.Text != "" {
				checkReadBack(t, r.Text, s)
			} else if !r.Lost {
				t.Fatal("nothing came out, and nothing is said to be lost")
			}
		}
	})
}

// What is no file of an interface is refused, whatever it is called.
func TestConvertRefuses(t *testing.T) {
	for want, data := range map[string]string{
		"too big for the file of an interface":     strings.Repeat("up\n", maxFile),
		"it has a byte 0 or a carriage return":     "inet 10.0.0.1/24 vhid 1\r\n",
		"it has a byte 0 or a carriage return\x00": "\x00",
	} {
		r := Convert(rcconf.Source{Name: "hostname.carp0", Data: []byte(data)})
		if want = strings.TrimSuffix(want, "\x00"); r.Text != "" || !r.Lost || len(r.Notes) != 1 || r.Notes[0].Text != want {
			t.Errorf("%.20q: %q, %v; want %s", data, r.Text, r.Notes, want)
		}
	}
}

// A word that gets a meaning is no longer left out.
func TestMeaninglessWordsAreNoneOfOurs(t *testing.T) {
	for word := range meaningless {
		if w, ok := wordOf(word); ok {
			t.Errorf("%s means %s", word, w.Help)
		}
	}
}
