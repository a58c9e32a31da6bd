package carp

import (
	"bytes"
	"net/netip"
	"slices"
)

// AddressList is the virtual addresses of a group in the order in which they
// are authenticated: IPv4 ascending, then IPv6 ascending, duplicates once. All
// members of a group must hold the same list; a wrong one looks exactly like a
// wrong password.
type AddressList struct {
	v4, v6 []netip.Addr
}

// NewAddressList sorts addrs into an AddressList. Zones are dropped, and so is
// the scope that BSD kernels embed in bytes 2 and 3 of a link-local address
// (in6_clearscope in carp_hmac_prepare). Invalid addresses are left out.
func NewAddressList(addrs []netip.Addr) AddressList {
	var l AddressList
	for _, a := range addrs {
		switch a = a.Unmap().WithZone(""); {
		case a.Is4():
			l.v4 = append(l.v4, a)
		case a.Is6() && a.IsLinkLocalUnicast():
			b := a.As16()
			b[2], b[3] = 0, 0
			l.v6 = append(l.v6, netip.AddrFrom16(b))
		case a.Is6():
			l.v6 = append(l.v6, a)
		}
	}
	for _, s := range []*[]netip.Addr{&l.v4, &l.v6} {
		slices.SortFunc(*s, netip.Addr.Compare)
		*s = slices.Compact(*s)
	}
	return l
}

// Len is the number of addresses of both families.
func (l AddressList) Len() int { return len(l.v4) + len(l.v6) }

// Has4 tells whether the list has IPv4 addresses, and with them whether
// advertisements go out over IPv4.
func (l AddressList) Has4() bool { return len(l.v4) > 0 }

// Has6 is Has4 for IPv6.
func (l AddressList) Has6() bool { return len(l.v6) > 0 }

// All are the addresses in authenticated order.
func (l AddressList) All() []netip.Addr { return slices.Concat(l.v4, l.v6) }

// Equal tells whether both lists authenticate alike.
func (l AddressList) Equal(o AddressList) bool {
	return slices.Equal(l.v4, o.v4) && slices.Equal(l.v6, o.v6)
}

// withoutLinkLocal is the variant that OpenBSD and newer FreeBSD also try.
func (l AddressList) withoutLinkLocal() AddressList {
	global := slices.DeleteFunc(slices.Clone(l.v6), netip.Addr.IsLinkLocalUnicast)
	return AddressList{v4: l.v4, v6: global}
}

// appendTo appends the addresses as the digest takes them.
func (l AddressList) appendTo(b *bytes.Buffer) {
	for _, a := range l.v4 {
		v := a.As4()
		b.Write(v[:])
	}
	for _, a := range l.v6 {
		v := a.As16()
		b.Write(v[:])
	}
}
