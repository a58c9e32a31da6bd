package carp

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// Balance picks which of the vhids that share an address answers an ARP
// request: the requester's IPv4 address as a number, modulo how many vhids
// there are, indexes them in ascending order (FreeBSD 9, carp_iamatch). Every
// host of the groups comes to the same answer, and only the picked vhid's
// MASTER gives one. It is 0 without vhids or for a requester that is not IPv4.
func Balance(requester netip.Addr, vhids []VHID) VHID {
	if len(vhids) == 0 || !requester.Is4() {
		return 0
	}
	sorted := slices.Clone(vhids)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	b := requester.As4()
	return sorted[binary.BigEndian.Uint32(b[:])%uint32(len(sorted))]
}
