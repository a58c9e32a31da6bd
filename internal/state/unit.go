package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/sys/unix"
)

const (
	recordSuffix   = ".json"
	demotionSuffix = ".demotion"
	socketSuffix   = ".sock"

	// maxNameLen is the kernel's for an interface (if.h, IFNAMSIZ less the
	// NUL).
	maxNameLen = 15
	// maxSocketPath is what fits into sockaddr_un (unix(7)) beside the NUL.
	maxSocketPath = 107
)

// Unit is a carpN that the folder knows.
type Unit struct {
	// Name is the interface's, carp0.
	Name string
	// Alive tells that its supervisor lives.
	Alive bool
	// Recorded tells that it has a record. A unit that is alive without one is
	// being created or destroyed.
	Recorded bool
}

// Units are the names that have a record, a living supervisor or both, carp2
// before carp10.
func (d *Dir) Units() ([]Unit, error) {
	entries, err := os.ReadDir(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	known := map[string]Unit{}
	for _, e := range entries {
		name, isRecord := strings.CutSuffix(e.Name(), recordSuffix)
		if !isRecord {
			var isLock bool
			if name, isLock = strings.CutSuffix(e.Name(), lockSuffix); !isLock {
				continue
			}
		}
		if checkName(name) == nil {
			known[name] = Unit{Name: name, Recorded: isRecord || known[name].Recorded}
		}
	}
	var units []Unit
	for _, u := range known {
		// A lock that nobody holds was left by a supervisor whose record is
		// destroyed: no unit.
		if u.Alive = d.Alive(u.Name); u.Alive || u.Recorded {
			units = append(units, u)
		}
	}
	slices.SortFunc(units, func(a, b Unit) int { return CompareNames(a.Name, b.Name) })
	return units, nil
}

// RecordPath is the path of a unit's record, for messages.
func (d *Dir) RecordPath(name string) string { return d.file(name + recordSuffix) }

// DemotionPath is the path of its reasons for demotion.
func (d *Dir) DemotionPath(name string) string { return d.file(name + demotionSuffix) }

// ParentsPath is the path of the settings of all parents.
func (d *Dir) ParentsPath() string { return d.file(parentsFile) }

// SocketPath is the path of a unit's control socket. If the folder's path is
// too long for a socket address, the answer leads through a descriptor of this
// process (/proc/self/fd/N): good for binding and connecting here, for the
// rest of the process's life, and meaningless to another.
func (d *Dir) SocketPath(name string) (string, error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	if path := d.file(name + socketSuffix); len(path) <= maxSocketPath {
		return path, nil
	}
	d.handleOnce.Do(func() {
		// Never closed, hence no os.File, which would be when collected.
		d.handle, d.handleErr = unix.Open(d.path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if d.handleErr != nil {
		return "", &fs.PathError{Op: "open", Path: d.path, Err: d.handleErr}
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s%s", d.handle, name, socketSuffix), nil
}

// checkName refuses what is no interface name, above all what would name a
// file elsewhere. The kernel's own rule (dev_valid_name) allows more; a leading
// dot is ours for files being written.
func checkName(name string) error {
	bad := func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-", r)
	}
	if name == "" || len(name) > maxNameLen || strings.HasPrefix(name, ".") || strings.ContainsFunc(name, bad) ||
		name+recordSuffix == parentsFile {
		return fmt.Errorf("%q: not a name for an interface: %w", name, unix.EINVAL)
	}
	return nil
}

// CompareNames orders the names of units, numbers within them as numbers: carp2
// before carp10.
func CompareNames(a, b string) int {
	for a != "" && b != "" {
		da, db := leadingDigits(a), leadingDigits(b)
		if da > 0 && db > 0 {
			na, nb := strings.TrimLeft(a[:da], "0"), strings.TrimLeft(b[:db], "0")
			// Without leading zeros the longer number is the greater.
			if c := len(na) - len(nb); c != 0 {
				return c
			}
			if c := strings.Compare(na, nb); c != 0 {
				return c
			}
			if da != db { // carp01, carp1: equal as numbers, not as names
				return db - da
			}
			a, b = a[da:], b[db:]
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

func leadingDigits(s string) int {
	return len(s) - len(strings.TrimLeft(s, "0123456789"))
}
