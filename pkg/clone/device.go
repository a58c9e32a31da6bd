package clone

import (
	"cmp"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"slices"

	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
)

// Device is an interface of the host's as the kernel has it: a parent, or what
// bears a carp interface's addresses.
type Device struct {
	Name string
	// Index is the kernel's number of it.
	Index int
	// MAC is its Ethernet address, with colons.
	MAC string
	// MTU in bytes.
	MTU int
	// Up is the administrator's word, Carrier the link's.
	Up, Carrier bool
	// Addresses are the host's own, virtual ones left out.
	Addresses []netip.Prefix
}

// Devices looks interfaces up by their names. One that there is not is missing
// in the list, which is in the kernel's order.
func Devices(names ...string) ([]Device, error) {
	kernel, err := link.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = kernel.Close() }()
	var found []Device
	for _, name := range names {
		p, err := kernel.Parent(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, Device{Name: name, Index: p.Index, MAC: net.HardwareAddr(p.MAC[:]).String(), MTU: p.MTU,
			Up: p.Up, Carrier: p.Carrier, Addresses: p.Addresses})
	}
	slices.SortFunc(found, func(a, b Device) int { return cmp.Compare(a.Index, b.Index) })
	return found, nil
}
