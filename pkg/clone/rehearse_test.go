package clone

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"golang.org/x/sys/unix"
)

// rehearse makes a dry run with a state folder that does not exist, and must not at the
// end.
func rehearse(t *testing.T) (c *Cloner, folder string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "state")
	c, err := Rehearse(func(key string) string {
		if key == state.EnvVar {
			return folder
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := os.Lstat(folder); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the state folder was made: %v", err)
		}
	})
	return c, folder
}

// The lines of a dry run build on one another, and are refused as they would be.
func TestRehearseSeveral(t *testing.T) {
	c, folder := rehearse(t)
	if !c.Rehearses() || c.Changing() || len(c.Plan()) > 0 || len(c.Outlook()) > 0 {
		t.Error("it has begun")
	}
	ctx := t.Context()
	for _, want := range []string{"carp0", "carp1"} {
		if name, _, err := c.Create(ctx, Driver, control.Change{}); name != want || err != nil {
			t.Errorf("created %s, %v; want %s", name, err, want)
		}
	}
	if _, _, err := c.Create(ctx, "carp0", control.Change{}); !errors.Is(err, unix.EEXIST) {
		t.Errorf("created twice: %v", err)
	}
	if _, err := c.Change(ctx, "carp1", control.Change{Name: new("web")}); err != nil {
		t.Error(err)
	}
	if _, err := c.Change(ctx, "carp0", control.Change{Name: new("web")}); !errors.Is(err, unix.EEXIST) {
		t.Errorf("named twice: %v", err)
	}
	if err := c.Destroy(ctx, "carp0"); err != nil {
		t.Error(err)
	}
	if err := c.Destroy(ctx, "carp0"); !errors.Is(err, unix.ENOENT) {
		t.Errorf("destroyed twice: %v", err)
	}
	if names, err := c.Names(); err != nil || !slices.Equal(names, []string{"web"}) || !c.Exists("web") {
		t.Errorf("there are %q, %v", names, err)
	}
	if all, err := c.Status(ctx, false); err != nil || len(all) != 1 || all[0].Name != "web" || all[0].State != "INIT" {
		t.Errorf("status %v, %v", all, err)
	}
	want := []string{
		"# carp0: its supervisor starts", "# write STATE/carp0.json",
		"# carp1: its supervisor starts", "# write STATE/carp1.json", // once more with the new name in it
		"# move STATE/carp1.json to STATE/web.json, with its lock and its socket", "# write STATE/web.json",
		"# remove STATE/carp0.json", "# carp0: its supervisor ends",
	}
	got := strings.Split(strings.ReplaceAll(strings.Join(c.Plan(), "\n"), folder, "STATE"), "\n")
	if !slices.Equal(got, want) {
		t.Errorf("plan\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Where systemd has the supervisors, the plan says so.
func TestRehearseUnderSystemd(t *testing.T) {
	c, folder := rehearse(t)
	units := t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(units, unitTemplate), []byte("ExecStart="+program+" supervise %I\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	real := c.world.(*imagined).real.Cloner
	real.getenv = func(string) string { return "" }
	real.systemd = systemd{booted: units, folders: []string{units}, folder: folder, program: program}
	if _, _, err := c.Create(t.Context(), "carp0", control.Change{}); err != nil {
		t.Fatal(err)
	}
	if got, want := c.Plan()[0], "# carp0: its supervisor starts as carp@carp0.service"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
