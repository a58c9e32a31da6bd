package words

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
)

// Every error that a line can meet, text and first hint word for word.
func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct {
		in, text, hint string
		errno          unix.Errno
	}{
		// Names.
		{"averyveryverylongname create", "averyveryverylongname: cloning name too long",
			"averyveryverylongname: 21 bytes, a name has at most 15", 0},
		{"carp000000000001", "carp000000000001: interface name too long", "carp000000000001: 16 bytes, a name has at most 15", 0},
		{"foo create", "SIOCIFCREATE2: Invalid argument", "foo: the only cloner is carp, which makes carp0 to carp32767", unix.EINVAL},
		{"foo0 plumb", "SIOCIFCREATE2: Invalid argument", "foo0: the only cloner is carp, which makes carp0 to carp32767", unix.EINVAL},
		{"carp00 create", "SIOCIFCREATE2: Invalid argument", "carp00: must be carp or carp0 to carp32767, without leading zeros", unix.EINVAL},
		{"carp-1 create", "SIOCIFCREATE2: Invalid argument", "carp-1: must be carp or carp0 to carp32767, without leading zeros", unix.EINVAL},
		{"carp-0 create", "SIOCIFCREATE2: Invalid argument", "carp-0: must be carp or carp0 to carp32767, without leading zeros", unix.EINVAL},
		{"carpx create", "SIOCIFCREATE2: Invalid argument", "carpx: must be carp or carp0 to carp32767, without leading zeros", unix.EINVAL},
		{"carp32768 create", "SIOCIFCREATE2: Invalid argument", "carp32768: must be carp or carp0 to carp32767, without leading zeros", unix.EINVAL},
		{"../carp0", "interface ../carp0 does not exist", "", unix.ENOENT},
		{" up", "interface '' does not exist", "", unix.ENOENT},
		{"carp\n0 up", `interface "carp\n0" does not exist`, "", unix.ENOENT},

		// Words in the wrong place.
		{"carp0 vhid 1 create", "create: bad value", "carp0: create goes right behind the interface name", 0},
		{"carp0 create plumb", "plumb: bad value", "carp0: plumb goes right behind the interface name", 0},
		{"carp0 vhid 1 destroy", "destroy: bad value", "carp0: destroy must be the only word", 0},
		{"carp0 destroy vhid 1", "destroy: bad value", "carp0: destroy must be the only word", 0},
		{"carp0 vhid 1 inet 192.168.1.50/24", "inet: bad value", "carp0: inet goes right behind the interface name, or behind create", 0},
		{"carp0 inet inet6 2001:db8::1", "inet6: bad value", "carp0: inet6 goes right behind the interface name, or behind create", 0},

		// Values.
		{"carp0 vhid", "'vhid' requires argument",
			"carp0: vhid vhid: virtual host ID, 1 to 255, the same on every host of the group", 0},
		{"carp0 up pass", "'pass' requires argument", "carp0: pass phrase: password of the group, 19 bytes of which count", 0},
		{"carp0 vhid 0", "vhid must be greater than 0", "carp0: vhid 0: must be 1 to 255", 0},
		{"carp0 vhid -1", "vhid must be greater than 0", "carp0: vhid -1: must be 1 to 255", 0},
		{"carp0 vhid 256", "SIOCSVH: Invalid argument", "carp0: vhid 256: must be 1 to 255", unix.EINVAL},
		{"eth0 vhid 256", "vhid must be greater than 0 and less than 255", "eth0: vhid 256: must be 1 to 255", 0},
		{"eth0 vhid 0", "vhid must be greater than 0 and less than 255", "eth0: vhid 0: must be 1 to 255", 0},
		{"carp0 vhid 99999999999999999999", "SIOCSVH: Invalid argument", "carp0: vhid 99999999999999999999: must be 1 to 255", unix.EINVAL},
		{"carp0 advskew 255", "SIOCSVH: Invalid argument", "carp0: advskew 255: must be 0 to 254", unix.EINVAL},
		{"carp0 advskew -1", "SIOCSVH: Invalid argument", "carp0: advskew -1: must be 0 to 254", unix.EINVAL},
		{"carp0 advbase 256", "SIOCSVH: Invalid argument", "carp0: advbase 256: must be 0 to 255", unix.EINVAL},
		{"carp0 advbase -1", "SIOCSVH: Invalid argument", "carp0: advbase -1: must be 0 to 255", unix.EINVAL},
		{"carp0 vhid abc", "abc: bad value", "carp0: vhid abc: not a decimal number", 0},
		{"carp0 vhid 0x10", "0x10: bad value", "carp0: vhid 0x10: not a decimal number", 0},
		{"carp0 vhid +1", "+1: bad value", "carp0: vhid +1: not a decimal number", 0},
		{"carp0 advskew 1_0", "1_0: bad value", "carp0: advskew 1_0: not a decimal number", 0},
		{"carp0 vhid ", "'': bad value", "carp0: vhid '': not a decimal number", 0},
		{"carp0 vhid advskew 100", "advskew: bad value", "carp0: vhid advskew: not a decimal number", 0},
		{"carp0 state init", "unknown state", "carp0: state init: must be master or backup; down leads to init", 0},
		{"carp0 state slave", "unknown state", "carp0: state slave: must be master or backup", 0},
		{"carp0 carpdev averyveryverylongname", "averyveryverylongname: interface name too long",
			"carp0: carpdev: 21 bytes, a name has at most 15", 0},
		{"carp0 carpdev a/b", "a/b: bad value", "carp0: carpdev a/b: not an interface name", 0},
		{"carp0 carpdev ", "'': bad value", "carp0: carpdev '': not an interface name", 0},
		{"carp0 carpdev carp0", "SIOCSVH: Invalid argument", "carp0: carpdev carp0: cannot be its own parent", unix.EINVAL},

		// What is no address.
		{"carp0 vhdi 1", "vhdi: bad value", "did you mean vhid?", 0},
		{"carp0 VHID 1", "VHID: bad value", "did you mean vhid?", 0},
		{"carp0 carp1 up", "carp1: bad value", "carp0: carp1: neither a word nor an address, and names are not looked up", 0},
		{"carp0 dwon", "dwon: bad value", "did you mean down?", 0},
		{"carp0 192.168.1.50/24 advskw 1", "advskw: bad value", "did you mean advskew?", 0},
		{"carp0 password x", "password: bad value", "did you mean pass?", 0},
		{"carp0 passwd x", "passwd: bad value", "did you mean pass?", 0},
		{"carp0 passfil /etc/carp.key", "passfil: bad value", "did you mean passfile?", 0},
		{"carp0 192.168.1.50 mask 255.255.255.0", "mask: bad value", "did you mean netmask?", 0},
		{"carp0 del 192.168.1.50", "del: bad value", "did you mean delete?", 0},
		{"carp0 -l", "-l: bad value", "carp0: -l: not a word; options go before the interface name", 0},
		{"carp0 www.example.org", "www.example.org: bad value",
			"carp0: www.example.org: neither a word nor an address, and names are not looked up", 0},
		{"carp0 192.168.1.500/24", "192.168.1.500/24: bad value", "carp0: 192.168.1.500/24: not an address", 0},
		{"carp0 \x1b[2J", `"\x1b[2J": bad value`, `carp0: "\x1b[2J": neither a word nor an address, and names are not looked up`, 0},
		{"carp0 192.168.1.50/24 192.168.1.51", "192.168.1.51: bad value",
			"carp0: one address a line; a second would be a destination, which carp interfaces have none of", 0},
		{"carp0 mtu 0", "ioctl (set mtu): Invalid argument", "carp0: mtu 0: must be 1 to 65535", unix.EINVAL},
		{"carp0 mtu 9k", "9k: bad value", "carp0: mtu 9k: not a decimal number", 0},
		{"carp0 metric -1", "ioctl (set metric): Invalid argument", "carp0: metric -1: must be 0 to 2147483647", unix.EINVAL},
		{"carp0 monitor", "monitor: Operation not supported",
			"carp0: monitor would keep the addresses and not answer for them; down hands them over", unix.EOPNOTSUPP},
		{"carp0 carpver 3", "SIOCSVH: Operation not supported",
			"carp0: carpver 3: is VRRP's; this program speaks CARP only", unix.EOPNOTSUPP},
		{"carp0 carpver 4", "version must be 2 or 3", "carp0: carpver 4: must be 2", 0},
		{"eth0 vhid 0", "vhid must be greater than 0 and less than 255", "eth0: vhid 0: must be 1 to 255", 0},
		{"carp0 inet6 2001:db8::1 pltime soon", "invalid pltime", "carp0: pltime soon: must be a number of seconds, or infty", 0},
		{"carp0 inet6 2001:db8::1 pltime 20 vltime 10", "ioctl (SIOCAIFADDR): Invalid argument",
			"carp0: vltime must be 1 or more, and pltime not more than vltime", unix.EINVAL},
		{"carp0 192.0.2.1/24 vltime 10", "vltime not allowed for the AF", "carp0: vltime: for IPv6 only", 0},
		{"carp0 192.0.2.1/24 anycast", "address flags can be set only for inet6 addresses", "carp0: anycast: for IPv6 only", 0},
		{"carp0 inet6 2001:db8::1 -no_dad", "-no_dad: Operation not supported",
			"carp0: -no_dad cannot be: the other hosts of the group have the same address, and a probe would find it", unix.EOPNOTSUPP},
		{"carp0 pass x carpnodes 1:0", "carpnodes: Operation not supported",
			"carp0: carpnodes is OpenBSD's way of balancing, which FreeBSD and NetBSD do not understand; " +
				"make a carp interface for each vhid, with net.inet.carp.arpbalance=1 if they share an address", unix.EOPNOTSUPP},
		{"carp0 peer fe80::1", "fe80::1: bad value", "carp0: peer fe80::1: not an inet address, and names are not looked up", 0},
		{"carp0 peer6 10.0.0.1", "10.0.0.1: bad value", "carp0: peer6 10.0.0.1: not an inet6 address, and names are not looked up", 0},
		{"carp0 peer 224.0.0.18", "SIOCSVH: Invalid argument", "carp0: peer 224.0.0.18: must be the address of one host", unix.EINVAL},
		{"carp0 backing tun", "SIOCSVH: Invalid argument", "carp0: backing is chosen at create, for good", unix.EINVAL},
		{"carp0 create backing bond", "bond: bad value", "carp0: backing bond: must be macvlan or tun", 0},
		{"carp0 group web1", "setifgroup: group names may not end in a digit", "carp0: group web1", 0},
		{"carp0 group abcdefghijklmnop", "setifgroup: group name too long", "carp0: group: 16 bytes, a name has at most 15", 0},
		{"carp0 -group web1", "unsetifgroup: group names may not end in a digit", "carp0: -group web1", 0},
		{"carp0 -group abcdefghijklmnop", "unsetifgroup: group name too long", "carp0: -group: 16 bytes, a name has at most 15", 0},
		{"carp0 group a/1", "setifgroup: group names may not end in a digit", "carp0: group a/1", 0},
		{"carp0 -group carp", "SIOCDIFGROUP: Operation not supported", "carp0: -group carp: every carp interface is in it", unix.EOPNOTSUPP},
		{"carp0 name abcdefghijklmnop", "abcdefghijklmnop: interface name too long",
			"carp0: name: 16 bytes, a name has at most 15", 0},
		{"carp0 name ", "ioctl SIOCSIFNAME (set name): Invalid argument",
			"carp0: name '': must be of letters, digits, -, . and _, and begin with neither - nor .", unix.EINVAL},
		{"carp0 name a/b", "ioctl SIOCSIFNAME (set name): Invalid argument",
			"carp0: name a/b: must be of letters, digits, -, . and _, and begin with neither - nor .", unix.EINVAL},
		{"carp0 name -web", "ioctl SIOCSIFNAME (set name): Invalid argument",
			"carp0: name -web: must be of letters, digits, -, . and _, and begin with neither - nor .", unix.EINVAL},
		{"carp0 name .web", "ioctl SIOCSIFNAME (set name): Invalid argument",
			"carp0: name .web: must be of letters, digits, -, . and _, and begin with neither - nor .", unix.EINVAL},
		{"carp0 name web%d", "ioctl SIOCSIFNAME (set name): Invalid argument",
			"carp0: name web%d: must be of letters, digits, -, . and _, and begin with neither - nor .", unix.EINVAL},
		{"carp0 name sysctl", "ioctl SIOCSIFNAME (set name): Invalid argument",
			"carp0: name sysctl: that name has a meaning of its own", unix.EINVAL},
		{"carp0 name carp", "ioctl SIOCSIFNAME (set name): Invalid argument",
			"carp0: name carp: that name has a meaning of its own", unix.EINVAL},
		{"carp0 laggport em0", "laggport: Operation not supported",
			"carp0: laggport is a word of ifconfig(8) that is not for carp interfaces", unix.EOPNOTSUPP},

		// IPv4 addresses.
		{"carp0 192.168.1.50/33", "33: bad value (width too large)", "carp0: 192.168.1.50/33: the length must be 0 to 32", 0},
		{"carp0 192.168.1.50/99999999999999999999", "99999999999999999999: bad value (width too large)",
			"carp0: 192.168.1.50/99999999999999999999: the length must be 0 to 32", 0},
		{"carp0 192.168.1.50/-1", "-1: bad value (width invalid)", "carp0: 192.168.1.50/-1: the length must be 0 to 32", 0},
		{"carp0 192.168.1.50/", "'': bad value (width invalid)", "carp0: 192.168.1.50/: the length must be 0 to 32", 0},
		{"carp0 192.168.1.50 netmask 255.0.255.0", "255.0.255.0: bad value",
			"carp0: netmask 255.0.255.0: its ones are not contiguous from the left", 0},
		{"carp0 192.168.1.50 netmask 0xff", "0xff: bad value", "carp0: netmask 0xff: its ones are not contiguous from the left", 0},
		{"carp0 192.168.1.50 netmask 0x1ffffff00", "0x1ffffff00: bad value",
			"carp0: netmask 0x1ffffff00: must be like 255.255.255.0 or 0xffffff00", 0},
		{"carp0 192.168.1.50 netmask 24", "24: bad value", "carp0: netmask 24: must be like 255.255.255.0 or 0xffffff00", 0},
		{"carp0 netmask 255.255.255.0", "ioctl (SIOCAIFADDR): Invalid argument",
			"carp0: netmask 255.255.255.0: there is no address on the line for it", unix.EINVAL},
		{"carp0 192.168.1.50 prefixlen 33", "33: bad value", "carp0: prefixlen 33: must be 0 to 32 with an IPv4 address", 0},
		{"carp0 192.168.1.050/24", "192.168.1.050/24: bad value",
			"carp0: 192.168.1.050/24: not an address; leading zeros make a number octal on the BSDs", 0},
		{"carp0 inet6 2001:db8::1 broadcast 192.168.1.255", "192.168.1.255: bad value",
			"carp0: broadcast 192.168.1.255: inet6 has no broadcast address", 0},
		{"carp0 inet6 2001:db8::1 netmask 255.255.255.0 prefixlen 64", "255.255.255.0: bad value",
			"carp0: netmask 255.255.255.0: inet6 takes prefixlen", 0},
		{"carp0 inet6 broadcast 192.168.1.255", "192.168.1.255: bad value",
			"carp0: broadcast 192.168.1.255: inet6 has no broadcast address", 0},
		{"carp0 192.168.1.50/24 broadcast x", "x: bad value", "carp0: broadcast x: not an IPv4 address", 0},
		{"carp0 inet 2001:db8::10", "2001:db8::10: bad value", "carp0: 2001:db8::10: not an inet address", 0},
		{"carp0 224.0.0.18/24", "ioctl (SIOCAIFADDR): Invalid argument", "carp0: 224.0.0.18/24 is a multicast address", unix.EINVAL},
		{"carp0 0.0.0.0/0", "ioctl (SIOCAIFADDR): Invalid argument", "carp0: 0.0.0.0/0 is not an address of a host", unix.EINVAL},
		{"carp0 255.255.255.255/32", "ioctl (SIOCAIFADDR): Invalid argument", "carp0: 255.255.255.255/32 is the broadcast address", unix.EINVAL},
		{"carp0 127.0.0.5/8", "ioctl (SIOCAIFADDR): Invalid argument", "carp0: 127.0.0.5/8 is a loopback address", unix.EINVAL},
		{"carp0 192.168.1.0/24", "ioctl (SIOCAIFADDR): Invalid argument",
			"carp0: 192.168.1.0/24 is the network address of its own subnet", unix.EINVAL},
		{"carp0 alias 192.168.1.3/30", "ioctl (SIOCAIFADDR): Invalid argument",
			"carp0: 192.168.1.3/30 is the broadcast address of its own subnet", unix.EINVAL},

		// IPv6 addresses.
		{"carp0 inet6 192.168.1.50", "192.168.1.50: bad value", "carp0: 192.168.1.50: not an inet6 address", 0},
		{"carp0 2001:db8::10/129", "129: bad value", "carp0: 2001:db8::10/129: the length must be 0 to 128", 0},
		{"carp0 inet6 2001:db8::10 prefixlen 129", "129: bad value", "carp0: prefixlen 129: must be 0 to 128", 0},
		{"carp0 inet6 2001:db8::10 prefixlen x", "x: bad value", "carp0: prefixlen x: must be 0 to 128", 0},
		{"carp0 2001:db8::10 netmask 255.255.255.0", "255.255.255.0: bad value",
			"carp0: netmask 255.255.255.0: inet6 takes prefixlen", 0},
		{"carp0 pass x inet6 fe80::1", "inet6: bad value", "carp0: inet6 goes right behind the interface name, or behind create", 0},
		{"carp0 pass x fe80::1%eth0", "fe80::1%eth0: bad value",
			"carp0: a virtual address belongs to its own interface; leave %eth0 away", 0},
		{"carp0 ff02::12", "ioctl (SIOCAIFADDR): Invalid argument", "carp0: ff02::12/64 is a multicast address", unix.EINVAL},
		{"carp0 ::", "ioctl (SIOCAIFADDR): Invalid argument", "carp0: ::/64 is not an address of a host", unix.EINVAL},
		{"carp0 ::1/128", "ioctl (SIOCAIFADDR): Invalid argument", "carp0: ::1/128 is a loopback address", unix.EINVAL},
		{"carp0 ::ffff:10.0.0.1", "ioctl (SIOCAIFADDR): Invalid argument",
			"carp0: ::ffff:10.0.0.1/64 is an IPv4 address in IPv6 writing", unix.EINVAL},
		{"carp0 inet6 delete", "ioctl (SIOCDIFADDR): Can't assign requested address",
			"carp0: inet6 delete: say which address", unix.EADDRNOTAVAIL},
	} {
		t.Run(tt.in, func(t *testing.T) {
			line, err := Parse(strings.Split(tt.in, " "))
			e, ok := errors.AsType[*bsderr.Error](err)
			if !ok {
				t.Fatalf("got %+v, %v", line, err)
			}
			hint := ""
			if len(e.Hints) > 0 {
				hint = e.Hints[0]
			}
			if e.Text != tt.text || hint != tt.hint || e.Errno != tt.errno {
				t.Errorf("got  %q, %q, %d\nwant %q, %q, %d", e.Text, hint, e.Errno, tt.text, tt.hint, tt.errno)
			}
		})
	}
	if _, err := Parse(nil); err == nil {
		t.Error("no interface at all: no error")
	}
}

// A word taken for another's value is the likeliest reason of what follows.
func TestParseExplainsTakenWord(t *testing.T) {
	_, err := Parse([]string{"carp0", "carpdev", "vhid", "1"})
	const want = "1: bad value\n" +
		"hint: carp0: 1: neither a word nor an address, and names are not looked up\n" +
		"hint: carp0: carpdev takes the word after it as its value, whatever it is"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// The first mistake from the left is the one reported.
func TestParseReportsFirstMistake(t *testing.T) {
	_, err := Parse([]string{"carp0", "224.0.0.1", "advskew", "255", "vhid", "0"})
	if err == nil || !strings.HasPrefix(err.Error(), "SIOCSVH: ") {
		t.Errorf("got %v", err)
	}
}
