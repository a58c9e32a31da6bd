package words

import (
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
)

// Prefix reads A, A/LEN, or A with the mask or the length that stands behind it in a
// line, empty for none: the address of an interface that is not ours, whose other
// words do not matter. Like [Parse] it takes the mask by the address's class, or /64,
// if none is said.
func Prefix(text, mask string) (netip.Prefix, bool) {
	host, length, hasLength := strings.Cut(text, "/")
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}, false
	}
	addr = addr.WithZone("")
	n := defaultPrefixLen
	if addr.Is4() {
		n = classful(addr)
	}
	if hasLength {
		if n, err = strconv.Atoi(length); err != nil {
			return netip.Prefix{}, false
		}
	} else if m, ok := parseMask(mask); ok && addr.Is4() {
		n = bits.LeadingZeros32(^m)
	} else if l, ok := decimal(mask); ok {
		n = l
	}
	prefix := netip.PrefixFrom(addr, n)
	return prefix, prefix.IsValid()
}
