package link

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// device is one network interface as the procedures see it.
type device struct {
	index     int
	name      string
	altNames  []string // further names that the kernel knows it by
	kind      string   // as `ip link` names it: "macvlan", "veth", "" for hardware
	mode      string   // of a macvlan: "bridge", "private", ...
	parent    int      // ifindex of the lower device, 0 when it has none in this namespace
	mac       [6]byte
	mtu       int
	alias     string
	group     uint32
	ether     bool // ARPHRD_ETHER
	multicast bool
	loopback  bool
	up        bool // set up by the administrator
	carrier   bool // operational, RFC 2863: IFF_RUNNING
	port      bool // of a bridge, bond or the like, whose frames go to that
}

// ours reports whether the device is a backing this project made: labelled,
// or killed between its birth and its labelling.
func (d device) ours() bool {
	return d.alias == Label || strings.HasPrefix(d.alias, tunLabel) || (d.alias == "" && d.kind == "macvlan" && d.group == birthGroup)
}

// on returns the ifindex of a backing's parent. The kernel knows of none for a
// TUN, so its label names it.
func (d device) on() int {
	if index, ok := strings.CutPrefix(d.alias, tunLabel); ok && d.kind == "tun" {
		n, _ := strconv.Atoi(index) // 0, no index, for what somebody else wrote there
		return n
	}
	return d.parent
}

// change says what to alter on a device; nil is "leave as it is".
type change struct {
	up    *bool
	name  *string
	mac   *[6]byte
	mtu   *int
	label *string // the alias; a device that gets one also leaves the birth group
}

// localAddress is an address together with the interface that has it.
type localAddress struct {
	Address
	index int
	// usable: neither tentative, nor failed duplicate detection, nor a temporary
	// (privacy) one, nor a virtual one that a TUN has put on its parent.
	usable bool
}

// devices is the seam to the kernel's interfaces. A device that is not there
// is an error matching fs.ErrNotExist or ENODEV.
type devices interface {
	devices() ([]device, error) // in ifindex order
	device(name string) (device, error)
	addDevice(d device) error // a macvlan, down, in d.group
	changeDevice(d device, c change) error
	deleteDevice(d device) error
	// openTUN makes a TUN, down, that is there until it is closed. Packets that
	// are routed into it are thrown away.
	openTUN(name string) (io.Closer, error)
}

// addresses is the seam to the kernel's addresses.
type addresses interface {
	addresses(index int) ([]localAddress, error) // of all interfaces when index is 0
	// putAddress adds an address or renews its lease; with exclusive it fails
	// with EEXIST when the address is there.
	putAddress(d device, a Address, exclusive bool) error
	deleteAddress(d device, p netip.Prefix) error // EADDRNOTAVAIL when it is not there
}

// settings is the seam to /proc/sys/net/FAMILY/conf/DEVICE/KEY.
type settings interface {
	readSetting(s setting) (string, error)
	writeSetting(s setting, value string) error
}

// host is a machine the procedures of this package work on.
type host interface {
	devices
	addresses
	settings
}

// Address is a virtual address to be present while carpN is MASTER.
type Address struct {
	// Prefix is the host address with the length of its network.
	Prefix netip.Prefix
	// Lease is how long the kernel keeps the address unless renewed, rounded
	// up to whole seconds (IFA_CACHEINFO knows no less). Zero is for ever.
	Lease time.Duration
	// NoPrefixRoute leaves out the connected route, for a subnet that another
	// interface covers. It is ignored for link-local IPv6 addresses: without
	// the route such an address is advertised, but what is sent to it gets no
	// answer, because fe80::/64 then leads nowhere on carpN.
	NoPrefixRoute bool
}

// seconds returns the lease as the kernel counts it, 0 for ever.
func (a Address) seconds() int {
	return int((a.Lease + time.Second - 1) / time.Second)
}

// normal returns the address as it is handed to the kernel.
func (a Address) normal() Address {
	if ip := a.Prefix.Addr(); ip.Is6() && ip.IsLinkLocalUnicast() {
		a.NoPrefixRoute = false
	}
	return a
}

// check returns an error matching EINVAL for what is not a host address.
func (a Address) check() error {
	ip := a.Prefix.Addr()
	if !a.Prefix.IsValid() || ip.Is4In6() || ip.Zone() != "" || ip.IsUnspecified() || ip.IsMulticast() || a.Lease < 0 {
		return fmt.Errorf("address %v, lease %v: %w", a.Prefix, a.Lease, syscall.EINVAL)
	}
	return nil
}

// checkName returns an error matching EINVAL for what the kernel would not
// take as an interface name (net/core/dev.c, dev_valid_name), and for the two
// names that mean all interfaces under /proc/sys.
func checkName(name string) error {
	bad := name == "" || len(name) > 15 || name == "." || name == ".." || name == "all" || name == "default"
	for _, c := range []byte(name) {
		bad = bad || c == '/' || c == ':' || c <= ' ' || c == 0x7f
	}
	if bad {
		return fmt.Errorf("interface name %q: %w", name, syscall.EINVAL)
	}
	return nil
}

// failed wraps err with what was tried on which interface. An interface that
// is gone also matches fs.ErrNotExist, a name that is taken fs.ErrExist.
func failed(name, what string, err error) error {
	if errors.Is(err, syscall.ENODEV) && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %s: %w (%w)", name, what, err, fs.ErrNotExist)
	}
	return fmt.Errorf("%s: %s: %w", name, what, err)
}
