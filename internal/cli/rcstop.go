package cli

import (
	"context"
	"errors"
	"io/fs"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"golang.org/x/sys/unix"
)

// stop takes the addresses off, sets the interfaces down, which hands over what they
// are MASTER of, and destroys those that are not to stay.
func (r *rcRun) stop(ctx context.Context) error {
	if o := &r.options; !o.dryRun && len(o.files)+len(o.names) == 0 { // or they would come after the stop
		r.cloner.Recall(ctx)
	}
	tasks, failed := r.tasks(ctx)
	if !r.options.dryRun {
		for _, t := range tasks {
			if t.Clone != "" { // a start that was ended may have left one half made
				r.cloner.Await(ctx, t.Clone)
			}
		}
	}
	return r.stopAll(ctx, tasks, failed)
}

// restart stops and starts. An interface that could not be started again, because of a
// mistake in the files or because its parent is not there, is left as it is.
func (r *rcRun) restart(ctx context.Context) error {
	tasks, failed := r.tasks(ctx)
	var sound []*rcTask
	for _, t := range tasks {
		if err := r.resolve(ctx, t); err != nil && !isNoParent(err) {
			PrintError(r.env.Stderr, err)
			PrintError(r.env.Stderr, bsderr.New(t.Title()+": not restarted"))
			failed = true
			continue
		}
		if err := r.find(ctx, t); err == nil && t.name != "" && t.want != nil && !ready(&t.want.Change, r.present) {
			PrintError(r.env.Stderr, bsderr.New(t.Title()+": not restarted",
				t.name+": its parent, or an address of the parent in its subnet, is not there"))
			failed = true
			continue
		}
		sound = append(sound, t)
	}
	failed = r.stopAll(ctx, sound, failed) != nil
	return r.startAll(ctx, sound, !r.knobs(ctx) || failed)
}

// stopAll prints what `service netif stop` prints.
func (r *rcRun) stopAll(ctx context.Context, tasks []*rcTask, failed bool) error {
	var stopped []string
	var doomed []*rcTask
	for _, t := range tasks {
		if err := r.find(ctx, t); err != nil {
			PrintError(r.env.Stderr, err)
			failed = true
			continue
		}
		if t.name == "" {
			if len(r.options.names) > 0 {
				r.tell([]string{t.Title() + " does not exist.  Skipped."})
			}
			continue
		}
		destroys := t.Cloned && !t.Sticky
		if destroys {
			doomed = append(doomed, t)
		}
		switch err := r.deconfigure(ctx, t.name); {
		case err == nil:
			stopped = append(stopped, t.name)
		case r.isGoing(ctx, t.name, err): // by another's hand
		case !destroys: // else the destroying says what is wrong
			PrintError(r.env.Stderr, err)
			failed = true
		}
	}
	r.print("Stopping Network: ", stopped)
	failed = r.showAll(ctx, stopped, failed, nil) != nil
	var destroyed []string
	for _, t := range doomed {
		err := r.cloner.Destroy(ctx, t.name)
		if r.isGoing(ctx, t.name, err) {
			continue
		}
		if err != nil {
			PrintError(r.env.Stderr, err)
			failed = true
			continue
		}
		destroyed = append(destroyed, t.name)
	}
	r.print("Destroyed clone interfaces: ", destroyed)
	if failed {
		return errTold
	}
	return nil
}

// isGoing tells whether an error is that another command has destroyed the interface,
// or is about to: then it waits until that has been done.
func (r *rcRun) isGoing(ctx context.Context, name string, err error) bool {
	return (errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESHUTDOWN)) && r.cloner.AwaitGone(ctx, name)
}

// deconfigure takes the addresses off an interface and sets it down.
func (r *rcRun) deconfigure(ctx context.Context, name string) error {
	s, err := r.is(ctx, name)
	if err != nil {
		return err
	}
	change := control.Change{Up: new(false)}
	for _, p := range s.Addresses {
		change.Addresses = append(change.Addresses, control.AddressChange{Op: control.AddressDelete, Prefix: p})
	}
	notes, err := r.cloner.Change(ctx, name, change)
	r.tell(notes)
	return err
}
