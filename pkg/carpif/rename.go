package carpif

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"golang.org/x/sys/unix"
)

// A renaming, step by step; what a kill leaves between any two of them, the
// next supervisor takes up (state.Dir.Rename):
//
//	takeName      the new name's lock and socket: nobody else can have it. This
//	              may take long, so the owner does not see the line before
//	              the other words of the line, under the old name
//	rename        the record, with the new name as its intention
//	              the kernel interface
//	              Commit: record, ledger and all else; the old name is free
//	              the record, with the new name alone
//
// The election notices nothing: the wire is the parent's.

// opSetName is the call that FreeBSD's errors are named after.
const opSetName = "ioctl SIOCSIFNAME (set name)"

// ErrNameInUse says that a name is another carp interface's; it matches EEXIST.
var ErrNameInUse = fmt.Errorf("another carp interface has that name: %w", unix.EEXIST)

// naming is the new name that a line has, taken hold of.
type naming struct {
	to   string
	held Renaming // nil: not had, or not any more
	err  error    // why it was not had
}

// abort lets go of the name, unless it is the interface's by now. Without a name it
// does nothing.
func (n *naming) abort() {
	if n != nil && n.held != nil {
		n.held.Abort()
		n.held = nil
	}
}

// takeName takes hold of the name that a line gives the interface, in the goroutine of
// whoever asks for it. Whether that is a new name, and whether the line is to be obeyed
// at all, only the owner can tell; so a name that cannot be had is no error yet.
func (i *Interface) takeName(ctx context.Context, req *control.Request) *naming {
	if req.Change == nil || req.Change.Name == nil || *req.Change.Name == req.Name {
		return nil
	}
	n := &naming{to: *req.Change.Name}
	n.held, n.err = i.opts.Rename(ctx, n.to)
	return n
}

// checkName refuses the name that a line gives the interface, if it cannot be had. Its
// own name is none.
func (i *Interface) checkName(c *control.Change, taken *naming) (*naming, error) {
	if c.Name == nil || *c.Name == i.name {
		return nil, nil
	}
	to := *c.Name
	_, err := i.kernel().Parent(to)
	switch {
	case err == nil:
		err = fmt.Errorf("an interface of this host has that name: %w", unix.EEXIST)
	case to == i.record.Parent || to == i.record.CarpDev: // gone, and may come back
		err = fmt.Errorf("its parent has that name: %w", unix.EEXIST)
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	switch {
	case err != nil:
	case taken == nil: // it was to keep its own name, and has another by now
		err = ErrNameInUse
	default:
		err = taken.err
	}
	if err != nil {
		return nil, i.refuseName(to, err)
	}
	return taken, nil
}

// refuseName is FreeBSD's refusal of a name.
func (i *Interface) refuseName(to string, err error) error {
	if errno, ok := errors.AsType[unix.Errno](err); ok {
		return bsderr.Errno(opSetName, errno, fmt.Sprintf("%s: name %s: %v", i.name, to, err))
	}
	return err
}

// rename gives the interface its new name, or leaves it as it was.
func (i *Interface) rename(n *naming) error {
	if n == nil {
		return nil
	}
	if err := i.renameAll(n); err != nil {
		return i.refuseName(n.to, err)
	}
	n.held = nil
	from := i.name
	i.name, i.record.Name = n.to, n.to
	i.log = i.opts.Log.With("iface", n.to)
	i.log.Info("renamed", "from", from)
	for k := range i.entries {
		i.entries[k].Owner = n.to
	}
	for k := range i.published {
		i.published[k].Owner = n.to
	}
	// What is on disk reads the same, should this fail.
	if err := i.opts.Store.Save(i.record); err != nil {
		i.limited("record", "record", "err", err)
	}
	i.loadDemotion()
	return nil
}

// renameAll is the part that can fail.
func (i *Interface) renameAll(n *naming) error {
	intended := i.record
	intended.NewName = n.to
	if err := i.opts.Store.Save(intended); err != nil {
		return err
	}
	renamed := false
	if i.attached {
		err := i.kernel().RenameBacking(i.name, n.to)
		if renamed = err == nil; !renamed && !errors.Is(err, fs.ErrNotExist) {
			return err // one that somebody has deleted is made anew on the news of it
		}
	}
	err := n.held.Commit()
	if err != nil && renamed {
		err = errors.Join(err, i.kernel().RenameBacking(n.to, i.name))
	}
	return err
}

// takeBackName undoes a renaming in which an earlier supervisor was killed. The
// old name is in force, but the kernel interface may have the new one: it may
// still answer, and is not to be left to itself. Where somebody else has got the
// name meanwhile, it is theirs, and they are not waited for.
func (i *Interface) takeBackName() {
	to := i.record.NewName
	if to == "" {
		return
	}
	i.record.NewName = ""
	if to != i.name { // else it was killed after Commit
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		r, err := i.opts.Rename(ctx, to)
		if err == nil {
			err = i.kernel().RenameBacking(to, i.name)
			r.Abort()
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			i.log.Warn("taking back a new name", "name", to, "err", err)
		}
	}
	if err := i.opts.Store.Save(i.record); err != nil {
		i.limited("record", "record", "err", err)
	}
}
