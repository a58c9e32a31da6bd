package words

import "net/netip"

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
			Help: "accepted: a virtual address is never chosen as a source"}, always},
	}
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
