package words

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/bsdif"
)

// defaultPrefixLen is the length of an IPv6 address that came without.
const defaultPrefixLen = 64

func inet6Words() []row {
	return []row{
		{Word{Name: "inet6", Family: Inet6,
			Help: "an IPv6 address follows; first word only, needless before a literal one"}, familyWord(Inet6)},
		{Word{Name: "prefixlen", Family: Inet6, Arg: "len",
			Help: "length of the prefix, 64 unless set"}, prefixLen},
		{Word{Name: "no_dad", Family: Inet6,
			Help: "accepted: a virtual address is never probed for duplicates"}, always},
		{Word{Name: "deprecated", Family: Inet6,
			Help: "kept and shown: a virtual address is never chosen as a source"},
			said(func(a *bsdif.Inet6) { a.Deprecated = true })},
		{Word{Name: "-deprecated", Family: Inet6,
			Help: "take deprecated back"}, said(func(a *bsdif.Inet6) { a.Deprecated = false })},
		{Word{Name: "anycast", Family: Inet6,
			Help: "kept and shown"}, said(func(a *bsdif.Inet6) { a.Anycast = true })},
		{Word{Name: "-anycast", Family: Inet6,
			Help: "take anycast back"}, said(func(a *bsdif.Inet6) { a.Anycast = false })},
		{Word{Name: "autoconf", Family: Inet6,
			Help: "kept and shown"}, said(func(a *bsdif.Inet6) { a.AutoConf = true })},
		{Word{Name: "-autoconf", Family: Inet6,
			Help: "take autoconf back"}, said(func(a *bsdif.Inet6) { a.AutoConf = false })},
		{Word{Name: "pltime", Family: Inet6, Arg: "seconds",
			Help: "preferred lifetime, kept and shown with -L; infty is for ever"},
			lifetime(func(a *bsdif.Inet6, l *bsdif.Lifetime) { a.Pltime = l })},
		{Word{Name: "vltime", Family: Inet6, Arg: "seconds",
			Help: "valid lifetime, kept and shown with -L; infty is for ever"},
			lifetime(func(a *bsdif.Inet6, l *bsdif.Lifetime) { a.Vltime = l })},
		{Word{Name: "eui64", Family: Inet6,
			Help: "make the lower half of the address of the virtual MAC"}, eui64},
	}
}

// said makes the rule of a word that says something of the line's IPv6 address.
func said(apply func(*bsdif.Inet6)) func(*parser, string) error {
	return func(p *parser, _ string) error {
		p.address.saidBy = p.args[p.at]
		apply(&p.address.said)
		return nil
	}
}

func lifetime(apply func(*bsdif.Inet6, *bsdif.Lifetime)) func(*parser, string) error {
	return func(p *parser, value string) error {
		word := p.args[p.at-1]
		l, ok := bsdif.ParseLifetime(value)
		if !ok {
			return bsderr.New("invalid "+word, p.hint("%s %s: must be a number of seconds, or infty", word, p.shown()))
		}
		p.address.saidBy = word
		apply(&p.address.said, &l)
		return nil
	}
}

func eui64(p *parser, _ string) error {
	p.address.saidBy, p.address.eui64 = p.args[p.at], true
	return nil
}

// finishInet6 holds what was said of an IPv6 address against the address. FreeBSD has
// a text for the flags and one for the rest (af_inet6.c).
func (p *parser) finishInet6() error {
	a := &p.address
	switch {
	case a.saidBy == "":
	case a.addr.IsValid() && a.family == Inet:
		switch a.saidBy {
		case "eui64", "pltime", "vltime":
			return bsderr.New(a.saidBy+" not allowed for the AF", p.hint("%s: for IPv6 only", a.saidBy))
		}
		return bsderr.New("address flags can be set only for inet6 addresses", p.hint("%s: for IPv6 only", a.saidBy))
	case !a.addr.IsValid():
		p.line.Notes = append(p.line.Notes, p.hint("%s: no address on the line, nothing is said of any", a.saidBy))
	case !a.said.Valid():
		return bsderr.Errno("ioctl (SIOCAIFADDR)", unix.EINVAL, p.hint("vltime must be 1 or more, and pltime not more than vltime"))
	}
	return nil
}

// always is the rule of a word that asks for what is so in any case.
func always(*parser, string) error { return nil }

// prefixLen checks its value against IPv6; whether the address is IPv4 may not
// be known yet.
func prefixLen(p *parser, value string) error {
	n, ok := decimal(value)
	if !ok || n < 0 || n > 128 {
		return p.badValue(p.hint("prefixlen %s: must be 0 to 128", p.shown()))
	}
	p.address.mask = &width{bits: n, word: "prefixlen", at: p.at}
	return nil
}

// flaw6 says why an IPv6 address cannot be a virtual one, or nothing. The
// lowest address of a subnet is let through: it is the routers' anycast
// address, and a CARP group often is the router.
func flaw6(prefix netip.Prefix) string {
	addr := prefix.Addr()
	switch {
	case addr.IsMulticast():
		return "is a multicast address"
	case addr.IsUnspecified():
		return "is not an address of a host"
	case addr.IsLoopback():
		return "is a loopback address"
	case addr.Is4In6():
		return "is an IPv4 address in IPv6 writing"
	}
	return ""
}
