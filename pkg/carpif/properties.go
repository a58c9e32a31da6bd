package carpif

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/bsdif"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"golang.org/x/sys/unix"
)

// What ifconfig(8) sets of every interface, and of IPv6 addresses.

const (
	opSetMTU    = "ioctl (set mtu)"
	opSetMetric = "ioctl (set metric)"

	// minMTU is the least that Linux gives a macvlan (ETH_MIN_MTU); with less than
	// minMTU6 it takes the IPv6 addresses away (RFC 8200, 5).
	minMTU, minMTU6 = 68, 1280
)

// planProperties applies metric, mtu and the flags, which must go with the addresses
// that the record has by now.
func planProperties(r *state.Record, c *control.Change, parents []link.Parent) error {
	set(&r.Metric, c.Metric)
	set(&r.MTU, c.MTU)
	r.Flags = r.Flags&^c.ClearFlags | c.SetFlags
	switch {
	case r.Metric < 0 || r.Metric > math.MaxInt32:
		return bsderr.Errno(opSetMetric, unix.EINVAL, fmt.Sprintf("%s: metric %d: must be 0 to %d", r.Name, r.Metric, math.MaxInt32))
	case !r.Flags.Valid() || c.SetFlags&c.ClearFlags != 0:
		return bsderr.Errno("SIOCSIFFLAGS", unix.EINVAL, fmt.Sprintf("%s: flags %#x: unknown, or set and cleared at once", r.Name, uint32(r.Flags)))
	case r.Flags.Has(bsdif.NoARP) && usesTUN(r):
		return bsderr.Errno("-arp", unix.EOPNOTSUPP, r.Name+": -arp: with backing tun it is the parent that answers ARP")
	}
	return planMTU(r, c, parents)
}

func planMTU(r *state.Record, c *control.Change, parents []link.Parent) error {
	if c.MTU == nil && (r.MTU == 0 || len(c.Addresses) == 0) {
		return nil
	}
	least, most, why := minMTU, 65535, ""
	if n := slices.IndexFunc(parents, func(p link.Parent) bool { return p.Name == r.Parent }); n >= 0 && parents[n].MTU > 0 {
		most, why = parents[n].MTU, ", the MTU of its parent "+r.Parent
	}
	if slices.ContainsFunc(r.Addresses, func(p netip.Prefix) bool { return p.Addr().Is6() }) {
		least, why = minMTU6, why+", and no less for IPv6"
	}
	if r.MTU >= least && (r.MTU <= most || c.MTU == nil) { // the parent's may have shrunk
		return nil
	}
	return bsderr.Errno(opSetMTU, unix.EINVAL, fmt.Sprintf("%s: mtu %d: must be %d to %d%s", r.Name, r.MTU, least, most, why))
}

// mtu is carpN's: the administrator's, but never more than its parent's.
func (i *Interface) mtu() int {
	switch {
	case i.parent == nil && i.record.MTU == 0:
		return defaultMTU
	case i.parent == nil:
		return i.record.MTU
	case i.record.MTU == 0:
		return i.parent.MTU
	}
	return min(i.record.MTU, i.parent.MTU)
}

// followMTU keeps carpN's MTU what it has to be with the parent's as it is now: the
// kernel lowers it with the parent's, and does not raise it again.
func (i *Interface) followMTU() error {
	if !i.attached || i.parent.MTU == 0 {
		return nil
	}
	return i.kernel().SetMTU(i.name, i.mtu())
}

// dress gives a carpN that has just been made or taken over what it has to have now,
// where that is not what it was made with: its parent's MTU may be another since.
func (i *Interface) dress() error {
	var errs []error
	if i.record.MTU != 0 || i.inherited {
		errs = append(errs, i.followMTU())
	}
	if i.record.Flags.Has(bsdif.NoARP) {
		errs = append(errs, i.ignoreARP(true))
	}
	return errors.Join(errs...)
}

// redress brings a carpN that is there in line with a record that differs from prev.
func (i *Interface) redress(prev state.Record) error {
	var errs []error
	if !i.attached {
		return nil
	}
	if prev.MTU != i.record.MTU {
		errs = append(errs, i.kernel().SetMTU(i.name, i.mtu()))
	}
	if (prev.Flags ^ i.record.Flags).Has(bsdif.NoARP) {
		errs = append(errs, i.ignoreARP(i.balance.wire != nil))
	}
	return errors.Join(errs...)
}

// logLevel is net.inet.carp.log, or what debug makes of it.
func (i *Interface) logLevel() int {
	if i.record.Flags.Has(bsdif.Debug) {
		return max(i.knobs.Log, 2)
	}
	return i.knobs.Log
}

// planInet6 says of an IPv6 address what the line says; nothing takes back what was
// said before, as adding it again does on FreeBSD.
func planInet6(r *state.Record, a control.AddressChange) error {
	addr := a.Prefix.Addr()
	switch {
	case a.Inet6.IsZero():
	case !addr.Is6():
		return bsderr.New("address flags can be set only for inet6 addresses", fmt.Sprintf("%s: %v", r.Name, addr))
	case !a.Inet6.Valid():
		return bsderr.Errno(opAddAddress, unix.EINVAL,
			fmt.Sprintf("%s: %v: vltime must be 1 or more, and pltime not more than vltime", r.Name, addr))
	}
	next := map[netip.Addr]bsdif.Inet6{}
	for _, p := range r.Addresses {
		if said, ok := r.Inet6[p.Addr()]; ok {
			next[p.Addr()] = said
		}
	}
	delete(next, addr)
	if a.Op != control.AddressDelete && !a.Inet6.IsZero() {
		next[addr] = a.Inet6
	}
	if r.Inet6 = next; len(next) == 0 {
		r.Inet6 = nil
	}
	return nil
}

// fillEUI64 gives an address of `eui64` its lower half, which is made of the virtual
// MAC: with another vhid it would be another address.
func fillEUI64(r *state.Record, a *control.AddressChange) error {
	switch low := a.Prefix.Addr().As16(); {
	case !a.EUI64:
		return nil
	case !a.Prefix.Addr().Is6() || a.Prefix.Addr().Is4In6():
		return bsderr.New("eui64 not allowed for the AF", r.Name+": eui64: for IPv6 only")
	case r.VHID == 0:
		return bsderr.New("could not determine link local address",
			r.Name+": eui64: it is made of the virtual MAC, so the interface must have a vhid")
	case [8]byte(low[8:]) != [8]byte{}:
		return bsderr.New("interface index is already filled",
			fmt.Sprintf("%s: %v: its lower half must be 0 for eui64", r.Name, a.Prefix.Addr()))
	}
	a.Prefix = netip.PrefixFrom(bsdif.EUI64(a.Prefix.Addr(), r.VHID.MAC()), a.Prefix.Bits())
	a.EUI64 = false
	return nil
}
