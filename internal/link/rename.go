package link

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
)

// RenameBacking gives carpN (name) another name. It keeps its ifindex, its
// addresses with their leases, its settings, and goes on answering. The error
// matches fs.ErrExist when the new name is taken, or when carpN is not ours,
// and fs.ErrNotExist when there is no carpN.
//
// Linux before 6.2 says EBUSY of an interface that is up. There it goes down
// for the moment, which takes the kernel some 10 ms.
func (b *backings) RenameBacking(name, to string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rename(name, to)
}

func (b *backings) rename(name, to string) error {
	if err := checkName(to); err != nil {
		return failed(name, "rename", err)
	}
	k, err := b.find(name)
	if err != nil {
		return err
	}
	// Alternative names too are taken; the kernel's own look would come after
	// the interface has been set down.
	if other, err := b.host.device(to); err == nil {
		return failed(name, "rename to "+to, fmt.Errorf("a %s interface has this name: %w", kindOf(other), syscall.EEXIST))
	} else if !missing(err) {
		return failed(name, "look up "+to, err)
	}
	err = b.host.changeDevice(k.device, change{name: &to})
	if errors.Is(err, syscall.EBUSY) && k.claimed {
		return b.renameDown(k, to)
	}
	if err != nil {
		return b.forget(name, failed(name, "rename to "+to, err))
	}
	b.moved(k, to)
	return nil
}

// renameDown renames carpN while it is down, and claims it again also if that
// fails. It does not fail if only the claiming does: then Renew says that carpN
// is released, and who is MASTER claims it.
func (b *backings) renameDown(k *backing, to string) error {
	name, down := k.device.name, false
	err := b.host.changeDevice(k.device, change{up: &down})
	if err == nil {
		err = b.host.changeDevice(k.device, change{name: &to})
	}
	if err == nil {
		b.moved(k, to)
	} else {
		err = b.forget(name, failed(name, "rename to "+to, err))
	}
	k.claimed = false
	_ = b.claim(k, slices.Clone(k.held))
	return err
}

// moved keeps what is known of carpN under its new name.
func (b *backings) moved(k *backing, to string) {
	delete(b.known, k.device.name)
	k.device.name = to
	b.known[to] = k
}

// RenameBacking is Kernel.RenameBacking.
func (t *TUN) RenameBacking(name, to string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := t.rename(name, to)
	if _, renamed := t.known[to]; renamed && t.open[name] != nil {
		t.open[to] = t.open[name]
		delete(t.open, name)
	}
	return err
}
