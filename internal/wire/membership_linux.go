package wire

import (
	"errors"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
)

// membership is what makes switches that snoop IGMP and MLD send us the CARP groups: joining with a
// packet socket only opens the interface's own filter and reports nothing to the network. 224.0.0.18
// is flooded by rule (RFC 4541, 2.1.2), ff02::12 is not.
type membership []int

// join reports our interest in the groups on an interface. A family that the interface does not
// have is left out: it has no group to join either.
func join(index int, groups []frame.Group) (membership, error) {
	var m membership
	for _, g := range groups {
		fd, err := joinOne(index, g.Addr)
		switch {
		case err == nil:
			m = append(m, fd)
		case errors.Is(err, unix.ENODEV), errors.Is(err, unix.EAFNOSUPPORT), errors.Is(err, unix.EADDRNOTAVAIL):
		default:
			m.leave()
			return nil, err
		}
	}
	return m, nil
}

// joinOne joins a group with a socket that never receives anything.
func joinOne(index int, group netip.Addr) (fd int, err error) {
	family := unix.AF_INET
	if group.Is6() {
		family = unix.AF_INET6
	}
	if fd, err = unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return -1, err
	}
	if group.Is6() {
		err = unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP,
			&unix.IPv6Mreq{Multiaddr: group.As16(), Interface: uint32(index)})
	} else {
		err = unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP,
			&unix.IPMreqn{Multiaddr: group.As4(), Ifindex: int32(index)})
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// leave takes the interest back.
func (m membership) leave() {
	for _, fd := range m {
		unix.Close(fd)
	}
}
