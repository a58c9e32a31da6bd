package link

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Kernel is this host: the network namespace the process is in.
type Kernel struct {
	*backings
	net *netHost
}

// Open returns the host of the calling process. The two netlink sockets it
// opens stay in the present network namespace; /proc/sys follows the calling
// thread's.
func Open() (*Kernel, error) {
	lib, err := openLibrary()
	if err != nil {
		return nil, err
	}
	fast, err := openRequester()
	if err != nil {
		lib.close()
		return nil, fmt.Errorf("open netlink socket: %w", err)
	}
	h := &netHost{lib: lib, fast: fast}
	return &Kernel{backings: newBackings(h), net: h}, nil
}

// Close closes the sockets. What is configured stays, for as long as the
// leases last. Watches are not affected.
func (k *Kernel) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.net.lib.close()
	return k.net.fast.close()
}

// netHost is the host over netlink and /proc/sys. Interfaces are listed and
// made through the library; what a failover needs (kernel_address_linux.go
// and up and down) goes through a requester, which is leaner.
type netHost struct {
	lib  library
	fast *requester
}

// dumpTries bounds the retries of a listing that the kernel marked as
// interrupted, because something changed meanwhile; each try is a fresh dump.
const dumpTries = 10

func retryDump[T any](dump func() ([]T, error)) (list []T, err error) {
	for range dumpTries {
		list, err = dump()
		if !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	return list, err
}

func (h *netHost) devices() ([]device, error) {
	links, err := retryDump(h.lib.links)
	if err != nil {
		return nil, err
	}
	var all []device
	for _, l := range links {
		all = append(all, deviceOf(l))
	}
	slices.SortFunc(all, func(a, b device) int { return cmp.Compare(a.index, b.index) })
	return all, nil
}

func (h *netHost) device(name string) (device, error) {
	l, err := h.lib.linkByName(name)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		return device{}, fs.ErrNotExist
	}
	if err != nil {
		return device{}, err
	}
	return deviceOf(l), nil
}

// deviceOf translates what the library says about an interface.
func deviceOf(l netlink.Link) device {
	at := l.Attrs()
	d := device{
		index: at.Index, name: at.Name, altNames: at.AltNames, kind: l.Type(), mtu: at.MTU, alias: at.Alias, group: at.Group,
		ether:     at.EncapType == "ether",
		multicast: at.RawFlags&unix.IFF_MULTICAST != 0,
		loopback:  at.RawFlags&unix.IFF_LOOPBACK != 0,
		up:        at.RawFlags&unix.IFF_UP != 0,
		carrier:   at.RawFlags&unix.IFF_RUNNING != 0,
		port:      at.MasterIndex != 0,
	}
	if at.Slave != nil && at.Slave.SlaveType() == "vrf" {
		d.port = false // a VRF routes, it does not take the frames away
	}
	switch d.kind {
	case "device": // the library's word for "no kind"
		d.kind = ""
	case "tuntap": // and for what the kernel calls tun
		d.kind = "tun"
	}
	copy(d.mac[:], at.HardwareAddr)
	if at.NetNsID < 0 { // else the index counts in another namespace
		d.parent = at.ParentIndex
	}
	if m, ok := l.(*netlink.Macvlan); ok {
		d.mode = macvlanModes[m.Mode]
	}
	return d
}

var macvlanModes = map[netlink.MacvlanMode]string{
	netlink.MACVLAN_MODE_BRIDGE:   "bridge",
	netlink.MACVLAN_MODE_PRIVATE:  "private",
	netlink.MACVLAN_MODE_VEPA:     "vepa",
	netlink.MACVLAN_MODE_PASSTHRU: "passthru",
	netlink.MACVLAN_MODE_SOURCE:   "source",
}

func (h *netHost) addDevice(d device) error {
	at := netlink.NewLinkAttrs()
	at.Name, at.ParentIndex, at.MTU, at.Group = d.name, d.parent, d.mtu, d.group
	at.HardwareAddr = net.HardwareAddr(d.mac[:])
	return h.lib.addLink(&netlink.Macvlan{LinkAttrs: at, Mode: netlink.MACVLAN_MODE_BRIDGE})
}

func (h *netHost) deleteDevice(d device) error {
	return h.lib.deleteLink(linkOf(d))
}

// linkOf returns as much of a link as the library needs to address it.
func linkOf(d device) netlink.Link {
	return &netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: d.index, Name: d.name}}
}

func (h *netHost) changeDevice(d device, c change) error {
	if c.up != nil && !*c.up {
		if err := h.fast.setFlags(d.index, 0, unix.IFF_UP); err != nil {
			return err
		}
	}
	if c.name != nil {
		if err := h.lib.setName(linkOf(d), *c.name); err != nil {
			return fmt.Errorf("set name %s: %w", *c.name, err)
		}
	}
	if c.mac != nil {
		if err := h.lib.setMAC(linkOf(d), net.HardwareAddr(c.mac[:])); err != nil {
			return fmt.Errorf("set MAC: %w", err)
		}
	}
	if c.mtu != nil {
		if err := h.lib.setMTU(linkOf(d), *c.mtu); err != nil {
			return fmt.Errorf("set MTU %d: %w", *c.mtu, err)
		}
	}
	if c.label != nil {
		if err := h.lib.setAlias(linkOf(d), *c.label); err != nil {
			return fmt.Errorf("set alias: %w", err)
		}
		if err := h.lib.setGroup(linkOf(d), 0); err != nil {
			return fmt.Errorf("leave group: %w", err)
		}
	}
	if c.up != nil && *c.up {
		return h.fast.setFlags(d.index, unix.IFF_UP, unix.IFF_UP)
	}
	return nil
}

func (h *netHost) readSetting(s setting) (string, error) {
	b, err := os.ReadFile("/proc/sys/" + s.path())
	return strings.TrimSpace(string(b)), err
}

// writeSetting does not create: under /proc/sys a file that is not there
// cannot be made, and the error must say so.
func (h *netHost) writeSetting(s setting, value string) error {
	f, err := os.OpenFile("/proc/sys/"+s.path(), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value + "\n")
	return errors.Join(err, f.Close())
}
