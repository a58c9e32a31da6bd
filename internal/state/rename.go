package state

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// Rename moves all that is kept of a unit to another name; its locks and
// sockets are the caller's, who holds both locks, and the folder's since before the
// record was saved with the NewName: an owner that has to advertise does not wait here.
// A renaming goes like this,
// and a kill at any instant leaves one record, under one name:
//
//  1. The record is saved with the NewName. Whoever starts the unit now takes
//     back what has been done under it.
//  2. The caller renames the kernel interface.
//  3. Rename. The move of the record is the step that counts. Under its new
//     name it reads as that of the new name, with the NewName the same.
//  4. The record is saved with the new name alone.
//
// With an error nothing has moved.
func (d *Dir) Rename(from, to string) error {
	r, err := d.Load(from)
	switch {
	case err != nil:
		return err
	case r.NewName != to:
		return fmt.Errorf("record of %s: it is not being renamed to %s", from, to)
	case d.hasRecord(to):
		return fmt.Errorf("record of %s: %w", to, fs.ErrExist)
	}
	// Before the record: a user without one is dropped sooner or later, and a
	// unit without its entry would lose its parent's settings with the next
	// that leaves.
	if err := d.renameUser(from, to); err != nil {
		return err
	}
	if err := os.Rename(d.file(from+recordSuffix), d.file(to+recordSuffix)); err != nil {
		_ = d.renameUser(to, from)
		return fmt.Errorf("record of %s: %w", from, err)
	}
	// One rename, so that no reader counts the entries twice. They are of use to
	// the living only, so what is left behind does no harm.
	_ = os.Rename(d.file(from+demotionSuffix), d.file(to+demotionSuffix))
	_ = os.Rename(d.file(from+countersSuffix), d.file(to+countersSuffix))
	_ = d.sync() // it is done; a crash of the host takes the interface too
	return nil
}

// renameUser puts one name in another's place on all parents.
func (d *Dir) renameUser(from, to string) error {
	return d.rewriteParents(func(all Parents) error {
		all.Rename(from, to)
		return nil
	})
}

// Rename puts one unit's name in another's place on all parents.
func (all Parents) Rename(from, to string) {
	for name, p := range all {
		if slices.Contains(p.Users, from) {
			p.Users = slices.DeleteFunc(p.Users, func(u string) bool { return u == from || u == to })
			p.Users = append(p.Users, to)
			slices.SortFunc(p.Users, CompareNames)
			all[name] = p
		}
	}
}
