package show

import (
	"io"
	"net/netip"
	"slices"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

// Layout is the system whose ifconfig(8) the output looks like.
type Layout string

// The layouts.
const (
	LayoutFreeBSD9  Layout = "freebsd9"
	LayoutFreeBSD10 Layout = "freebsd10"
	LayoutFreeBSD14 Layout = "freebsd14"
	LayoutOpenBSD   Layout = "openbsd"
)

// Layouts are the names of all layouts, the default first.
func Layouts() []string {
	return []string{string(LayoutFreeBSD9), string(LayoutFreeBSD10), string(LayoutFreeBSD14), string(LayoutOpenBSD)}
}

// ParseLayout reads the name of a layout.
func ParseLayout(name string) (Layout, bool) { return Layout(name), slices.Contains(Layouts(), name) }

// Device is what a layout tells of an interface besides its carp settings. The
// zero Device is one that nothing is known of.
type Device struct {
	Name string
	// Index is the kernel's number of the interface.
	Index int
	// MAC is its Ethernet address, with colons.
	MAC string
	// MTU in bytes.
	MTU int
	// Up is the administrator's word, Carrier the link's.
	Up, Carrier bool
	// Addresses are the host's own on it, the virtual ones left out.
	Addresses []netip.Prefix
}

// HasEther tells whether the layout shows a carp interface with an Ethernet
// address: on FreeBSD 8 and 9 it had none.
func (l Layout) HasEther() bool { return l != LayoutFreeBSD9 }

// ByParent tells whether a list of all interfaces is one of parents: from
// FreeBSD 10 on a vhid is a property of the physical interface.
func (l Layout) ByParent() bool { return l == LayoutFreeBSD10 || l == LayoutFreeBSD14 }

// NeedsDevices tells whether the layout shows anything of a [Device] beside these.
func (l Layout) NeedsDevices(all []control.Status) bool {
	return l != LayoutFreeBSD9 || slices.ContainsFunc(all, func(s control.Status) bool {
		return slices.ContainsFunc(s.Addresses, func(p netip.Prefix) bool { return scope(p, 1) != "" })
	})
}

// Interface prints one carp interface; own is carpN as the kernel has it and
// parent its carpdev.
func (l Layout) Interface(w io.Writer, s control.Status, own, parent Device, opts Options) {
	switch l {
	case LayoutOpenBSD:
		OpenBSD(w, s, own, opts)
	case LayoutFreeBSD10, LayoutFreeBSD14:
		l.interface10(w, s, own, parent, opts)
	default:
		FreeBSD9(w, s, own, opts)
	}
}
