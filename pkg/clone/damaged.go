package clone

import (
	"context"
	"errors"
	"io/fs"

	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carpif"
)

// destroyDamaged removes an interface whose record cannot be read, so that no
// supervisor could be started for it: what there is in the kernel and in the
// state folder, under the supervisor's own lock.
func (c *Cloner) destroyDamaged(name string, why error) error {
	lock, err := c.dir.Acquire(name)
	if err != nil {
		return err
	}
	_ = c.dir.BuryCounters(context.Background(), name) // what was counted is worth a try
	kernel, err := link.Open()
	if err != nil {
		lock.Release()
		return err
	}
	defer func() { _ = kernel.Close() }()
	if err := sweep(kernel, c.dir, name); err != nil {
		lock.Release()
		return err
	}
	c.notify("%s: removed, though its record was damaged: %v", name, why)
	return lock.Remove()
}

// sweep takes what is left of an interface out of a kernel and a state folder.
func sweep(kernel carpif.Kernel, folder interface {
	Parents() (state.Parents, error)
	LeaveParent(parent, user string, restore func(map[string]string) error) error
	Remove(name string) error
}, name string) error {
	if err := kernel.DeleteBacking(name); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	parents, err := folder.Parents()
	if err != nil {
		return err
	}
	for parent := range parents {
		err := folder.LeaveParent(parent, name, func(saved map[string]string) error {
			return kernel.RestoreParent(parent, saved)
		})
		if err != nil {
			return err
		}
	}
	return folder.Remove(name)
}
