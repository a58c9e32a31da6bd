package clone

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
)

// A process cannot leave the unit that it was started as. A supervisor whose interface
// has been renamed stays in the unit of the old name, and when systemd starts that
// again, a symbolic link tells whose supervisor it is now.

func movedLink(dir *state.Dir, unit string) string { return filepath.Join(dir.Path(), unit+":moved") }

// unitLink tells by which unit the supervisor of an interface was run that it had last.
// Systemd knows nothing of a unit that does not run, and so cannot tell an interface
// whose unit was stopped from one that never had any.
func unitLink(dir *state.Dir, name string) string { return filepath.Join(dir.Path(), name+":unit") }

// noteUnit keeps the unit of an interface's supervisor; an empty one is none.
func noteUnit(dir *state.Dir, name, unit string) error {
	if unit == "" {
		return removed(os.Remove(unitLink(dir, name)))
	}
	return relink(unitLink(dir, name), unit)
}

// unitOf is the unit that an interface is run by, or was when it last had a supervisor.
// It is empty if that was none of systemd's, and one that serves another interface by
// now is not meant.
func unitOf(dir *state.Dir, name string) string {
	unit, err := os.Readlink(unitLink(dir, name))
	if err != nil || unit == name {
		return unit
	}
	if to, err := os.Readlink(movedLink(dir, unit)); err != nil || to != name {
		return name
	}
	return unit
}

// movedTo is the interface that the unit of an earlier name is to supervise; empty if
// there is none, or if it has a supervisor elsewhere.
func movedTo(dir *state.Dir, unit string) string {
	to, err := os.Readlink(movedLink(dir, unit))
	if err != nil {
		return ""
	}
	if _, err := dir.Load(to); errors.Is(err, fs.ErrNotExist) {
		forgetMove(dir, unit)
		return ""
	}
	if dir.Alive(to) {
		return ""
	}
	return to
}

// noteMove keeps the name that a unit's interface is about to get.
func noteMove(dir *state.Dir, unit, to string) error {
	link := movedLink(dir, unit)
	if to == unit {
		return removed(os.Remove(link))
	}
	return relink(link, to)
}

// relink makes a symbolic link, in the place of another if there is one.
func relink(link, to string) error {
	next := link + ":next"
	_ = os.Remove(next)
	if err := os.Symlink(to, next); err != nil {
		return err
	}
	return os.Rename(next, link)
}

// serves is the interface that a unit is running for under another name than its own;
// empty if it does not.
func serves(dir *state.Dir, unit string) string {
	to, err := os.Readlink(movedLink(dir, unit))
	if err != nil || to == unit || !dir.Alive(to) {
		return ""
	}
	return to
}

func forgetMove(dir *state.Dir, unit string) { _ = os.Remove(movedLink(dir, unit)) }

// removed is the error of removing what need not be there.
func removed(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
