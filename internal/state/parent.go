package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

const parentsFile = "parents.json"

// Parent is an interface whose kernel settings were changed for the carpNs on
// it, with what they were before.
type Parent struct {
	// Ifindex tells a device from a later one of the same name.
	Ifindex int `json:"ifindex"`
	// Settings are the values to put back, by the names that internal/link
	// gives them.
	Settings map[string]string `json:"settings"`
	// Users are the units on it. When the last has left, the values go back.
	Users []string `json:"users"`
}

// Parents are interfaces in use, by name.
type Parents map[string]Parent

// Parents are the interfaces in use.
func (d *Dir) Parents() (Parents, error) {
	data, err := os.ReadFile(d.file(parentsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Parents{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("saved settings of parents: %w", err)
	}
	var parents Parents
	if err := decodeStrictly(data, &parents); err != nil {
		return nil, fmt.Errorf("saved settings of parents %s: damaged: %w", d.file(parentsFile), err)
	}
	if parents == nil { // the file said null
		parents = Parents{}
	}
	return parents, nil
}

// Use enters a unit as a user of a parent, which save and here are asked about as
// [Dir.UseParent] says: here tells whether another user is there still.
func (all Parents) Use(parent string, ifindex int, user string, here func(string) bool, save func() (map[string]string, error)) error {
	p, ok := all[parent]
	if !ok || p.Ifindex != ifindex {
		// A new device has settings of its own and no users yet: the
		// others come here too once they have noticed.
		settings, err := save()
		if err != nil {
			return fmt.Errorf("settings of %s: %w", parent, err)
		}
		p = Parent{Ifindex: ifindex, Settings: settings}
	}
	p.Users = append(prune(p.Users, user, here), user)
	slices.SortFunc(p.Users, CompareNames)
	all[parent] = p
	return nil
}

// Leave strikes a unit off, as [Dir.LeaveParent] does.
func (all Parents) Leave(parent, user string, here func(string) bool, restore func(map[string]string) error) error {
	p, ok := all[parent]
	if !ok {
		return nil
	}
	p.Users = prune(p.Users, user, here)
	if len(p.Users) > 0 {
		all[parent] = p
		return nil
	}
	// Restored before forgotten: a crash between repeats the restoring.
	if err := restore(p.Settings); err != nil && !errors.Is(err, fs.ErrNotExist) {
		all[parent] = p
		return fmt.Errorf("settings of %s: %w", parent, err)
	}
	delete(all, parent)
	return nil
}

// prune leaves out the one user, and those who left without a word.
func prune(users []string, without string, here func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(users), func(u string) bool { return u == without || !here(u) })
}

// UseParent enters a unit as a user of a parent. For the first one, save is
// called for the values as they are now, and they are on disk when UseParent
// returns; only then may the caller change them, so that no crash loses them.
// save must therefore change nothing. Values saved before are kept while the
// device is the same, also if all its users have died since: the kernel's
// present ones may still be ours.
func (d *Dir) UseParent(parent string, ifindex int, user string, save func() (map[string]string, error)) error {
	return d.changeParents(func(all Parents) error { return all.Use(parent, ifindex, user, d.here, save) })
}

// LeaveParent strikes a unit off. When it was the last, restore is called with
// the saved values, and they are forgotten once it has succeeded or says
// fs.ErrNotExist: the device is gone and its settings with it. If it fails
// otherwise, they are kept for the next who uses or leaves the parent.
func (d *Dir) LeaveParent(parent, user string, restore func(map[string]string) error) error {
	return d.changeParents(func(all Parents) error { return all.Leave(parent, user, d.here, restore) })
}

// UseParent is [Dir.UseParent] for who has the lock already.
func (e *Exclusive) UseParent(parent string, ifindex int, user string, save func() (map[string]string, error)) error {
	return e.dir.rewriteParents(func(all Parents) error { return all.Use(parent, ifindex, user, e.dir.here, save) })
}

// LeaveParent is [Dir.LeaveParent] for who has the lock already.
func (e *Exclusive) LeaveParent(parent, user string, restore func(map[string]string) error) error {
	return e.dir.rewriteParents(func(all Parents) error { return all.Leave(parent, user, e.dir.here, restore) })
}

// here tells whether a unit is alive, or has a record to be started from.
func (d *Dir) here(user string) bool { return d.hasRecord(user) || d.Alive(user) }

// changeParents lets change work on the map and writes it, under the folder's
// lock. It is written also if change fails: then it holds what change got done.
func (d *Dir) changeParents(change func(Parents) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), ownerPatience)
	defer cancel()
	unlock, err := d.LockFolder(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return d.rewriteParents(change)
}

// rewriteParents is changeParents for who has the folder's lock.
func (d *Dir) rewriteParents(change func(Parents) error) error {
	parents, err := d.Parents()
	if err != nil {
		return err
	}
	changed := change(parents)
	if len(parents) == 0 {
		return errors.Join(changed, d.remove(parentsFile))
	}
	data, err := json.MarshalIndent(parents, "", "  ")
	if err != nil {
		return errors.Join(changed, err)
	}
	return errors.Join(changed, d.write(parentsFile, append(data, '\n'), secretMode))
}
