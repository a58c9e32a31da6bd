package clone

import (
	"errors"
	"io/fs"

	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
)

// destroyDamaged removes an interface whose record cannot be read, so that no
// supervisor could be started for it: what there is in the kernel and in the
// state folder, under the supervisor's own lock.
func (c *Cloner) destroyDamaged(name string, why error) error {
	lock, err := c.dir.Acquire(name)
	if err != nil {
		return err
	}
	kernel, err := link.Open()
	if err != nil {
		lock.Release()
		return err
	}
	defer func() { _ = kernel.Close() }()
	if err := c.sweep(kernel, name); err != nil {
		lock.Release()
		return err
	}
	c.notify("%s: removed, though its record was damaged: %v", name, why)
	return lock.Remove()
}

func (c *Cloner) sweep(kernel *link.Kernel, name string) error {
	if err := kernel.DeleteBacking(name); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	parents, err := c.dir.Parents()
	if err != nil {
		return err
	}
	for parent := range parents {
		err := c.dir.LeaveParent(parent, name, func(saved map[string]string) error {
			return kernel.RestoreParent(parent, saved)
		})
		if err != nil {
			return err
		}
	}
	return c.dir.Remove(name)
}
