package link

import "fmt"

// minMTU6 is the least MTU that IPv6 works with (RFC 8200, 5). Below it Linux takes IPv6
// off an interface, addresses and settings and all; from it on IPv6 is back, as on a new
// interface.
const minMTU6 = 1280

// SetMTU sets carpN's MTU, in bytes; the kernel allows no more than the parent's. One
// that has it already is left alone. The error matches fs.ErrExist when it is not ours.
func (b *backings) SetMTU(name string, mtu int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	k, err := b.find(name)
	if err != nil {
		return err
	}
	now, err := b.host.device(name) // the kernel lowers it with the parent's
	switch {
	case err != nil || now.mtu == mtu:
	case now.mtu < minMTU6 && mtu >= minMTU6:
		err = b.wakeInet6(k, now, change{mtu: &mtu})
	default:
		err = b.host.changeDevice(k.device, change{mtu: &mtu})
	}
	if err != nil {
		return b.forget(name, failed(name, fmt.Sprintf("set MTU %d", mtu), err))
	}
	return nil
}

// wakeInet6 raises the MTU to one that IPv6 works with. Left to itself carpN would then
// make addresses of the virtual MAC and look for others who have them; so it happens
// while it is down, some milliseconds, and IPv6 is silenced again. It is switched on with
// the next address.
func (b *backings) wakeInet6(k *backing, now device, raise change) error {
	down, up := false, true
	raise.up = &down
	if err := b.host.changeDevice(k.device, raise); err != nil {
		return err
	}
	k.inet6 = false
	if err := b.writeBackingSettings(now.name, "ipv6"); err != nil || !now.up {
		return err
	}
	return b.host.changeDevice(k.device, change{up: &up})
}
