package words

import (
	"errors"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

func carpWords() []row {
	rows := []row{
		{Word{Name: "vhid", Family: Carp, Arg: "vhid",
			Help: "virtual host ID, 1 to 255, the same on every host of the group"}, vhid},
		{Word{Name: "advbase", Family: Carp, Arg: "seconds",
			Help: "advertisement interval, 0 to 255 seconds, 1 unless set"}, advBase},
		{Word{Name: "advskew", Family: Carp, Arg: "interval",
			Help: "added to the interval, 0 to 254 in 1/256 s; the smallest becomes master"}, advSkew},
		{Word{Name: "carpdev", Family: Carp, Arg: "iface",
			Help: "parent interface, otherwise the one whose subnet holds the address"}, carpDev},
		{Word{Name: "-carpdev", Family: Carp,
			Help: "choose the parent by the address again"}, noCarpDev},
		{Word{Name: "state", Family: Carp, Arg: "state",
			Help: "become master or backup now"}, state},
		{Word{Name: "peer", Synonyms: []string{"carppeer"}, Family: Carp, Arg: "address",
			Help: "advertise to this IPv4 host only, by unicast"}, peer(Inet)},
		{Word{Name: "mcast", Synonyms: []string{"-peer", "-carppeer"}, Family: Carp,
			Help: "advertise to 224.0.0.18 again"}, mcast(Inet)},
		{Word{Name: "peer6", Family: Carp, Arg: "address",
			Help: "advertise to this IPv6 host only, by unicast"}, peer(Inet6)},
		{Word{Name: "mcast6", Synonyms: []string{"-peer6"}, Family: Carp,
			Help: "advertise to ff02::12 again"}, mcast(Inet6)},
		{Word{Name: "carpver", Family: Carp, Arg: "version",
			Help: "version of the protocol, 2; 3 would be VRRP"}, carpVersion},
		{Word{Name: "backing", Family: Carp, Arg: "kind",
			Help: "what bears the addresses, macvlan or tun; at create only"}, backing},
	}
	return append(rows, passWords()...)
}

func vhid(p *parser, value string) (err error) {
	// The tool itself catches these, before the kernel could; hence the other
	// texts (ifcarp.c of FreeBSD 9; carp.c of 10 and later, which looks at both ends).
	if n, ok := decimal(value); ok {
		_, bad := carp.NewVHID(n)
		hint := p.hint("vhid %s: must be 1 to 255", p.shown())
		switch {
		case bad != nil && IsParent(p.line.Name):
			return bsderr.New("vhid must be greater than 0 and less than 255", hint)
		case n <= 0:
			return bsderr.New("vhid must be greater than 0", hint)
		}
	}
	p.line.Change.VHID, err = number(p, value, carp.NewVHID)
	return err
}

func advBase(p *parser, value string) (err error) {
	p.line.Change.AdvBase, err = number(p, value, carp.NewAdvBase)
	return err
}

func advSkew(p *parser, value string) (err error) {
	p.line.Change.AdvSkew, err = number(p, value, carp.NewAdvSkew)
	return err
}

func carpDev(p *parser, value string) error {
	switch {
	case len(value) >= nameSize:
		return bsderr.New(p.shown()+": interface name too long",
			p.hint("carpdev: %d bytes, a name has at most %d", len(value), nameSize-1))
	case !isDeviceName(value):
		return p.badValue(p.hint("carpdev %s: not an interface name", p.shown()))
	case value == p.line.Name:
		return bsderr.Errno("SIOCSVH", unix.EINVAL, p.hint("carpdev %s: cannot be its own parent", p.shown()))
	}
	p.line.Change.CarpDev = &value
	return nil
}

func noCarpDev(p *parser, _ string) error {
	p.line.Change.CarpDev = new("")
	return nil
}

// state takes either case, as FreeBSD 10 does. INIT is not for asking: it is
// what a down interface or one without carrier is in.
func state(p *parser, value string) error {
	for _, s := range []carp.State{carp.Backup, carp.Master} {
		if strings.EqualFold(value, s.String()) {
			p.line.Change.State = &s
			return nil
		}
	}
	hint := p.hint("state %s: must be master or backup", p.shown())
	if strings.EqualFold(value, carp.Init.String()) {
		hint += "; down leads to init"
	}
	return bsderr.New("unknown state", hint)
}

// carpVersion is FreeBSD 15's word, which makes a vhid a VRRPv3 one.
func carpVersion(p *parser, value string) error {
	switch n, ok := decimal(value); {
	case !ok || n != 2 && n != 3:
		return bsderr.New("version must be 2 or 3", p.hint("carpver %s: must be 2", p.shown()))
	case n == 3:
		return bsderr.Errno("SIOCSVH", unix.EOPNOTSUPP, p.hint("carpver 3: %s", vrrp))
	}
	return nil
}

// number reads the value of a carp word and makes the type of pkg/carp of it.
// A number out of range is what the BSD kernels refuse.
func number[T any](p *parser, value string, construct func(int) (T, error)) (*T, error) {
	n, ok := decimal(value)
	if !ok {
		return nil, p.badValue(p.hint("%s %s: not a decimal number", p.args[p.at-1], p.shown()))
	}
	v, err := construct(n)
	if err != nil {
		// The range is pkg/carp's to tell; the number as typed is ours.
		why := strings.Replace(err.Error(), strconv.Itoa(n), p.shown(), 1)
		return nil, bsderr.Errno("SIOCSVH", unix.EINVAL, p.hint("%s", why))
	}
	return &v, nil
}

// decimal reads digits with at most a minus before them: no plus, no blanks,
// no 0x, no underscores. Leading zeros are decimal too, as with atoi(3). A
// number too big for an int is the biggest int, out of every range here.
func decimal(text string) (int, bool) {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil || errors.Is(err, strconv.ErrRange)
}
