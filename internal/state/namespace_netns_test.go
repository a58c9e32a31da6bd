//go:build netns

package state

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// inThread runs f in a thread of its own that dies with it, so that what f
// unshares is gone too.
func inThread(t *testing.T, f func() error) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("these tests need root")
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the runtime ends the thread
		done <- f()
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestRealNamespaces(t *testing.T) {
	l := machine
	l.base = filepath.Join(t.TempDir(), "run")
	folder := func() (path string, err error) {
		d, err := l.open()
		if err != nil {
			return "", err
		}
		return d.Path(), nil
	}
	own, err := folder()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{own: true}
	// Each is gone, and its inode number free, before the next is made.
	for range 5 {
		inThread(t, func() error {
			if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
				return err
			}
			first, err := folder()
			if err != nil {
				return err
			}
			if again, err := folder(); err != nil || again != first {
				t.Errorf("the same namespace: %s, then %s, %v", first, again, err)
			}
			if seen[first] {
				t.Errorf("%s was another namespace's", first)
			}
			seen[first] = true
			return nil
		})
	}
	if again, err := folder(); err != nil || again != own {
		t.Errorf("back home: %s, was %s, %v", again, own, err)
	}
}

// TestFullDisk: what does not fit leaves the old one.
func TestFullDisk(t *testing.T) {
	mount := t.TempDir()
	inThread(t, func() error {
		if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
			return err
		}
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return err
		}
		if err := unix.Mount("tmpfs", mount, "tmpfs", 0, "size=64k"); err != nil {
			return err
		}
		d, err := create(mount + "/state")
		if err != nil {
			return err
		}
		if err := d.Save(bigRecord(1)); err != nil {
			return err
		}
		fill, err := os.Create(mount + "/fill")
		if err != nil {
			return err
		}
		for err == nil {
			_, err = fill.Write(make([]byte, 4096))
		}
		_ = fill.Close()
		checkFailedSave(t, d, d.Save(bigRecord(2)), unix.ENOSPC)
		return nil
	})
}
