package link

import (
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// library is what this package uses of the netlink library's handle. They are
// functions, and not the handle itself, for the sake of the program's size, which every
// supervisor bears in memory: the option parser looks methods up by name, so the linker
// keeps all exported methods of a type that may be in an interface, and of the types of
// its fields. The handle has hundreds, for tunnels, queues and IPsec.
type library struct {
	links      func() ([]netlink.Link, error)
	linkByName func(name string) (netlink.Link, error)
	addLink    func(netlink.Link) error
	deleteLink func(netlink.Link) error
	setName    func(l netlink.Link, name string) error
	setMAC     func(l netlink.Link, mac net.HardwareAddr) error
	setMTU     func(l netlink.Link, mtu int) error
	setAlias   func(l netlink.Link, alias string) error
	setGroup   func(l netlink.Link, group int) error
	addresses  func(l netlink.Link, family int) ([]netlink.Addr, error)
	close      func()
}

// openLibrary opens a handle with a socket in the calling thread's network namespace.
func openLibrary() (library, error) {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return library{}, fmt.Errorf("open netlink socket: %w", err)
	}
	return library{
		links: h.LinkList, linkByName: h.LinkByName, addLink: h.LinkAdd, deleteLink: h.LinkDel,
		setName: h.LinkSetName, setMAC: h.LinkSetHardwareAddr, setMTU: h.LinkSetMTU,
		setAlias: h.LinkSetAlias, setGroup: h.LinkSetGroup, addresses: h.AddrList, close: h.Close,
	}, nil
}
