package rcconf

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsdif"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// wanted plans the one interface of a file.
func wanted(t testing.TB, text string) (*Want, []*Problem) {
	t.Helper()
	c, err := load(text)
	if err != nil {
		t.Fatal(err)
	}
	p := NewPlan(c)
	if len(p.Interfaces) != 1 {
		t.Fatalf("%d interfaces", len(p.Interfaces))
	}
	i := p.Interfaces[0]
	name := i.Name
	if name == "" {
		name = i.Parent
	}
	return i.Want(name)
}

const cloned = "cloned_interfaces=carp0\n"

func TestWant(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{`ifconfig_carp0="vhid 1 advskew 100 pass testpass 192.168.1.50/24"`,
			`{"vhid":1,"advskew":100,"pass":"dGVzdHBhc3M=","addresses":[{"op":"add","prefix":"192.168.1.50/24"}],"up":true}`},
		{`create_args_carp0="vhid 1 10.0.0.1/24" ifconfig_carp0="advbase 2" ifconfig_carp0_alias0="inet6 2001:db8::1/64"
ifconfig_carp0_alias1="inet 10.0.0.2/32" ifconfig_carp0_descr="a b"`,
			`{"vhid":1,"advbase":2,"addresses":[{"op":"add","prefix":"10.0.0.1/24"},{"op":"add","prefix":"10.0.0.2/32"},` +
				`{"op":"add","prefix":"2001:db8::1/64"}],"up":true,"description":"a b"}`},
		{`ifconfig_carp0="10.0.0.1/24" ifconfig_carp0_alias0="inet 10.0.0.1/25"`,
			`{"addresses":[{"op":"add","prefix":"10.0.0.1/25"}],"up":true}`},
		{`ifconfig_carp0="pass x passfile /k down"`, `{"up":true}`},
		{``, `{}`},
	} {
		w, problems := wanted(t, cloned+tt.in)
		if len(problems) > 0 {
			t.Errorf("%s: %v", tt.in, problems)
			continue
		}
		got, err := json.Marshal(w.Change)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, string(got)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.in, diff)
		}
	}
}

// What a line has wrong is said at the very word.
func TestWantProblems(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{`ifconfig_carp0="vhid 256 pass x"`, "rc.conf:2:22: SIOCSVH: Invalid argument\nhint: carp0: vhid 256: must be 1 to 255"},
		{`ifconfig_carp0="vhid 1 advskwe 100"`, "rc.conf:2:24: advskwe: bad value\nhint: did you mean advskew?"},
		{`ifconfig_carp0="vhid 1 10.0.0.1/33"`, "rc.conf:2:24: 33: bad value (width too large)\nhint: carp0: 10.0.0.1/33: the length must be 0 to 32"},
		{`ifconfig_carp0="inet 10.0.0.1 netmask 255.0.255.0"`,
			"rc.conf:2:39: 255.0.255.0: bad value\nhint: carp0: netmask 255.0.255.0: its ones are not contiguous from the left"},
		{"ifconfig_carp0=\"vhid 1\n\n\t  pass x   10.0.0.1/33 \"", "rc.conf:4:13: 33: bad value (width too large)\nhint: carp0: 10.0.0.1/33: the length must be 0 to 32"},
		{`ifconfig_carp0="vhid"`, "rc.conf:2:17: 'vhid' requires argument\nhint: carp0: vhid vhid: virtual host ID, 1 to 255, the same on every host of the group"},
		{`ifconfig_carp0_alias0="inet 10.0.0.999/24"`, "rc.conf:2:29: 10.0.0.999/24: bad value\nhint: carp0: 10.0.0.999/24: not an address"},
		{`ifconfig_carp0="create vhid 1"`, "rc.conf:2:17: create and destroy are rc's own doing\nhint: list the interface in cloned_interfaces"},
		{`ifconfig_carp0="vhid 1 pass -"`, "rc.conf:2:17: pass -: rc has no standard input\nhint: write passfile and the name of a file"},
		{`ifconfig_carp0='pass a b'`, "rc.conf:2:24: xxxxx: bad value\nhint: "},
	} {
		_, problems := wanted(t, cloned+tt.in)
		var got []string
		for _, p := range problems {
			got = append(got, strings.Join(append([]string{p.Error()}, p.Hints...), "\nhint: "))
		}
		if strings.Contains(tt.want, "xxxxx") { // the text is not to be shown; its place is
			if len(problems) != 1 || problems[0].Pos.String() != "rc.conf:2:24" || strings.Contains(got[0], "a b") {
				t.Errorf("%s: %v", tt.in, got)
			}
			continue
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, "\n")); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.in, diff)
		}
	}
}

func TestWantNotes(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{`ifconfig_carp0="vhid 1 down"`, "rc.conf:2:17: down: rc sets it up all the same"},
		{`ifconfig_carp0="pass 12345678901234567890"`, "rc.conf:2:17: carp0: pass: only the first 19 of 20 bytes count, as on every BSD"},
		{`create_args_carp0="10.0.0.1/24" ifconfig_carp0="10.0.0.2/24"`, "rc.conf:2:49: 10.0.0.2 takes the place of 10.0.0.1"},
		{`ifconfig_carp0="10.0.0.1 -alias"`, "rc.conf:2:17: no such address to delete"},
	} {
		w, problems := wanted(t, cloned+tt.in)
		if len(problems) > 0 || len(w.Notes) != 1 || w.Notes[0].Error() != tt.want {
			t.Errorf("%s: %v, %v", tt.in, problems, w.Notes)
		}
	}
}

// told is what has been found, a line each.
func told(found []Difference) string {
	var lines []string
	for _, d := range found {
		lines = append(lines, fmt.Sprintf("%v: %s", d.Pos, d.Text))
	}
	return strings.Join(lines, "\n")
}

func TestCompare(t *testing.T) {
	is := control.Status{MTU: 1500, Flags: bsdif.Link0, VHID: 1, AdvBase: 1, AdvSkew: 0, CarpDev: "eth0", Up: true, Key: new(control.Key("testpass")), Backing: control.MACVLAN,
		Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/24"), netip.MustParsePrefix("10.0.0.2/32")}, Groups: []string{"a"}}
	const as = `vhid 1 pass testpass 10.0.0.1/24" ifconfig_carp0_alias0="inet 10.0.0.2/32`
	for _, tt := range []struct{ in, want string }{
		{as, ""},
		{`vhid 1 pass testpass 10.0.0.2/32" ifconfig_carp0_alias0="inet 10.0.0.1/24`, ""},
		{`advskew 100 ` + as, "rc.conf:2:17: advskew 0, the files say 100"},
		{`vhid 2 ` + strings.TrimPrefix(as, "vhid 1 "), "rc.conf:2:17: vhid 1, the files say 2"},
		{`advbase 1 carpdev eth0 ` + as, ""},
		{`carpdev eth1 ` + as, "rc.conf:2:17: carpdev eth0, the files say eth1"},
		{`peer 10.0.0.9 ` + as, "rc.conf:2:17: peer none, the files say 10.0.0.9"},
		{`description x ` + as, "rc.conf:2:17: description none, the files say x"},
		{`group a group b ` + as, "rc.conf:2:25: not in group b"},
		{`-group a -group c ` + as, "rc.conf:2:26: in group a"},
		{as + `" create_args_carp0="backing tun`, "rc.conf:2:111: backing macvlan, the files say tun; restart makes it so"},
		{`metric 5 mtu 1400 debug -link0 ` + as, "rc.conf:2:17: metric 0, the files say 5\nrc.conf:2:26: mtu 1500, the files say 1400\n" +
			"rc.conf:2:35: DEBUG is not set\nrc.conf:2:41: LINK0 is set"},
		{strings.Replace(as, "testpass", "other", 1), "rc.conf:2:24: another password than the files have"},
		{strings.Replace(as, "pass testpass", "", 1), "rc.conf:1:19: another password than the files have"},
		{as + `" ifconfig_carp0_alias1="inet 10.0.0.3/32`, "rc.conf:2:120: 10.0.0.3/32 is missing"},
		{strings.Replace(as, "10.0.0.2/32", "10.0.0.2/31", 1), "rc.conf:2:79: 10.0.0.2/32, the files say 10.0.0.2/31"},
		{`vhid 1 pass testpass 10.0.0.1/24`, "rc.conf:1:19: 10.0.0.2/32 is not in the files"},
	} {
		w, problems := wanted(t, cloned+`ifconfig_carp0="`+tt.in+`"`)
		if len(problems) > 0 {
			t.Fatal(tt.in, problems)
		}
		change, found := w.Compare(&is)
		if diff := cmp.Diff(tt.want, told(found)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.in, diff)
		}
		if backing := strings.Contains(tt.want, "backing"); change.IsEmpty() != (len(found) == 0 || backing) {
			t.Errorf("%s: %+v", tt.in, change)
		}
	}
}

// What is said of an IPv6 address is compared, and eui64 with the address that it makes.
func TestCompareInet6(t *testing.T) {
	made := netip.MustParsePrefix("2001:db8::200:5eff:fe00:105/64")
	is := control.Status{VHID: 5, AdvBase: 1, Up: true, Key: new(control.Key("")), Addresses: []netip.Prefix{made}}
	for _, tt := range []struct{ in, want string }{
		{`vhid 5" ifconfig_carp0_ipv6="inet6 2001:db8::/64 eui64`, ""},
		{`vhid 6" ifconfig_carp0_ipv6="inet6 2001:db8::/64 eui64`, "rc.conf:2:17: vhid 5, the files say 6\n" +
			"rc.conf:1:19: 2001:db8::200:5eff:fe00:105/64 is not in the files\n" +
			"rc.conf:2:52: 2001:db8::200:5eff:fe00:106/64 is missing"},
		{`vhid 5" ifconfig_carp0_ipv6="inet6 2001:db8::200:5eff:fe00:105/64 deprecated`,
			"rc.conf:2:52: 2001:db8::200:5eff:fe00:105: other lifetimes or flags than the files say"},
	} {
		w, problems := wanted(t, cloned+`ifconfig_carp0="`+tt.in+`"`)
		if len(problems) > 0 {
			t.Fatal(tt.in, problems)
		}
		change, found := w.Compare(&is)
		if diff := cmp.Diff(tt.want, told(found)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.in, diff)
		}
		for _, a := range change.Addresses {
			if a.EUI64 {
				t.Errorf("%s: %+v is not filled in", tt.in, a)
			}
		}
	}
}

// Whatever a word can ask for is in what is wanted: no field of a change is forgotten.
func TestWantTakesEveryField(t *testing.T) {
	elsewhere := []string{"Name", "Addresses", "Up"} // rc's own doing
	change := reflect.TypeFor[control.Change]()
	for n := range change.NumField() {
		field := change.Field(n)
		if slices.Contains(elsewhere, field.Name) {
			continue
		}
		var line words.Line
		value := reflect.ValueOf(&line.Change).Elem().Field(n)
		switch value.Kind() {
		case reflect.Pointer:
			value.Set(reflect.New(value.Type().Elem()))
		case reflect.Slice:
			value.Set(reflect.MakeSlice(value.Type(), 1, 1))
		default:
			value.SetUint(1)
		}
		w := &Want{}
		w.merge(Line{}, &line)
		if reflect.ValueOf(w.Change).Field(n).IsZero() {
			t.Errorf("%s is lost", field.Name)
		}
	}
}

// applied is a status after a change, by the simplest of means.
func applied(s control.Status, c control.Change) control.Status {
	pick(&s.VHID, c.VHID)
	pick(&s.AdvBase, c.AdvBase)
	pick(&s.AdvSkew, c.AdvSkew)
	pick(&s.Peer, c.Peer)
	pick(&s.Up, c.Up)
	pick(&s.Description, c.Description)
	if c.Pass != nil {
		s.Key = new(control.Key(*c.Pass))
	}
	s.Addresses = slices.Clone(s.Addresses)
	for _, a := range c.Addresses {
		n := slices.IndexFunc(s.Addresses, func(p netip.Prefix) bool { return p.Addr() == a.Prefix.Addr() })
		switch {
		case a.Op == control.AddressDelete:
			s.Addresses = slices.Delete(s.Addresses, n, n+1)
		case n >= 0:
			s.Addresses[n] = a.Prefix
		default:
			s.Addresses = append(s.Addresses, a.Prefix)
		}
	}
	return s
}

func pick[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// Whatever an interface was before, after the change that Compare gives it is as the
// files say; what it was before does not show.
func TestCompareLeadsToWhatIsWanted(t *testing.T) {
	prefixes := rapid.Custom(func(t *rapid.T) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, rapid.ByteRange(1, 5).Draw(t, "host")}), rapid.IntRange(24, 28).Draw(t, "bits"))
	})
	distinct := func(p netip.Prefix) netip.Addr { return p.Addr() }
	rapid.Check(t, func(t *rapid.T) {
		var file strings.Builder
		fmt.Fprintf(&file, "%sifconfig_carp0='vhid %d advskew %d pass %s'\n", cloned, rapid.IntRange(1, 3).Draw(t, "vhid"),
			rapid.IntRange(0, 2).Draw(t, "skew"), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "pass"))
		for n, p := range rapid.SliceOfNDistinct(prefixes, 0, 4, distinct).Draw(t, "wanted") {
			fmt.Fprintf(&file, "ifconfig_carp0_alias%d='inet %v'\n", n, p)
		}
		c, err := load(file.String())
		if err != nil {
			t.Fatal(err)
		}
		w, problems := NewPlan(c).Interfaces[0].Want("carp0")
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		before := control.Status{AdvBase: carp.AdvBase(rapid.ByteRange(0, 2).Draw(t, "advbase")),
			AdvSkew: carp.AdvSkew(rapid.ByteRange(0, 2).Draw(t, "was")), Up: rapid.Bool().Draw(t, "up"), Key: new(control.Key("b")),
			Addresses: rapid.SliceOfNDistinct(prefixes, 0, 4, distinct).Draw(t, "had")}
		change, found := w.Compare(&before)
		if change.IsEmpty() != (len(found) == 0) {
			t.Fatalf("%v, but %+v", found, change)
		}
		after := applied(before, change)
		if change, found := w.Compare(&after); len(found) > 0 || !change.IsEmpty() {
			t.Fatalf("still different: %v", found)
		}
	})
}

// No file makes the planner fall over, and no note or problem shows a password.
func FuzzPlan(f *testing.F) {
	f.Add("vhid 1 pass KEY 10.0.0.1-9/24", "inet 10.0.0.1/32", "em0 vhid 1")
	f.Add("'pass KEY", "inet6 ::1-f/64 -alias", "web")
	f.Add("pass KEY'x'", "inet vhid 2 pass KEY inet pass KEY", "")
	f.Fuzz(func(t *testing.T, line, alias, name string) {
		const key = "S3cretKey"
		quote := func(s string) string {
			s = strings.ReplaceAll(s, "pass KEY", "pass "+key)
			return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
		}
		c, err := load(cloned + "ifconfig_carp0=" + quote(line) + " ifconfig_carp0_alias0=" + quote(alias) +
			" ifconfig_carp0_name=" + quote(name) + " ifconfig_em0=" + quote(alias) + " ifconfig_em0_aliases=" + quote(line))
		if err != nil {
			return // a byte 0
		}
		p := NewPlan(c)
		var said []string
		for _, i := range p.Interfaces {
			w, problems := i.Want("carp0")
			for _, problem := range slices.Concat(problems, w.Notes, p.Notes) {
				said = append(said, problem.Error(), strings.Join(problem.Hints, " "))
			}
		}
		if all := strings.Join(said, "\n"); strings.Contains(all, key) && !strings.Contains(line+alias+name, key) {
			t.Errorf("the password is shown:\n%s", all)
		}
	})
}
