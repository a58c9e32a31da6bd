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
	next := link + ":next"
	_ = os.Remove(next)
	if err := os.Symlink(to, next); err != nil {
		return err
	}
	return os.Rename(next, link)
}

func forgetMove(dir *state.Dir, unit string) { _ = os.Remove(movedLink(dir, unit)) }

// removed is the error of removing what need not be there.
func removed(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
