package bsdif

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// Inet6 is what may be said of an IPv6 address. The zero value is an address of
// which nothing was said: it is preferred, and for ever.
//
// On a carp interface it is kept and shown and changes nothing: a virtual address is
// there for as long as it is configured, on all hosts of the group alike, and is
// never chosen as the source of a connection.
type Inet6 struct {
	Anycast    bool `json:"anycast,omitempty"`
	Deprecated bool `json:"deprecated,omitempty"`
	// AutoConf says that it was autoconfigured, which for a virtual address is the
	// administrator's word only.
	AutoConf bool `json:"autoconf,omitempty"`
	// Pltime and Vltime are the preferred and the valid lifetime; nil and Infinite are
	// for ever.
	Pltime *Lifetime `json:"pltime,omitempty"`
	Vltime *Lifetime `json:"vltime,omitempty"`
}

// IsZero tells whether nothing was said. encoding/json asks it.
func (p Inet6) IsZero() bool { return p == Inet6{} }

// Valid tells whether the lifetimes go together: a valid one of 0 is no address, and
// none is preferred for longer than it is valid (RFC 4862, 5.5.3). A preferred lifetime
// of which nothing was said ends with the valid one.
func (p Inet6) Valid() bool {
	return p.Vltime == nil || *p.Vltime > 0 && (p.Pltime == nil || *p.Pltime <= *p.Vltime)
}

// Lifetime is in seconds, as RFC 4861 counts them.
type Lifetime uint32

// Infinite is the lifetime of what lives for ever (RFC 4861, 4.6.2).
const Infinite Lifetime = 0xffffffff

// ParseLifetime reads seconds in any of C's bases, or "infty" or "infinity"; what is
// too long for the field is for ever.
func ParseLifetime(text string) (Lifetime, bool) {
	if text == "infty" || text == "infinity" {
		return Infinite, true
	}
	digits, base := text, 10
	switch {
	case strings.HasPrefix(text, "0x"), strings.HasPrefix(text, "0X"):
		digits, base = text[2:], 16
	case strings.HasPrefix(text, "0"):
		base = 8
	}
	n, err := strconv.ParseUint(digits, base, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	return Lifetime(min(n, uint64(Infinite))), true
}

// Limited tells whether one of the lifetimes ends.
func (p Inet6) Limited() bool { return p.Pltime.ends() || p.Vltime.ends() }

func (l *Lifetime) ends() bool { return l != nil && *l != Infinite }

// String is a lifetime as ifconfig -L prints it; nil is for ever.
func (l *Lifetime) String() string {
	if !l.ends() {
		return "infty"
	}
	return strconv.FormatUint(uint64(*l), 10)
}

// EUI64 fills the lower half of an IPv6 address from an Ethernet address (RFC 4291,
// appendix A).
func EUI64(prefix netip.Addr, mac [6]byte) netip.Addr {
	a := prefix.As16()
	copy(a[8:], []byte{mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]})
	return netip.AddrFrom16(a)
}
