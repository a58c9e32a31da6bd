package state

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func env(value string) func(string) string {
	return func(name string) string {
		if name == EnvVar {
			return value
		}
		return ""
	}
}

func TestOverride(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b")
	d, err := Find(env(path))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("Find created the folder")
	}
	if units, err := d.Units(); units != nil || err != nil {
		t.Errorf("units of no folder: %v, %v", units, err)
	}
	if ledger, err := d.Demotion(); ledger != nil || err != nil {
		t.Errorf("ledger of no folder: %v, %v", ledger, err)
	}

	// The folder's mode is ours to say, not the umask's.
	old := unix.Umask(0o077)
	d, err = Open(env(path + "/"))
	unix.Umask(old)
	if err != nil {
		t.Fatal(err)
	}
	if d.Path() != path {
		t.Errorf("path %q", d.Path())
	}
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestRefusedFolders(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(t *testing.T, path string) error
		text    string
		hint    string
	}{
		{"symbolic link", func(t *testing.T, path string) error { return os.Symlink(t.TempDir(), path) },
			"state folder PATH: is a symbolic link", "name the folder itself, or remove the link"},
		{"file", func(_ *testing.T, path string) error { return os.WriteFile(path, nil, 0o600) },
			"state folder PATH: is not a folder", "move it away, or name another place with IFCONFIG_CARP_STATE"},
		{"group may write", func(_ *testing.T, path string) error { return makeFolder(path, 0o775) },
			"state folder PATH: may be written by others (mode 0775)", "run chmod go-w PATH"},
		{"world may write", func(_ *testing.T, path string) error { return makeFolder(path, 0o757) },
			"state folder PATH: may be written by others (mode 0757)", "run chmod go-w PATH"},
		{"somebody's", func(t *testing.T, path string) error {
			if os.Geteuid() != 0 {
				t.Skip("only root can give a folder away")
			}
			return errors.Join(makeFolder(path, 0o755), os.Chown(path, 65534, 65534))
		}, "state folder PATH: belongs to user 65534", "it must belong to root or to you: whoever owns it could replace what is in it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state")
			if err := tt.prepare(t, path); err != nil {
				t.Fatal(err)
			}
			want := strings.ReplaceAll(tt.text+"\nhint: "+tt.hint, "PATH", path)
			for name, f := range map[string]func(func(string) string) (*Dir, error){"Open": Open, "Find": Find} {
				if _, err := f(env(path)); err == nil || err.Error() != want {
					t.Errorf("%s: %v\nwant %s", name, err, want)
				}
			}
		})
	}
}

func TestRelativePathRefused(t *testing.T) {
	_, err := Open(env("here"))
	want := "IFCONFIG_CARP_STATE=here: not an absolute path\nhint: it must begin with /, for example IFCONFIG_CARP_STATE=/run/here"
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}

func makeFolder(path string, mode fs.FileMode) error {
	return errors.Join(os.Mkdir(path, 0o700), os.Chmod(path, mode))
}
