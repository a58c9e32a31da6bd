package words

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsdif"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// render writes a line as a person could have typed it, family first and the
// rest in the order of the fields.
func render(l Line) []string {
	args := []string{l.Name}
	if l.Create {
		args = append(args, "create")
	}
	if l.Destroy {
		args = append(args, "destroy")
	}
	c := l.Change
	if c.VHID != nil {
		args = append(args, "vhid", c.VHID.String())
	}
	if c.AdvBase != nil {
		args = append(args, "advbase", strconv.Itoa(int(*c.AdvBase)))
	}
	if c.AdvSkew != nil {
		args = append(args, "advskew", strconv.Itoa(int(*c.AdvSkew)))
	}
	if c.Pass != nil {
		args = append(args, "pass", string(*c.Pass))
	}
	if c.CarpDev != nil && *c.CarpDev == "" {
		args = append(args, "-carpdev")
	} else if c.CarpDev != nil {
		args = append(args, "carpdev", *c.CarpDev)
	}
	for _, a := range c.Addresses {
		switch a.Op {
		case control.AddressAdd:
			args = append(args, "alias")
		case control.AddressDelete:
			args = append(args, "-alias")
		}
		if a.Prefix.IsValid() {
			args = append(args, a.Prefix.String())
		}
	}
	if c.Up != nil && *c.Up {
		args = append(args, "up")
	} else if c.Up != nil {
		args = append(args, "down")
	}
	if c.Peer != nil {
		args = append(args, unicast("peer", "mcast", *c.Peer)...)
	}
	if c.Peer6 != nil {
		args = append(args, unicast("peer6", "mcast6", *c.Peer6)...)
	}
	if c.Description != nil {
		args = append(args, "description", *c.Description)
	}
	for _, g := range c.Groups {
		if g.Leave {
			args = append(args, "-group", g.Name)
		} else {
			args = append(args, "group", g.Name)
		}
	}
	if c.Backing != nil {
		args = append(args, "backing", string(*c.Backing))
	}
	if l.PassFile != "" {
		args = append(args, "passfile", l.PassFile)
	}
	if c.State != nil {
		args = append(args, "state", c.State.String())
	}
	if c.Name != nil {
		args = append(args, "name", *c.Name)
	}
	if c.Metric != nil {
		args = append(args, "metric", strconv.Itoa(*c.Metric))
	}
	if c.MTU != nil {
		args = append(args, "mtu", strconv.Itoa(*c.MTU))
	}
	args = append(args, flagWordsOf(c.SetFlags, true)...)
	args = append(args, flagWordsOf(c.ClearFlags, false)...)
	for _, a := range c.Addresses {
		args = append(args, said6(a)...)
	}
	return args
}

// flagWordsOf are the words that set flags, or clear them.
func flagWordsOf(flags bsdif.Flags, on bool) (args []string) {
	for _, name := range flags.Names() {
		switch {
		case name == "NOARP" && on:
			args = append(args, "-arp")
		case name == "NOARP":
			args = append(args, "arp")
		case on:
			args = append(args, strings.ToLower(name))
		default:
			args = append(args, "-"+strings.ToLower(name))
		}
	}
	return args
}

// said6 are the words about an IPv6 address.
func said6(a control.AddressChange) (args []string) {
	for word, is := range map[string]bool{"anycast": a.Inet6.Anycast, "deprecated": a.Inet6.Deprecated,
		"autoconf": a.Inet6.AutoConf, "eui64": a.EUI64} {
		if is {
			args = append(args, word)
		}
	}
	if a.Inet6.Pltime != nil {
		args = append(args, "pltime", a.Inet6.Pltime.String())
	}
	if a.Inet6.Vltime != nil {
		args = append(args, "vltime", a.Inet6.Vltime.String())
	}
	return args
}

func unicast(peer, mcast string, addr netip.Addr) []string {
	if addr.IsValid() {
		return []string{peer, addr.String()}
	}
	return []string{mcast}
}

// checkRoundTrip holds a parsed line against its rendering.
func checkRoundTrip(t interface{ Errorf(string, ...any) }, args []string, line Line) {
	again, err := Parse(render(line))
	if err != nil {
		t.Errorf("%q was taken, %q is refused: %v", args, render(line), err)
		return
	}
	// The rendering always has a mask, so that note may go.
	line.Notes, again.Notes = nil, nil
	// Which word came first is not for rendering.
	line.Unnumbered, again.Unnumbered = "", ""
	if diff := cmp.Diff(line, again, compareLines); diff != "" {
		t.Errorf("%q against %q:\n%s", args, render(line), diff)
	}
}

// anyWord draws words of the grammar, values good and bad, and noise.
func anyWord() *rapid.Generator[string] {
	var known []string
	for _, w := range All() {
		known = append(append(known, w.Name), w.Synonyms...)
	}
	return rapid.OneOf(
		rapid.SampledFrom(known),
		rapid.SampledFrom([]string{"0", "1", "254", "255", "256", "-1", "master", "BACKUP", "init", "eth0", "mtu", "",
			"192.168.1.50/24", "10.0.0.1", "192.168.1.0/24", "2001:db8::1/64", "fe80::1%carp0", "255.255.255.0", "0xffffff00"}),
		rapid.StringN(0, 24, 40),
	)
}

func TestParseNeverPanics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.SampledFrom([]string{"carp0", "carp", "eth0"}), rapid.String()).Draw(t, "name")
		args := append([]string{name}, rapid.SliceOfN(anyWord(), 0, 10).Draw(t, "words")...)
		line, err := Parse(args)
		if err == nil {
			checkRoundTrip(t, args, line)
		}
	})
}

func TestRenderingParsesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawLine(t)
		got, err := Parse(render(want))
		if err != nil {
			t.Fatalf("%q: %v", render(want), err)
		}
		got.Notes = nil
		if diff := cmp.Diff(want, got, compareLines); diff != "" {
			t.Errorf("%q (-want +got):\n%s", render(want), diff)
		}
	})
}

func drawLine(t *rapid.T) Line {
	line := Line{Name: "carp" + strconv.Itoa(rapid.IntRange(0, maxUnit).Draw(t, "unit"))}
	switch rapid.IntRange(0, 2).Draw(t, "clone") {
	case 1:
		line.Create = true
	case 2:
		line.Destroy = true
		return line
	}
	c := &line.Change
	given := func(word string) bool { return rapid.Bool().Draw(t, word) }
	if given("vhid") {
		c.VHID = new(carp.VHID(rapid.IntRange(1, 255).Draw(t, "vhid value")))
	}
	if given("advbase") {
		c.AdvBase = new(carp.AdvBase(rapid.IntRange(0, 255).Draw(t, "advbase value")))
	}
	if given("advskew") {
		c.AdvSkew = new(carp.AdvSkew(rapid.IntRange(0, 254).Draw(t, "advskew value")))
	}
	if given("pass") {
		isPhrase := func(text string) bool { return text != Stdin } // pass - is none
		c.Pass = new(control.Password(rapid.String().Filter(isPhrase).Draw(t, "phrase")))
	}
	if given("carpdev") {
		c.CarpDev = new(rapid.StringMatching(`(eth[0-9]{0,3}(\.[0-9]{1,4})?)?`).Draw(t, "parent"))
	}
	if given("up") {
		c.Up = new(given("upness"))
	}
	if given("state") {
		c.State = new(rapid.SampledFrom([]carp.State{carp.Backup, carp.Master}).Draw(t, "state value"))
	}
	if given("name") {
		c.Name = new(rapid.StringMatching(`[a-z]{3}[0-9a-zA-Z._-]{0,12}`).Draw(t, "new name"))
		if slices.Contains(reserved, *c.Name) {
			c.Name = nil
		}
	}
	if given("address") {
		c.Addresses = []control.AddressChange{drawAddress(t)}
	}
	return line
}

func drawAddress(t *rapid.T) control.AddressChange {
	op := rapid.SampledFrom([]control.AddressOp{control.AddressSet, control.AddressAdd, control.AddressDelete}).Draw(t, "op")
	low := byte(rapid.IntRange(1, 254).Draw(t, "host"))
	if op != control.AddressSet && rapid.Bool().Draw(t, "IPv6") {
		addr := netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 15: low})
		return control.AddressChange{Op: op, Prefix: netip.PrefixFrom(addr, rapid.IntRange(0, 128).Draw(t, "length"))}
	}
	if op == control.AddressDelete && rapid.Bool().Draw(t, "the first") {
		return control.AddressChange{Op: op}
	}
	addr := netip.AddrFrom4([4]byte{192, 168, 1, low})
	return control.AddressChange{Op: op, Prefix: netip.PrefixFrom(addr, rapid.IntRange(0, 24).Draw(t, "length"))}
}

// FuzzParse takes a line with its arguments parted by newlines.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"carp0", "carp create", "carp0 destroy", "carp0 create vhid 1 advskew 100 pass testpass 192.168.1.50/24",
		"carp0 inet 192.168.1.50 netmask 0xffffff00 broadcast 192.168.1.255", "carp0 inet6 fe80::1%carp0 prefixlen 64 alias",
		"carp0 carpdev eth0 state master up", "carp0 -alias", "carp0 -carpdev down", "carp0 vhdi 1", "carp0 vhid 256",
		"carp0 carpdev pass secret", "carp0 pass two words", "carp0 peer 10.0.0.1", "carp0 192.168.1.50/33", "carp0 vhid",
		"carp0 name web",
	} {
		f.Add(strings.ReplaceAll(seed, " ", "\n"))
	}
	f.Fuzz(func(t *testing.T, in string) {
		args := strings.Split(in, "\n")
		line, err := Parse(args)
		if err == nil {
			checkRoundTrip(t, args, line)
			return
		}
		if strings.Contains(err.Error(), "\x1b") || strings.Contains(err.Error(), "\x00") {
			t.Errorf("%q: control characters in %q", args, err.Error())
		}
		for i, phrase := range args[1:] {
			// A short one, or one that is a word, may well stand in the texts.
			if args[i] == "pass" && len(phrase) > 12 && strings.Contains(err.Error(), phrase) && !slices.Contains(args[:1], phrase) {
				t.Errorf("%q: tells the password: %v", args, err)
			}
		}
	})
}
