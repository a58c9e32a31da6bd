package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
)

const (
	// EnvVar names a state folder of the user's choice, which is then used in
	// whatever network namespace the command runs.
	EnvVar = "IFCONFIG_CARP_STATE"
	// DefaultPath is the state folder of the machine's main network namespace;
	// the others have theirs below it. /run is emptied at boot (hier(7)), as
	// are the interfaces.
	DefaultPath = "/run/ifconfig-carp"

	folderMode fs.FileMode = 0o755
	secretMode fs.FileMode = 0o600
	publicMode fs.FileMode = 0o644
)

// Dir is a state folder. Of a Dir made by [Find] the folder may not exist:
// then there are no units, no knobs and no ledger, which is not an error.
type Dir struct {
	path string

	// handle is the folder opened for SocketPath, if that was ever needed.
	handleOnce sync.Once
	handle     int
	handleErr  error

	behind *behind // nil: who writes also syncs
}

// Open finds the state folder of the network namespace that the calling thread
// is in and creates it if need be, which takes root. The environment is asked
// for [EnvVar].
func Open(getenv func(string) string) (*Dir, error) {
	if path := getenv(EnvVar); path != "" {
		if err := checkOverride(path); err != nil {
			return nil, err
		}
		return create(filepath.Clean(path))
	}
	return machine.open()
}

// Find is Open for readers: it creates and writes nothing, needs no rights,
// and is content with a folder that does not exist.
func Find(getenv func(string) string) (*Dir, error) {
	if path := getenv(EnvVar); path != "" {
		if err := checkOverride(path); err != nil {
			return nil, err
		}
		return find(filepath.Clean(path))
	}
	return machine.find()
}

// Path is the folder's absolute path.
func (d *Dir) Path() string { return d.path }

// file is the path of one of the folder's files.
func (d *Dir) file(name string) string { return filepath.Join(d.path, name) }

// checkOverride refuses a relative path: the supervisor works in / and would
// look elsewhere than the command that started it.
func checkOverride(path string) error {
	if filepath.IsAbs(path) {
		return nil
	}
	return bsderr.Hint(bsderr.Newf("%s=%s: not an absolute path", EnvVar, path),
		"it must begin with /, for example %s=%s", EnvVar, filepath.Join("/run", filepath.Base(path)))
}

// create makes sure that path is a folder that only its owner can change.
func create(path string) (*Dir, error) {
	if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	switch err := os.Mkdir(path, folderMode); {
	case err == nil:
		// Chmod, since the umask had its say in Mkdir.
		if err := os.Chmod(path, folderMode); err != nil {
			return nil, fmt.Errorf("state folder: %w", err)
		}
	case !errors.Is(err, fs.ErrExist):
		return nil, fmt.Errorf("state folder: %w", err)
	}
	if err := checkFolder(path); err != nil {
		return nil, err
	}
	return &Dir{path: path}, nil
}

// find is create without the creating.
func find(path string) (*Dir, error) {
	if err := checkFolder(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return &Dir{path: path}, nil
}

// checkFolder refuses a folder into which somebody else could have put, or
// could yet put, a record, a socket or a symbolic link. The error matches
// fs.ErrNotExist if there is none.
func checkFolder(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	refuse := func(what, hint string, args ...any) error {
		return bsderr.Hint(bsderr.Newf("state folder %s: %s", path, what), hint, args...)
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return refuse("is a symbolic link", "name the folder itself, or remove the link")
	}
	if !info.IsDir() {
		return refuse("is not a folder", "move it away, or name another place with %s", EnvVar)
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; owner != 0 && int(owner) != os.Geteuid() {
		return refuse(fmt.Sprintf("belongs to user %d", owner),
			"it must belong to root or to you: whoever owns it could replace what is in it")
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return refuse(fmt.Sprintf("may be written by others (mode %04o)", mode), "run chmod go-w %s", path)
	}
	return nil
}
