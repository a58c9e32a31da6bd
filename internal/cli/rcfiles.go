package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

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
	// open tells that everybody may read it, regular that it can be read again.
	open, regular bool
}

// rcConfLast is how many of rcFiles are those of rc_conf_files as FreeBSD sets it, and
// what comes before them. Behind these follow the others that it names.
const rcConfLast = 3

// readRC reads the files named, or those of FreeBSD's that there are.
func readRC(named []string) ([]rcSource, error) {
	r := &rcReader{optional: len(named) == 0}
	if !r.optional {
		for _, path := range named {
			r.file(path)
		}
		return r.sources, errors.Join(r.errs...)
	}
	for n, path := range rcFiles {
		if n == rcConfLast {
			for _, more := range r.more() {
				r.fileOrFolder(more)
			}
		}
		r.fileOrFolder(path)
	}
	if len(r.errs) == 0 && len(r.sources) == 0 {
		return nil, errNoRC
	}
	return r.sources, errors.Join(r.errs...)
}

// rcReader collects files.
type rcReader struct {
	// optional tells that a file need not be there.
	optional bool
	sources  []rcSource
	errs     []error
}

// file reads a file.
func (r *rcReader) file(path string) {
	switch s, err := readRCFile(path); {
	case err == nil:
		r.sources = append(r.sources, s)
	case !r.optional || !errors.Is(err, fs.ErrNotExist):
		r.errs = append(r.errs, err)
	}
}

// fileOrFolder reads a file that nobody has named, or all that are in a folder.
func (r *rcReader) fileOrFolder(path string) {
	info, err := os.Stat(path)
	switch {
	case err != nil: // not there, or the reading says what is wrong
		r.file(path)
	case info.Mode()&fs.ModeNamedPipe != 0: // a boot would wait for a writer
		r.errs = append(r.errs, bsderr.New(path+": a FIFO, which is not read unless it is named with -f"))
	case info.IsDir():
		entries, err := os.ReadDir(path)
		if err != nil {
			r.errs = append(r.errs, fileError(path, err))
		}
		for _, e := range entries { // sorted, as the shell does
			if file := filepath.Join(path, e.Name()); e.Name()[0] != '.' && isFile(file) {
				r.file(file)
			}
		}
	default:
		r.file(path)
	}
}

// more are the files that rc_conf_files names beside FreeBSD's own. As there it counts
// as the files read so far set it. If these are wrong, whoever evaluates them says so.
func (r *rcReader) more() (paths []string) {
	var all []rcconf.Source
	for _, s := range r.sources {
		all = append(all, s.Source)
	}
	config, err := rcconf.Load(all...)
	if err != nil {
		return nil
	}
	for _, path := range config.ConfFiles() {
		if filepath.IsAbs(path) && !slices.Contains(rcFiles[:rcConfLast], path) && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
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
		s.open, s.regular = info.Mode().Perm()&0o004 != 0, info.Mode().IsRegular()
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
