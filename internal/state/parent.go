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

// Parents are the interfaces in use, by name.
func (d *Dir) Parents() (map[string]Parent, error) {
	data, err := os.ReadFile(d.file(parentsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]Parent{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("saved settings of parents: %w", err)
	}
	var parents map[string]Parent
	if err := decodeStrictly(data, &parents); err != nil {
		return nil, fmt.Errorf("saved settings of parents %s: damaged: %w", d.file(parentsFile), err)
	}
	if parents == nil { // the file said null
		parents = map[string]Parent{}
	}
	return parents, nil
}

// UseParent enters a unit as a user of a parent. For the first one, save is
// called for the values as they are now, and they are on disk when UseParent
// returns; only then may the caller change them, so that no crash loses them.
// save must therefore change nothing. Values saved before are kept while the
// device is the same, also if all its users have died since: the kernel's
// present ones may still be ours.
func (d *Dir) UseParent(parent string, ifindex int, user string, save func() (map[string]string, error)) error {
	return d.changeParents(func(parents map[string]Parent) error {
		p, ok := parents[parent]
		if !ok || p.Ifindex != ifindex {
			// A new device has settings of its own and no users yet: the
			// others come here too once they have noticed.
			settings, err := save()
			if err != nil {
				return fmt.Errorf("settings of %s: %w", parent, err)
			}
			p = Parent{Ifindex: ifindex, Settings: settings}
		}
		p.Users = append(d.prune(p.Users, user), user)
		slices.SortFunc(p.Users, compareNames)
		parents[parent] = p
		return nil
	})
}

// LeaveParent strikes a unit off. When it was the last, restore is called with
// the saved values, and they are forgotten once it has succeeded or says
// fs.ErrNotExist: the device is gone and its settings with it. If it fails
// otherwise, they are kept for the next who uses or leaves the parent.
func (d *Dir) LeaveParent(parent, user string, restore func(map[string]string) error) error {
	return d.changeParents(func(parents map[string]Parent) error {
		p, ok := parents[parent]
		if !ok {
			return nil
		}
		p.Users = d.prune(p.Users, user)
		if len(p.Users) > 0 {
			parents[parent] = p
			return nil
		}
		// Restored before forgotten: a crash between repeats the restoring.
		if err := restore(p.Settings); err != nil && !errors.Is(err, fs.ErrNotExist) {
			parents[parent] = p
			return fmt.Errorf("settings of %s: %w", parent, err)
		}
		delete(parents, parent)
		return nil
	})
}

// prune leaves out the one user, and those who left without a word: neither
// alive nor with a record to be started from.
func (d *Dir) prune(users []string, without string) []string {
	return slices.DeleteFunc(slices.Clone(users), func(u string) bool {
		return u == without || !d.hasRecord(u) && !d.Alive(u)
	})
}

// changeParents lets change work on the map and writes it, under the folder's
// lock. It is written also if change fails: then it holds what change got done.
func (d *Dir) changeParents(change func(map[string]Parent) error) error {
	unlock, err := d.LockFolder(context.Background())
	if err != nil {
		return err
	}
	defer unlock()
	return d.rewriteParents(change)
}

// rewriteParents is changeParents for who has the folder's lock.
func (d *Dir) rewriteParents(change func(map[string]Parent) error) error {
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
