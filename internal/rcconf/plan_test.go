package rcconf

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// planned is a plan as text: an interface, then its calls of ifconfig(8), then what
// is wrong with it, with the places.
func planned(t *testing.T, text string) string {
	t.Helper()
	c, err := load(text)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	p := NewPlan(c)
	for _, i := range p.Interfaces {
		fmt.Fprintf(&b, "%s", i.Title())
		for _, flag := range []struct {
			on   bool
			name string
		}{{i.Cloned, "cloned"}, {i.Sticky, "sticky"}, {i.NoAuto, "noauto"}} {
			if flag.on {
				b.WriteString(" " + flag.name)
			}
		}
		b.WriteString("\n")
		for _, l := range i.Lines {
			fmt.Fprintf(&b, "\t%s\n", strings.Join(l.Args("")[1:], "|"))
		}
		for _, problem := range i.Problems {
			fmt.Fprintf(&b, "\t! %s\n", problem)
		}
	}
	for _, h := range p.Hosts {
		fmt.Fprintf(&b, "host %s %v", h.Name, h.Addresses)
		if h.DHCP {
			b.WriteString(" dhcp")
		}
		b.WriteString("\n")
	}
	if p.Wait != nil {
		fmt.Fprintf(&b, "wait %v\n", *p.Wait)
	}
	for from, to := range p.Map {
		fmt.Fprintf(&b, "map %s %s\n", from, to)
	}
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "note %s\n", n)
	}
	return b.String()
}

func TestPlan(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"nothing", `hostname="x" sshd_enable=YES`, ""},
		{"the handbook's provider", "file:provider.rc.conf", `
carp0 cloned
	vhid|1|advskew|100|pass|testpass|192.168.1.50/24
	up
carp1 cloned
	vhid|2|advskew|100|pass|testpass|192.168.1.51/24
	up
host fxp0 [192.168.1.5]
`},
		{"only created", `cloned_interfaces="carp0"`, `
carp0 cloned
`},
		{"others' clones", `cloned_interfaces="lo1 carp0 vlan5"
ifconfig_lo1="inet 127.0.0.2/8"`, `
carp0 cloned
host lo1 [127.0.0.2]
`},
		{"stickiness", `cloned_interfaces="carp0:sticky carp1:nosticky carp2 carp3:stiky carp2"
cloned_interfaces_sticky=yes`, `
carp0 cloned sticky
carp1 cloned
carp2 cloned sticky
carp3 cloned sticky
note rc.conf:1:54: carp3: behind the colon goes sticky or nosticky
note rc.conf:1:66: carp2 is listed twice
`},
		{"a bare driver", `cloned_interfaces="carp"`, `
note rc.conf:1:20: carp: an interface in cloned_interfaces needs its number
`},
		{"all variables, in rc's order", `cloned_interfaces="carp0"
create_args_carp0="vhid 1"
ifconfig_carp0_descr="the web  servers' address"
ifconfig_carp0_alias1="inet6 2001:db8::51/64"
ifconfig_carp0_alias0="inet 192.168.1.51/32"
ifconfig_carp0_aliases="inet 192.168.1.60/32 inet6 2001:db8::60/64"
ipv4_addrs_carp0="192.168.1.70/24 192.168.1.71/32"
ifconfig_carp0_ipv6="inet6 2001:db8::50 prefixlen 64"
ifconfig_carp0="pass x 192.168.1.50/24"`, `
carp0 cloned
	create|vhid|1
	pass|x|192.168.1.50/24
	inet6|2001:db8::50|prefixlen|64
	description|the web  servers' address
	up
	inet|192.168.1.60/32|alias
	inet|192.168.1.51/32|alias
	inet|192.168.1.70/24|alias
	inet|192.168.1.71/32|alias
	inet6|2001:db8::60/64|alias
	inet6|2001:db8::51/64|alias
`},
		{"gaps, two digits, an empty one ends", `cloned_interfaces=carp0
ifconfig_carp0_alias10="inet 10.0.0.10/32"
ifconfig_carp0_alias2="inet 10.0.0.2/32"
ifconfig_carp0_alias11=""
ifconfig_carp0_alias12="inet 10.0.0.12/32"
ifconfig_carp0_aliasx="inet 10.0.0.99/32"`, `
carp0 cloned
	inet|10.0.0.2/32|alias
	inet|10.0.0.10/32|alias
host carp0_aliasx [10.0.0.99]
`},
		{"words for rc", `cloned_interfaces=carp0 ifconfig_carp0="SYNCDHCP vhid 1 pass WPA vnet j1 noauto 10.0.0.1/24"`, `
carp0 cloned noauto
	vhid|1|pass|WPA|10.0.0.1/24
	up
note rc.conf:1:41: SYNCDHCP: not done for a carp interface
note rc.conf:1:66: vnet: not done for a carp interface
`},
		{"the default", `cloned_interfaces="carp0 carp1" ifconfig_DEFAULT="vhid 9" ifconfig_carp1=""`, `
carp0 cloned
	vhid|9
	up
carp1 cloned
`},
		{"quotes in the value", `cloned_interfaces=carp0 ifconfig_carp0="pass 'a  b' descr \"c\\\"d\" group x\\ y 'z'"`, `
carp0 cloned
	pass|a b|descr|c"d|group|x y|z
	up
note rc.conf:1:46: several blanks in a row in a word, of which rc keeps one
`},
		{"blanks that stay several, and lines", `cloned_interfaces=carp0 ifconfig_carp0="  pass a\\ \\ b
	vhid 1

	10.0.0.1/24 "`, `
carp0 cloned
	pass|a  b|vhid|1|10.0.0.1/24
	up
`},
		{"a line that goes on within single quotes", `cloned_interfaces='carp0 carp1' ifconfig_carp0='vhid 1 \
	pass x' ifconfig_carp1='pass x\\
	vhid 1'`, `
carp0 cloned
	! rc.conf:1:56: a \ at the end of a line within single quotes, where it stays one
carp1 cloned
	pass|x\|vhid|1
	up
`},
		{"what the shell would see", "cloned_interfaces='carp0 carp1 carp2 carp3 carp4'\n" +
			`ifconfig_carp0='pass a$b' ifconfig_carp1='pass "a$b"' ifconfig_carp2="pass 'a"
ifconfig_carp3="pass #1" ifconfig_carp4='pass a;b'`, `
carp0 cloned
	! rc.conf:2:23: a character of the shell's: rc reads this value a second time
carp1 cloned
	! rc.conf:2:50: a character of the shell's: rc reads this value a second time
carp2 cloned
	! rc.conf:2:76: a quote within the value that is not closed
carp3 cloned
	! rc.conf:3:22: a character of the shell's: rc reads this value a second time
carp4 cloned
	! rc.conf:3:48: a character of the shell's: rc reads this value a second time
`},
		{"families forgotten", `cloned_interfaces=carp0 ifconfig_carp0_ipv6="2001:db8::1/64" ifconfig_carp0_alias0="10.0.0.2/32"`, `
carp0 cloned
	inet6|2001:db8::1/64
	up
	inet|10.0.0.2/32|alias
note rc.conf:1:46: $ifconfig_carp0_ipv6 needs leading "inet6" keyword for an IPv6 address.
note rc.conf:1:85: $ifconfig_carp0_alias0 needs leading "inet" keyword for an IPv4 address.
`},
		{"FreeBSD 8's IPv6", `cloned_interfaces=carp0 ipv6_ifconfig_carp0="2001:db8::1/64" ipv6_ifconfig_carp0_alias0="2001:db8::2/64"`, `
carp0 cloned
	inet6|2001:db8::1/64
	up
	inet6|2001:db8::2/64|alias
note rc.conf:1:45: $ipv6_ifconfig_carp0 is obsolete.   Use ifconfig_carp0_ipv6 instead.
note rc.conf:1:62: $ipv6_ifconfig_carp0_alias0 is obsolete.  Use ifconfig_carp0_aliasN instead.
`},
		{"ranges", `cloned_interfaces=carp0
ipv4_addrs_carp0="10.0.0.5-7/24 10.1-2.0.9"
ifconfig_carp0_aliases="inet6 2001:db8::9-b/48 inet 10.0.1.1-2 netmask 255.255.255.0"
ifconfig_carp0_alias0="inet vhid 1 pass 1.2-3 10.0.2.1-2/25"`, `
carp0 cloned
	inet|10.0.1.1|netmask|255.255.255.0|alias
	inet|10.0.1.2|netmask|255.255.255.0|alias
	inet|vhid|1|pass|1.2-3|10.0.2.1/25|alias
	inet|vhid|1|pass|1.2-3|10.0.2.2/32|alias
	inet|10.0.0.5/24|alias
	inet|10.0.0.6/32|alias
	inet|10.0.0.7/32|alias
	inet|10.1.0.9/32|alias
	inet|10.2.0.9/32|alias
	inet6|2001:db8::9/48|alias
	inet6|2001:db8::a/48|alias
	inet6|2001:db8::b/48|alias
`},
		{"ranges that are none", `cloned_interfaces=carp0 netif_ipexpand_max=3
ipv4_addrs_carp0="10.0.0.7-5/24 10.0.0.1-4/24 10.0.0.1-3/24"`, `
carp0 cloned
	inet|10.0.0.1/24|alias
	inet|10.0.0.2/32|alias
	inet|10.0.0.3/32|alias
	! rc.conf:2:19: not a range of addresses
	! rc.conf:2:33: Range specification is too large: 4 addresses
`},
		{"renamed", `cloned_interfaces=carp0 ifconfig_carp0_name=web.1 ifconfig_carp0="vhid 1" ifconfig_web_1="vhid 2"
ifconfig_web_1_alias0="inet 10.0.0.1/24"`, `
web.1 cloned
	name|web.1
	vhid|2
	up
	inet|10.0.0.1/24|alias
`},
		{"waiting", `carp_wait=90`, "wait 1m30s\n"},
		{"waiting for nothing", `carp_wait=0`, "wait 0s\n"},
		{"waiting without end", `carp_wait=forever`, "wait " + Forever.String() + "\n"},
		{"waiting so long", `carp_wait="1 min"`, "note rc.conf:1:11: carp_wait: neither a number of seconds nor forever\n"},
		{"not cloned", `ifconfig_carp0="vhid 1" ifconfig_carp0_alias0="inet 10.0.0.1/24"`, `
carp0
	vhid|1
	up
	inet|10.0.0.1/24|alias
note rc.conf:1:1: ifconfig_carp0: carp0 is not in cloned_interfaces
`},
		{"vhids on a parent", `ifconfig_em0="inet 192.168.1.3/24 -tso"
ifconfig_em0_alias0="inet vhid 1 advskew 100 pass testpass alias 192.168.1.50/32"
ifconfig_em0_alias1="inet6 vhid 1 2001:db8::50/128"
ifconfig_em0_alias2="inet vhid 2 192.168.1.51/32"
ifconfig_em0_alias3="192.168.1.4/32"
ifconfig_em1="DHCP" carp_map="em0=eth0 em1.5=eth1.5 nonsense"`, `
em0 vhid 1 cloned
	inet|vhid|1|advskew|100|pass|testpass|alias|192.168.1.50/32|alias
	inet6|vhid|1|2001:db8::50/128|alias
em0 vhid 2 cloned
	inet|vhid|2|192.168.1.51/32|alias
host em0 [192.168.1.3 192.168.1.4]
host em1 [] dhcp
map em0 eth0
map em1_5 eth1.5
note rc.conf:6:53: carp_map: not of the form fxp0=eth0
note rc.conf:5:22: $ifconfig_em0_alias3 needs leading "inet" keyword for an IPv4 address.
`},
		{"a physical interface's own words are nobody's business", `ifconfig_em0='inet 10.0.0.1 netmask 255.255.255.0 media "x;y' ifconfig_em1="inet $x"`,
			"host em0 [10.0.0.1]\nhost em1 []\nnote rc.conf:1:82: a variable that is not set, taken as empty\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if file, ok := strings.CutPrefix(tt.in, "file:"); ok {
				data, err := os.ReadFile("testdata/" + file)
				if err != nil {
					t.Fatal(err)
				}
				tt.in = string(data)
			}
			got := strings.Split(planned(t, tt.in), "\n")
			want := strings.Split(strings.TrimPrefix(tt.want, "\n"), "\n")
			if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// sorted puts maps and hosts in an order that does not depend on a map's.
func sorted(lines []string) []string {
	var head, tail []string
	for _, l := range lines {
		if strings.HasPrefix(l, "map ") {
			tail = append(tail, l)
		} else {
			head = append(head, l)
		}
	}
	if len(tail) == 2 && tail[0] > tail[1] {
		tail[0], tail[1] = tail[1], tail[0]
	}
	return append(head, tail...)
}
