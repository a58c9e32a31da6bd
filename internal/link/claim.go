package link

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"syscall"
)

// ErrReleased is what Renew answers when carpN is not claimed: an address put
// on an interface that is down would be local all the same.
var ErrReleased = errors.New("addresses are released")

// find returns what is known of carpN, asking the kernel the first time.
func (b *backings) find(name string) (*backing, error) {
	if k := b.known[name]; k != nil {
		return k, nil
	}
	d, err := b.host.device(name)
	if err != nil {
		return nil, failed(name, "look up interface", err)
	}
	if !d.ours() || d.name != name {
		return nil, failed(name, "look up interface", fmt.Errorf("not ours: %w", fs.ErrExist))
	}
	locals, err := b.host.addresses(d.index)
	if err != nil {
		return nil, failed(name, "list addresses", err)
	}
	disabled, err := b.host.readSetting(setting{name, "ipv6", "disable_ipv6"})
	k := &backing{device: d, inet6: err == nil && disabled == "0", claimed: d.up}
	if d.kind == "tun" {
		if k.parent, err = b.deviceByIndex(d.on()); err != nil {
			return nil, failed(name, fmt.Sprintf("find parent with index %d", d.on()), err)
		}
	}
	for _, l := range locals {
		k.held = append(k.held, l.Address)
	}
	b.known[name] = k
	return k, nil
}

// forget drops what is known of carpN when err says the interface is gone:
// it may come back with another index.
func (b *backings) forget(name string, err error) error {
	if missing(err) {
		delete(b.known, name)
	}
	return err
}

// Claim makes carpN answer for exactly these addresses: up, each address
// with its lease. It is the failover path: for an interface that
// EnsureBacking has seen it takes one netlink message per address and one to
// set it up, and no dump.
//
// IPv4 addresses are put there before the interface goes up, so that it
// answers from the moment the macvlan takes frames; until then nobody does,
// because the parent's arp_ignore keeps it silent. Both orders cost the same
// two messages (kernel 6.18: 50 µs together), but a neighbour on a veth has
// its ARP answer 80 µs after the start this way and 105 µs the other. IPv6
// addresses can only follow: on an interface that is down the kernel drops an
// address with a lifetime at once instead of leaving it tentative.
//
// An address that the kernel refuses does not keep the others away: the
// error joins all refusals, and the caller decides whether to Release.
func (b *backings) Claim(name string, addrs []Address) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range addrs {
		if err := a.check(); err != nil {
			return failed(name, "claim", err)
		}
	}
	k, err := b.find(name)
	if err != nil {
		return err
	}
	return b.forget(name, b.claim(k, addrs))
}

func (b *backings) claim(k *backing, addrs []Address) error {
	errs := []error{b.dropStale(k, addrs)}
	inet6 := false
	for _, a := range addrs {
		if a.Prefix.Addr().Is4() {
			errs = append(errs, b.put(k, a))
		} else {
			inet6 = true
		}
	}
	errs = append(errs, b.setInet6(k, inet6))
	up := true
	if err := b.host.changeDevice(k.device, change{up: &up}); err != nil {
		return errors.Join(append(errs, failed(k.device.name, "set up", err))...)
	}
	k.claimed = true
	for _, a := range addrs {
		if a.Prefix.Addr().Is6() {
			errs = append(errs, b.put(k, a))
		}
	}
	return errors.Join(errs...)
}

// dropStale deletes what is held and not wanted. An IPv4 address whose route
// flag changes goes too: replacing it renews the lease and nothing else.
func (b *backings) dropStale(k *backing, addrs []Address) error {
	var errs []error
	k.held = slices.DeleteFunc(k.held, func(held Address) bool {
		for _, a := range addrs {
			if a = k.place(a); a.Prefix == held.Prefix && a.NoPrefixRoute == held.NoPrefixRoute {
				return false
			}
		}
		err := b.drop(k, held.Prefix)
		errs = append(errs, err)
		return err == nil
	})
	return errors.Join(errs...)
}

// drop deletes an address. That it is not there, or went with the parent that
// bore it, is no error.
func (b *backings) drop(k *backing, p netip.Prefix) error {
	on := k.bearer(p)
	err := b.host.deleteAddress(on, p)
	if err == nil || errors.Is(err, syscall.EADDRNOTAVAIL) || (missing(err) && on.index != k.device.index) {
		return nil
	}
	return failed(k.device.name, "delete address "+p.String(), err)
}

// bearer returns the interface that has an address of this carpN in the kernel.
func (k *backing) bearer(p netip.Prefix) device {
	if k.device.kind == "tun" && p.Addr().Is6() {
		return k.parent
	}
	return k.device
}

// place returns an address as this carpN's kernel is given it: on a macvlan as
// it is, on a TUN without its subnet, which is not to be reached through there.
func (k *backing) place(a Address) Address {
	a = a.normal()
	if k.device.kind == "tun" {
		a.NoPrefixRoute = true
		if ip := a.Prefix.Addr(); ip.Is6() {
			a.Prefix = netip.PrefixFrom(ip, 128)
		}
	}
	return a
}

// put adds an address or renews it.
func (b *backings) put(k *backing, a Address) error {
	a = k.place(a)
	if err := b.host.putAddress(k.bearer(a.Prefix), a, false); err != nil {
		return failed(k.device.name, "add address "+a.Prefix.String(), err)
	}
	k.hold(a)
	return nil
}

func (k *backing) hold(a Address) {
	if i := k.find(a.Prefix); i >= 0 {
		k.held[i] = a
	} else {
		k.held = append(k.held, a)
	}
}

func (k *backing) find(p netip.Prefix) int {
	return slices.IndexFunc(k.held, func(a Address) bool { return a.Prefix == p })
}

// setInet6 switches IPv6 on carpN on or off. It is off unless there is an
// address to serve: an interface that comes up with IPv6 reports its
// multicast groups, and is heard. A TUN never needs it.
func (b *backings) setInet6(k *backing, on bool) error {
	if k.inet6 == on || k.device.kind == "tun" {
		return nil
	}
	value := "1"
	if on {
		value = "0"
	}
	err := b.WriteSetting(k.device.name, "ipv6", "disable_ipv6", value)
	if !on && errors.Is(err, fs.ErrNotExist) { // with an MTU too small for IPv6 there is none
		err = nil
	}
	if err != nil {
		return err
	}
	k.inet6 = on
	return nil
}

// Renew renews the leases of a claimed carpN, best done with every
// advertisement, and returns the addresses that were gone and had to be added
// again: another program deleted them, or the caller overslept the lease. The
// error matches ErrReleased when carpN is not claimed. An address that Claim
// put there and that is not in addrs runs out.
//
// The kernel adds an address that it is told to replace, so that alone would
// hide the loss. Each address is therefore added exclusively first; EEXIST is
// the good case, and only then the lease is renewed.
func (b *backings) Renew(name string, addrs []Address) (readded []netip.Prefix, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k, err := b.find(name)
	if err != nil {
		return nil, err
	}
	if !k.claimed {
		return nil, failed(name, "renew", ErrReleased)
	}
	var errs []error
	for _, asked := range addrs {
		if err := asked.check(); err != nil {
			errs = append(errs, failed(name, "renew", err))
			continue
		}
		a := k.place(asked)
		if a.Prefix.Addr().Is6() { // SetMTU may have switched it off
			errs = append(errs, b.setInet6(k, true))
		}
		err := b.host.putAddress(k.bearer(a.Prefix), a, true)
		switch {
		case errors.Is(err, syscall.EEXIST):
			errs = append(errs, b.put(k, a))
		case err != nil:
			errs = append(errs, failed(name, "add address "+a.Prefix.String(), err))
		default:
			if k.find(a.Prefix) >= 0 {
				readded = append(readded, asked.Prefix)
			}
			k.hold(a)
		}
	}
	return readded, b.forget(name, errors.Join(errs...))
}

// Release makes carpN silent: the addresses go first, one message each, and
// with the last one it has stopped answering (10 µs for one, 1 ms for 200);
// then it goes down, which takes the kernel an RCU grace period (10 to 16 ms)
// during which it is silent already. Addresses that others put on carpN go as
// well. It does all it can: the error joins what failed on the way.
func (b *backings) Release(name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	k, err := b.find(name)
	if err != nil {
		return err
	}
	var errs []error
	for i := len(k.held) - 1; i >= 0; i-- { // last first: see sweep
		errs = append(errs, b.drop(k, k.held[i].Prefix))
	}
	k.held, k.claimed = nil, false
	down := false
	if err := b.host.changeDevice(k.device, change{up: &down}); err != nil {
		errs = append(errs, failed(name, "set down", err))
	}
	errs = append(errs, b.sweep(k.device))
	if err := b.forget(name, errors.Join(errs...)); err != nil {
		return err
	}
	return b.setInet6(k, false)
}

// HasAddresses reports whether the kernel has any address on carpN.
func (b *backings) HasAddresses(name string) (bool, error) {
	addrs, err := b.Addresses(name)
	return len(addrs) > 0, err
}

// Addresses returns the addresses the kernel has on carpN, with what is left
// of each lease, and of a TUN those that this process has put on its parent.
// The error matches fs.ErrNotExist when carpN does not exist.
func (b *backings) Addresses(name string) ([]Address, error) {
	d, err := b.host.device(name)
	if err != nil {
		return nil, failed(name, "look up interface", err)
	}
	locals, err := b.host.addresses(d.index)
	if err != nil {
		return nil, failed(name, "list addresses", err)
	}
	var addrs []Address
	for _, l := range locals {
		addrs = append(addrs, l.Address)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if k := b.known[name]; k != nil && k.device.kind == "tun" {
		if locals, err = b.host.addresses(k.parent.index); err != nil {
			return nil, failed(name, "list addresses", err)
		}
		for _, l := range locals {
			if l.Prefix.Addr().Is6() && k.find(l.Prefix) >= 0 {
				addrs = append(addrs, l.Address)
			}
		}
	}
	return addrs, nil
}
