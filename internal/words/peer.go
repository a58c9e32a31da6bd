package words

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

// peer makes the rule of peer and peer6 (FreeBSD 14).
func peer(family Family) func(*parser, string) error {
	return func(p *parser, value string) error {
		addr, err := netip.ParseAddr(value)
		switch {
		case err != nil, addr.Is4() != (family == Inet), addr.Is4In6():
			return p.badValue(p.hint("%s %s: not an %s address, and names are not looked up", p.args[p.at-1], p.shown(), family))
		case addr.IsMulticast(), addr.IsUnspecified(), addr.IsLoopback(), addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
			// By the address's own kind, never by its last byte: x.x.x.224 is
			// a host like any other (FreeBSD PR 284872).
			return bsderr.Errno("SIOCSVH", unix.EINVAL, p.hint("%s %s: must be the address of one host", p.args[p.at-1], p.shown()))
		}
		// A link-local peer is on the parent's link, so its zone says nothing.
		p.setPeer(family, addr.WithZone(""))
		return nil
	}
}

// mcast makes the rule of mcast and mcast6.
func mcast(family Family) func(*parser, string) error {
	return func(p *parser, _ string) error {
		p.setPeer(family, netip.Addr{})
		return nil
	}
}

func (p *parser) setPeer(family Family, addr netip.Addr) {
	if family == Inet {
		p.line.Change.Peer = &addr
	} else {
		p.line.Change.Peer6 = &addr
	}
}

func backing(p *parser, value string) error {
	b := control.Backing(value)
	switch {
	case b != control.MACVLAN && b != control.TUN:
		return p.badValue(p.hint("backing %s: must be macvlan or tun", p.shown()))
	case !p.line.Create:
		return bsderr.Errno("SIOCSVH", unix.EINVAL, p.hint("backing is chosen at create, for good"))
	}
	p.line.Change.Backing = &b
	return nil
}
