package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
	"golang.org/x/sys/unix"
)

// rcFiles are the files that FreeBSD's rc.d/netif reads, in its order; a later
// assignment overrides an earlier one. Of a folder it is every file in it.
var rcFiles = []string{
	"/etc/defaults/rc.conf",
	"/etc/rc.conf",
	"/etc/rc.conf.local",
	"/etc/rc.conf.d/network",
	"/usr/local/etc/rc.conf.d/network",
	"/etc/rc.conf.d/netif",
	"/usr/local/etc/rc.conf.d/netif",
}

// rcSource is a file that has been read.
type rcSource struct {
	rcconf.Source
	// open tells that everybody may read it.
	open bool
}

// readRC reads the files named, or those of rcFiles that there are.
func readRC(named []string) ([]rcSource, error) {
	paths := named
	if len(named) == 0 {
		for _, path := range rcFiles {
			switch info, err := os.Stat(path); {
			case err != nil: // not there, or the reading says what is wrong
				paths = append(paths, path)
			case info.IsDir():
				entries, err := os.ReadDir(path)
				if err != nil {
					return nil, err
				}
				for _, e := range entries { // sorted, as the shell does
					if file := filepath.Join(path, e.Name()); e.Name()[0] != '.' && isFile(file) {
						paths = append(paths, file)
					}
				}
			default:
				paths = append(paths, path)
			}
		}
	}
	var sources []rcSource
	var errs []error
	for _, path := range paths {
		s, err := readRCFile(path)
		switch {
		case err == nil:
			sources = append(sources, s)
		case len(named) > 0 || !errors.Is(err, fs.ErrNotExist):
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 && len(sources) == 0 {
		return nil, errNoRC
	}
	return sources, errors.Join(errs...)
}

// errNoRC is a host without any of rcFiles.
var errNoRC = bsderr.Errno(rcFiles[1], unix.ENOENT, "write one, or name a file with -f")

// knobsAlone tells that a host without any of rcFiles has the knobs' file for the boot:
// then a start of everything sets these, and a stop has nothing to do.
func knobsAlone(err error, options rcOptions) bool {
	return err == error(errNoRC) && len(options.names) == 0 && isFile(sysctl.BootFile)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// readRCFile reads one file, no more of it than the parser accepts.
func readRCFile(path string) (rcSource, error) {
	f, err := os.Open(path)
	if err != nil {
		return rcSource{}, fileError(path, err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, rcconf.MaxFile+1))
	if err != nil {
		return rcSource{}, fileError(path, err)
	}
	s := rcSource{Source: rcconf.Source{Name: path, Data: data}}
	if info, err := f.Stat(); err == nil {
		s.open = info.Mode().Perm()&0o004 != 0
	}
	return s, nil
}

// fileError words what is wrong with a file as err(3) would.
func fileError(path string, err error) error {
	if errno, ok := errors.AsType[unix.Errno](err); ok {
		return bsderr.Errno(path, errno)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// warnOfSecrets tells of files that hold a password and are everybody's to read.
func (r *rcRun) warnOfSecrets(sources []rcSource) {
	secrets := r.plan.Secrets()
	for _, s := range sources {
		if pos, ok := secrets[s.Name]; ok && s.open {
			r.note(&rcconf.Problem{Pos: pos, Text: "a password in a file that everybody can read",
				Hints: []string{"chmod 600 " + s.Name + ", or passfile and the name of a file that is root's alone"}})
		}
	}
}
