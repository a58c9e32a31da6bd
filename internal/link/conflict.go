package link

import (
	"fmt"
	"strings"
	"syscall"
)

// Conflicts returns the names of the carp interfaces on a parent that have the
// other kind of backing. The two do not mix: for a macvlan the parent must not
// answer ARP for the virtual addresses, for a TUN it must.
func (b *backings) Conflicts(parentIndex int) (names []string, err error) {
	all, err := b.host.devices()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	for _, d := range all {
		if d.ours() && d.kind != b.kind && d.on() == parentIndex {
			names = append(names, d.name)
		}
	}
	return names, nil
}

// alone returns an error matching EBUSY when there are conflicts on a parent.
func (b *backings) alone(parent device) error {
	names, err := b.Conflicts(parent.index)
	if err != nil {
		return failed(parent.name, "prepare for backing "+b.kind, err)
	}
	if len(names) == 0 {
		return nil
	}
	other := "tun"
	if b.kind == "tun" {
		other = "macvlan"
	}
	return failed(parent.name, "prepare for backing "+b.kind, fmt.Errorf("%s on the same parent with backing %s, "+
		"and the two need opposite values of its arp_ignore: %w", strings.Join(names, " and "), other, syscall.EBUSY))
}
