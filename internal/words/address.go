package words

import (
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/bsdif"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

// address gathers what a line says about its one address. The parts may come
// in any order, so they are put together at the end of the line, as the
// address ioctl of FreeBSD comes last.
type address struct {
	// family is empty until a family word or a literal settles it.
	family Family
	// addr is invalid while there is none on the line.
	addr netip.Addr
	// mask is the length said last, nil if none was.
	mask *width
	// op is empty, AddressAdd or AddressDelete; opWord is how it was spelt.
	op     control.AddressOp
	opWord string
	// said is what the line says of an IPv6 address, saidBy the last word that did.
	said   bsdif.Inet6
	saidBy string
	eui64  bool
	// inetOnly is the first word that only IPv4 has, inetAt the index of its value.
	inetOnly string
	inetAt   int
}

// width is a prefix length with the word that gave it, empty for /len, and the
// index of the argument that said it.
type width struct {
	bits int
	word string
	at   int
}

// takeAddress reads the argument as A or A/len.
func (p *parser) takeAddress(text string) error {
	host, length, hasLength := text, "", false
	if slash := strings.LastIndexByte(text, '/'); slash >= 0 {
		host, length, hasLength = text[:slash], text[slash+1:], true
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return p.notAddress()
	}
	if p.address.addr.IsValid() {
		return p.badValue(p.hint("one address a line; a second would be a destination, which carp interfaces have none of"),
			p.hint("a further address takes a line of its own, with alias"))
	}
	if zone := addr.Zone(); zone != "" && zone != p.line.Name {
		return p.badValue(p.hint("a virtual address belongs to its own interface; leave %%%s away", p.shownPart(zone)))
	}
	addr = addr.WithZone("")
	if err := p.settleFamily(addr); err != nil {
		return err
	}
	p.address.addr = addr
	if hasLength {
		return p.takeLength(addr, length)
	}
	return nil
}

// settleFamily holds the address against the family word, if there was one.
func (p *parser) settleFamily(addr netip.Addr) error {
	family := Inet
	if addr.Is6() {
		family = Inet6
	}
	switch p.address.family {
	case "":
		p.address.family = family
	case family:
	default:
		return p.badValue(p.hint("%s: not an %s address", p.shown(), p.address.family))
	}
	return nil
}

// takeLength reads what stands behind the slash. FreeBSD's two families word
// their refusals differently.
func (p *parser) takeLength(addr netip.Addr, length string) error {
	n, ok := decimal(length)
	if strings.HasPrefix(length, "-") {
		ok = false
	}
	text := p.shownPart(length)
	hint := p.hint("%s: the length must be 0 to %d", p.shown(), addr.BitLen())
	switch {
	case ok && n <= addr.BitLen():
		p.address.mask = &width{bits: n, at: p.at}
		return nil
	case addr.Is6():
		return bsderr.New(text+": bad value", hint)
	case ok:
		return bsderr.New(text+": bad value (width too large)", hint)
	}
	return bsderr.New(text+": bad value (width invalid)", hint)
}

// hasLeadingZeros tells of an IPv4 address whether that is what is wrong with it.
func hasLeadingZeros(text string) bool {
	host, _, _ := strings.Cut(text, "/")
	numbers := strings.Split(host, ".")
	for i, number := range numbers {
		if plain := strings.TrimLeft(number, "0"); plain != "" {
			numbers[i] = plain
		}
	}
	addr, err := netip.ParseAddr(strings.Join(numbers, "."))
	return err == nil && addr.Is4()
}

// notAddress is the error about a word that is in no table and no address.
func (p *parser) notAddress() error {
	text := p.args[p.at]
	near := nearest(text)
	switch {
	case p.secret(p.at):
		return p.badValue(p.hint("not shown, it may be part of the password: one with blanks needs quotes"))
	case near != "":
		return p.badValue("did you mean " + near + "?")
	case strings.HasPrefix(text, "-"):
		return p.badValue(p.hint("%s: not a word; options go before the interface name", p.shown()))
	case hasLeadingZeros(text):
		return p.badValue(p.hint("%s: not an address; leading zeros make a number octal on the BSDs", p.shown()))
	case looksNumeric(text):
		return p.badValue(p.hint("%s: not an address", p.shown()))
	}
	return p.badValue(p.hint("%s: neither a word nor an address, and names are not looked up", p.shown()))
}

// finishAddress puts the parts together.
func (p *parser) finishAddress() error {
	a := &p.address
	if err := p.finishInet6(); err != nil {
		return err
	}
	if a.inetOnly != "" && a.family == Inet6 {
		why := "inet6 has no broadcast address"
		if a.inetOnly == "netmask" {
			why = "inet6 takes prefixlen"
		}
		p.at = a.inetAt
		return p.badValue(p.hint("%s %s: %s", a.inetOnly, p.shown(), why))
	}
	if !a.addr.IsValid() {
		return p.finishWithoutAddress()
	}
	length, err := p.addressLength()
	if err != nil {
		return err
	}
	op := a.op
	switch {
	case op != "":
	case a.family == Inet6:
		// FreeBSD removes "the first address" for IPv4 only: having several is
		// the rule with IPv6, and which one is first means nothing there.
		op = control.AddressAdd
	default:
		op = control.AddressSet
	}
	prefix := netip.PrefixFrom(a.addr, length)
	if op != control.AddressDelete {
		flaw := flaw4
		if a.family == Inet6 {
			flaw = flaw6
		}
		if why := flaw(prefix); why != "" {
			return bsderr.Errno("ioctl (SIOCAIFADDR)", unix.EINVAL, p.hint("%s %s", prefix, why))
		}
		if a.mask == nil && a.family == Inet {
			p.line.Notes = append(p.line.Notes, p.hint("%s: no mask given, took /%d by its class", a.addr, length))
		}
	}
	p.line.Change.Addresses = []control.AddressChange{{Op: op, Prefix: prefix, Inet6: a.said, EUI64: a.eui64}}
	return nil
}

// addressLength is the length said, held against the family, or the default. A
// delete goes by the address alone, so its default is the whole address.
func (p *parser) addressLength() (int, error) {
	a := &p.address
	if a.mask != nil {
		p.at = a.mask.at
	}
	switch m := a.mask; {
	case m != nil && m.bits > a.addr.BitLen():
		return 0, p.badValue(p.hint("%s %s: must be 0 to %d with an IPv4 address", m.word, p.shown(), a.addr.BitLen()))
	case m != nil:
		return m.bits, nil
	case a.op == control.AddressDelete:
		return a.addr.BitLen(), nil
	case a.family == Inet6:
		return defaultPrefixLen, nil
	}
	return classful(a.addr), nil
}

// finishWithoutAddress settles what words about an address mean without one.
func (p *parser) finishWithoutAddress() error {
	a := &p.address
	switch {
	case a.op == control.AddressDelete && a.family == Inet6:
		// KAME in6.c refuses "the first one" for the reason above.
		return bsderr.Errno("ioctl (SIOCDIFADDR)", unix.EADDRNOTAVAIL,
			p.hint("inet6 %s: say which address", a.opWord))
	case a.op == control.AddressDelete:
		p.line.Change.Addresses = []control.AddressChange{{Op: control.AddressDelete}}
	case a.mask != nil:
		p.at = a.mask.at
		return bsderr.Errno("ioctl (SIOCAIFADDR)", unix.EINVAL,
			p.hint("%s %s: there is no address on the line for it", a.mask.word, p.shown()))
	case a.op == control.AddressAdd:
		// FreeBSD does nothing, without a word.
		p.line.Notes = append(p.line.Notes, p.hint("%s: no address on the line, none added", a.opWord))
	}
	return nil
}
