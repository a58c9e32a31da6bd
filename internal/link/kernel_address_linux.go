package link

import (
	"encoding/binary"
	"math"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

func (h *netHost) addresses(index int) ([]localAddress, error) {
	var on netlink.Link
	if index != 0 {
		on = linkOf(device{index: index})
	}
	list, err := retryDump(func() ([]netlink.Addr, error) {
		return h.lib.addresses(on, netlink.FAMILY_ALL)
	})
	if err != nil {
		return nil, err
	}
	var all []localAddress
	for _, a := range list {
		if p, ok := prefixOf(a); ok {
			all = append(all, localAddress{index: a.LinkIndex, Address: Address{
				Prefix:        p,
				Lease:         leaseOf(a.ValidLft),
				NoPrefixRoute: a.Flags&unix.IFA_F_NOPREFIXROUTE != 0,
			}, usable: a.Flags&unix.IFA_F_TENTATIVE == 0 && a.Flags&unix.IFA_F_DADFAILED == 0 && !temporary(a) && !virtual(a)})
		}
	}
	return all, nil
}

// temporary reports a privacy address. IPv4 uses the same bit for "secondary".
func temporary(a netlink.Addr) bool {
	return a.Flags&unix.IFA_F_TEMPORARY != 0 && a.IP.To4() == nil
}

// virtualFlags are, with a length of 128, how an address of carpN on its
// parent is told from the host's own. Only the low eight bits of the flags are
// in the fixed part of a message, where watchFilter looks.
const virtualFlags = unix.IFA_F_NODAD | unix.IFA_F_DEPRECATED

// virtual reports an IPv6 address that a TUN has put on its parent.
func virtual(a netlink.Addr) bool {
	ones, bits := a.Mask.Size()
	return ones == 128 && bits == 128 && a.Flags&virtualFlags == virtualFlags
}

func prefixOf(a netlink.Addr) (netip.Prefix, bool) {
	if a.IPNet == nil {
		return netip.Prefix{}, false
	}
	ones, _ := a.Mask.Size()
	p := prefixFrom(a.IP, ones)
	return p, p.IsValid()
}

// prefixFrom returns the invalid prefix for bytes that are no address.
func prefixFrom(ip []byte, bits int) netip.Prefix {
	a, _ := netip.AddrFromSlice(ip)
	return netip.PrefixFrom(a, bits)
}

// leaseOf translates IFA_CACHEINFO's valid time: all ones is for ever.
func leaseOf(seconds int) time.Duration {
	if uint32(seconds) == math.MaxUint32 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// putAddress asks for valid_lft = lease. An IPv4 address is preferred as
// long as it is valid, which is what the kernel makes of it anyway; an IPv6
// one is deprecated from the start, so that it is never picked as a source.
// There is no IPv4 broadcast address: the parent has the subnet's.
func (h *netHost) putAddress(d device, a Address, exclusive bool) error {
	flags := unix.NLM_F_CREATE | unix.NLM_F_REPLACE
	if exclusive {
		flags = unix.NLM_F_CREATE | unix.NLM_F_EXCL
	}
	req := addressRequest(unix.RTM_NEWADDR, flags, d.index, a.Prefix)

	var bits uint32
	inet6 := a.Prefix.Addr().Is6()
	if inet6 {
		bits |= unix.IFA_F_NODAD
	}
	if a.NoPrefixRoute {
		bits |= unix.IFA_F_NOPREFIXROUTE
	}
	req.AddData(nl.NewRtAttr(unix.IFA_FLAGS, nl.Uint32Attr(bits)))

	valid := uint32(math.MaxUint32)
	if a.Lease > 0 {
		valid = uint32(a.seconds())
	}
	preferred := valid
	if inet6 {
		preferred = 0
	}
	life := make([]byte, unix.SizeofIfaCacheinfo)
	binary.NativeEndian.PutUint32(life[0:], preferred)
	binary.NativeEndian.PutUint32(life[4:], valid)
	req.AddData(nl.NewRtAttr(unix.IFA_CACHEINFO, life))
	return h.fast.do(req)
}

func (h *netHost) deleteAddress(d device, p netip.Prefix) error {
	return h.fast.do(addressRequest(unix.RTM_DELADDR, 0, d.index, p))
}

// addressRequest returns a request about one address of one interface.
func addressRequest(kind, flags, index int, p netip.Prefix) *nl.NetlinkRequest {
	family := unix.AF_INET
	if p.Addr().Is6() {
		family = unix.AF_INET6
	}
	msg := nl.NewIfAddrmsg(family)
	msg.Index = uint32(index)
	msg.Prefixlen = uint8(p.Bits())
	ip := p.Addr().AsSlice()
	req := nl.NewNetlinkRequest(kind, flags|unix.NLM_F_ACK)
	req.AddData(msg)
	req.AddData(nl.NewRtAttr(unix.IFA_LOCAL, ip))
	req.AddData(nl.NewRtAttr(unix.IFA_ADDRESS, ip))
	return req
}
