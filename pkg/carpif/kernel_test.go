package carpif

import (
	"context"
	"net/netip"
	"sync"

	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
)

// kernel is the host's kernel as one supervisor calls it. on runs before a
// call and may refuse it; dead, no call has an effect.
type kernel struct {
	*link.Imaginary
	mu   sync.Mutex
	on   map[string]func() error
	dead bool
	// endNews closes the channel of the latest Watch.
	endNews context.CancelFunc
}

func (k *kernel) before(call string, f func() error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.on[call] = f
}

func (k *kernel) call(name string) error {
	k.mu.Lock()
	f, dead := k.on[name], k.dead
	k.mu.Unlock()
	switch {
	case dead:
		return errDead
	case f != nil:
		return f()
	}
	return nil
}

func ask[T any](k *kernel, name string, f func() (T, error)) (none T, err error) {
	if err := k.call(name); err != nil {
		return none, err
	}
	return f()
}

func (k *kernel) tell(name string, f func() error) error {
	if err := k.call(name); err != nil {
		return err
	}
	return f()
}

func (k *kernel) Parents() ([]link.Parent, error) { return ask(k, "Parents", k.Imaginary.Parents) }
func (k *kernel) Parent(name string) (link.Parent, error) {
	return ask(k, "Parent", func() (link.Parent, error) { return k.Imaginary.Parent(name) })
}
func (k *kernel) PrepareParent(name string) (link.Settings, error) {
	return ask(k, "PrepareParent", func() (link.Settings, error) { return k.Imaginary.PrepareParent(name) })
}
func (k *kernel) RestoreParent(name string, saved link.Settings) error {
	return k.tell("RestoreParent "+name, func() error { return k.Imaginary.RestoreParent(name, saved) })
}
func (k *kernel) Watch(ctx context.Context) (<-chan link.Event, error) {
	k.mu.Lock()
	ctx, k.endNews = context.WithCancel(ctx)
	k.mu.Unlock()
	return ask(k, "Watch", func() (<-chan link.Event, error) { return k.Imaginary.Watch(ctx) })
}
func (k *kernel) EnsureBacking(name string, parent int, mac [6]byte) (int, error) {
	return ask(k, "EnsureBacking", func() (int, error) { return k.Imaginary.EnsureBacking(name, parent, mac) })
}
func (k *kernel) Inherit(name string, parent int, mac [6]byte) (index int, ok bool, err error) {
	err = k.tell("Inherit", func() (err error) { index, ok, err = k.Imaginary.Inherit(name, parent, mac); return err })
	return index, ok, err
}
func (k *kernel) DeleteBacking(name string) error {
	return k.tell("DeleteBacking", func() error { return k.Imaginary.DeleteBacking(name) })
}
func (k *kernel) Claim(name string, addrs []link.Address) error {
	return k.tell("Claim", func() error { return k.Imaginary.Claim(name, addrs) })
}
func (k *kernel) Renew(name string, addrs []link.Address) ([]netip.Prefix, error) {
	return ask(k, "Renew", func() ([]netip.Prefix, error) { return k.Imaginary.Renew(name, addrs) })
}
func (k *kernel) RenameBacking(name, to string) error {
	return k.tell("RenameBacking", func() error { return k.Imaginary.RenameBacking(name, to) })
}
func (k *kernel) Release(name string) error {
	return k.tell("Release", func() error { return k.Imaginary.Release(name) })
}
