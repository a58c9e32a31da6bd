package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// tempInfix stands between a file's name and the random end of what is being
// written to replace it: .carp0.json.new-123.
const tempInfix = ".new-"

// write replaces a file whole: whatever happens, whoever reads it then finds
// the old one or the new one. Only an error from the last step, the syncing of
// the folder, leaves the new one in place. With SyncBehind the disk has it later.
func (d *Dir) write(name string, data []byte, mode fs.FileMode) (err error) {
	f, err := os.CreateTemp(d.path, "."+name+tempInfix+"*")
	if err != nil {
		return fmt.Errorf("write %s: %w", d.file(name), err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
			err = fmt.Errorf("write %s: %w", d.file(name), err)
		}
	}()
	if _, err := f.Write(data); err != nil {
		return err
	}
	// CreateTemp made it 0600; a public file is opened up only when complete.
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if d.behind == nil {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	// Close too can be the one to report a full disk (NFS, quotas).
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), d.file(name)); err != nil {
		return err
	}
	d.behind.add(name)
	return d.sync()
}

// remove is write's counterpart; a file that is not there is no error.
func (d *Dir) remove(name string) error {
	switch err := os.Remove(d.file(name)); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("state folder: %w", err)
	}
	return d.sync()
}

// sync makes names durable: those that a rename or removal changed.
func (d *Dir) sync() error {
	if d.behind.wake() {
		return nil
	}
	return d.syncFolder()
}

func (d *Dir) syncFolder() error {
	f, err := os.Open(d.path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// sweep removes what a crash in the middle of write left behind. The caller is
// the only one who may write these files, so none of it is in the making.
func (d *Dir) sweep(names ...string) {
	left, err := os.ReadDir(d.path)
	if err != nil {
		return
	}
	for _, e := range left {
		for _, name := range names {
			if strings.HasPrefix(e.Name(), "."+name+tempInfix) {
				_ = os.Remove(filepath.Join(d.path, e.Name()))
			}
		}
	}
}
