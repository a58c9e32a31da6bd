package wire

import (
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
)

// Unicast sends advertisements to one peer. Where a Conn sends whole frames, here the kernel makes the
// IP header, finds the route and resolves the next hop, so the peer may be behind routers and the
// frames leave with the parent's own MAC.
//
// It also stands in the kernel's table for protocol 112, so that the peer's advertisements to src are
// not answered with an ICMP "protocol unreachable" by a host that knows nothing of CARP. They are
// thrown away here; a Conn on the parent receives them.
//
// The methods are for one goroutine.
type Unicast struct {
	ifname string
	src    netip.Addr
	dst    netip.Addr
	to     unix.Sockaddr
	fd     int // -1 when closed
	tos    int // as last set, -1 for never
}

// OpenUnicast opens a socket that sends from src, an address of this host, to dst through the
// interface named ifname. Both are unicast addresses of one family; a link-local one is meant on that
// interface, whatever its zone.
//
// The error matches unix.ENODEV when there is no such interface, unix.EADDRNOTAVAIL when src is
// not this host's, unix.EINVAL for addresses that do not fit, and fs.ErrPermission without
// CAP_NET_RAW.
func OpenUnicast(ifname string, src, dst netip.Addr) (*Unicast, error) {
	u := &Unicast{ifname: ifname, src: src.WithZone(""), dst: dst.WithZone(""), fd: -1, tos: -1}
	if err := u.open(); err != nil {
		if u.fd >= 0 {
			unix.Close(u.fd)
		}
		return nil, fmt.Errorf("%s: open unicast socket from %v to %v: %w", ifname, src, dst, err)
	}
	return u, nil
}

func (u *Unicast) open() error {
	for _, a := range []netip.Addr{u.src, u.dst} {
		if !a.IsValid() || a.Is4In6() || a.IsMulticast() || a.IsUnspecified() || a.Is4() != u.dst.Is4() {
			return fmt.Errorf("not a pair of unicast addresses: %w", unix.EINVAL)
		}
	}
	index, err := interfaceIndex(u.ifname)
	if err != nil {
		return err
	}
	family := unix.AF_INET6
	if u.dst.Is4() {
		family = unix.AF_INET
	}
	u.fd, err = unix.Socket(family, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, frame.ProtocolCARP)
	if err != nil {
		u.fd = -1
		return os.NewSyscallError("socket", err)
	}
	if err := u.refuseAll(); err != nil {
		return err
	}
	if err := os.NewSyscallError("setsockopt", u.tune()); err != nil {
		return err
	}
	u.to = sockaddr(u.dst, index)
	return os.NewSyscallError("bind", unix.Bind(u.fd, sockaddr(u.src, index)))
}

// refuseAll lets nothing wait on the socket. A filter and not a shutdown, which a raw socket does not
// heed; and the kernel asks for a socket of the protocol, not for one that takes the packet. What
// arrived before the filter was there is thrown away.
func (u *Unicast) refuseAll() error {
	none := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}
	err := unix.SetsockoptSockFprog(u.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(none)), Filter: &none[0]})
	if err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	for {
		if _, _, err := unix.Recvfrom(u.fd, nil, unix.MSG_DONTWAIT); err != nil && err != unix.EINTR {
			return nil
		}
	}
}

// tune makes the IP header what other members send: TTL or hop limit 255, do not fragment, flow label
// zero. Errors that arrive by ICMP are not asked for: a peer that is down or has no CARP yet must not
// look like a host that cannot send.
func (u *Unicast) tune() error {
	if err := unix.BindToDevice(u.fd, u.ifname); err != nil {
		return err
	}
	if u.dst.Is4() {
		if err := unix.SetsockoptInt(u.fd, unix.IPPROTO_IP, unix.IP_TTL, frame.TTLCARP); err != nil {
			return err
		}
		return unix.SetsockoptInt(u.fd, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_PROBE)
	}
	_ = unix.SetsockoptInt(u.fd, unix.IPPROTO_IPV6, unix.IPV6_AUTOFLOWLABEL, 0)
	if err := unix.SetsockoptInt(u.fd, unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS, frame.TTLCARP); err != nil {
		return err
	}
	return unix.SetsockoptInt(u.fd, unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_PROBE)
}

// sockaddr is an address for the kernel; the index is that of a link-local one's interface.
func sockaddr(a netip.Addr, index int) unix.Sockaddr {
	if a.Is4() {
		return &unix.SockaddrInet4{Addr: a.As4()}
	}
	to := &unix.SockaddrInet6{Addr: a.As16()}
	if a.IsLinkLocalUnicast() {
		to.ZoneId = uint32(index)
	}
	return to
}

// Send sends one payload, the 36 bytes of a CARP header, with tos as the type of service or traffic
// class. It never waits: a send buffer without room is unix.ENOBUFS.
//
// Other errors worth knowing are unix.ENETDOWN (the parent is down), unix.ENODEV (it is gone),
// unix.ENETUNREACH and unix.EHOSTUNREACH (no route through the parent, or one that refuses),
// unix.EPERM (a packet filter of this host refused), unix.EMSGSIZE and os.ErrClosed.
//
// No error are a next hop that does not answer, a packet that the device's queue drops, and in IPv4
// the lack of a route: for a socket that is bound to an interface the kernel then takes the peer to be
// on that segment (route.c, ip_route_output_key_hash_rcu).
func (u *Unicast) Send(payload []byte, tos uint8) error {
	if u.fd < 0 {
		return fmt.Errorf("%s: send to %v: %w", u.ifname, u.dst, os.ErrClosed)
	}
	err := u.setTOS(int(tos))
	if err == nil {
		err = u.send(payload)
	}
	if err != nil {
		return fmt.Errorf("%s: send to %v: %w", u.ifname, u.dst, u.explain(err))
	}
	return nil
}

func (u *Unicast) send(payload []byte) error {
	for {
		if err := unix.Sendto(u.fd, payload, unix.MSG_DONTWAIT, u.to); err != unix.EINTR {
			return err
		}
	}
}

// setTOS sets the type of service, which is the same in nearly every call.
func (u *Unicast) setTOS(tos int) error {
	if tos == u.tos {
		return nil
	}
	level, option := unix.IPPROTO_IPV6, unix.IPV6_TCLASS
	if u.dst.Is4() {
		level, option = unix.IPPROTO_IP, unix.IP_TOS
	}
	if err := unix.SetsockoptInt(u.fd, level, option, tos); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	u.tos = tos
	return nil
}

// explain says what a Conn would: to the routing code an interface that is down, or gone, is one
// without routes.
func (u *Unicast) explain(err error) error {
	switch err {
	case unix.EAGAIN:
		return unix.ENOBUFS
	case unix.ENETUNREACH, unix.EADDRNOTAVAIL, unix.EINVAL:
		switch flags, errFlags := u.flags(); {
		case errFlags == unix.ENODEV:
			return unix.ENODEV
		case errFlags == nil && flags&unix.IFF_UP == 0:
			return unix.ENETDOWN
		}
	}
	return err
}

// flags are the interface's.
func (u *Unicast) flags() (uint16, error) {
	request, err := unix.NewIfreq(u.ifname)
	if err != nil {
		return 0, err
	}
	if err := unix.IoctlIfreq(u.fd, unix.SIOCGIFFLAGS, request); err != nil {
		return 0, err
	}
	return request.Uint16(), nil
}

// Close frees the socket. Later calls do nothing and return nil.
func (u *Unicast) Close() error {
	if u.fd < 0 {
		return nil
	}
	err := unix.Close(u.fd)
	u.fd = -1
	return os.NewSyscallError("close", err)
}
