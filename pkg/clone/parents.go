package clone

import (
	"net/netip"

	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
)

// Parent is an interface of this host that carp interfaces can live on.
type Parent struct {
	Name string
	// Prefixes are its addresses with the lengths of their subnets, those that are not
	// in use yet (tentative) left out.
	Prefixes []netip.Prefix
	// AltNames are further names that the kernel knows it by.
	AltNames []string
}

// Parents are all of them as they are now, in one look at the kernel's lists. They are
// the host's own in a dry run too.
func Parents() ([]Parent, error) {
	kernel, err := link.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = kernel.Close() }()
	all, err := kernel.Parents()
	if err != nil {
		return nil, err
	}
	list := make([]Parent, len(all))
	for n, p := range all {
		list[n] = Parent{Name: p.Name, Prefixes: p.Addresses, AltNames: p.AltNames}
	}
	return list, nil
}
