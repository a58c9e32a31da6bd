package state

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// renaming is a folder with carp0, on its way to be web, and carp1, both on
// eth0 and alive.
func renaming(t *testing.T) *Dir {
	t.Helper()
	d := recorded(t, "carp1")
	r := testRecord()
	r.NewName = "web"
	if err := d.Save(r); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"carp0", "carp1", "web"} {
		l, err := d.Acquire(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(l.Release)
	}
	for _, name := range []string{"carp0", "carp1"} {
		if err := d.UseParent("eth0", 2, name, kernel{"arp_ignore": "0"}.save); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.SetEntries("carp0", []Entry{{Name: "link down", Value: 240}}); err != nil {
		t.Fatal(err)
	}
	return d
}

func users(t *testing.T, d *Dir) string {
	t.Helper()
	parents, err := d.Parents()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(parents["eth0"].Users, " ")
}

func TestRename(t *testing.T) {
	d := renaming(t)
	if err := d.Rename("carp0", "web"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Load("carp0"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old record: %v", err)
	}
	want := testRecord()
	want.Name, want.NewName = "web", "web"
	// As it is before its owner has written it anew.
	if got, err := d.Load("web"); err != nil || cmp.Diff(want, got, comparePrefixes) != "" {
		t.Errorf("the record: %v\n%s", err, cmp.Diff(want, got, comparePrefixes))
	}
	if got := users(t, d); got != "carp1 web" {
		t.Errorf("eth0 is used by %s", got)
	}
	ledger, err := d.Demotion()
	if err != nil || len(ledger) != 1 || ledger[0].Owner != "web" || ledger.Sum() != 240 {
		t.Errorf("the ledger: %v, %v", ledger, err)
	}
	left, _ := os.ReadDir(d.path)
	for _, f := range left {
		if strings.Contains(f.Name(), "carp0") && f.Name() != "carp0.lock" {
			t.Errorf("left behind: %s", f.Name())
		}
	}
}

// What cannot be done is not half done.
func TestRenameRefused(t *testing.T) {
	for what, spoil := range map[string]func(*testing.T, *Dir){
		"not intended": func(t *testing.T, d *Dir) {
			if err := d.Save(testRecord()); err != nil {
				t.Fatal(err)
			}
		},
		"taken": func(t *testing.T, d *Dir) {
			if err := d.Save(Record{Name: "web"}); err != nil {
				t.Fatal(err)
			}
		},
		"damaged parents": func(t *testing.T, d *Dir) {
			if err := os.WriteFile(d.file(parentsFile), []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"no record": func(t *testing.T, d *Dir) {
			if err := os.Remove(d.file("carp0.json")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			d := renaming(t)
			spoil(t, d)
			before, _ := os.ReadFile(d.file("carp0.json"))
			if err := d.Rename("carp0", "web"); err == nil {
				t.Error("not refused")
			}
			if after, _ := os.ReadFile(d.file("carp0.json")); string(after) != string(before) {
				t.Error("the record is another one")
			}
			if what == "damaged parents" {
				return
			}
			if got := users(t, d); got != "carp0 carp1" {
				t.Errorf("eth0 is used by %s", got)
			}
			if ledger, err := d.Demotion(); err != nil || ledger.Sum() != 240 {
				t.Errorf("the ledger: %v, %v", ledger, err)
			}
		})
	}
}

// The reader of a ledger counts what is renamed meanwhile, once.
func TestLedgerWhileRenaming(t *testing.T) {
	d := renaming(t)
	stop := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		defer close(done)
		for from, to := "carp0", "web"; ; from, to = to, from {
			select {
			case <-stop:
				return
			default:
			}
			r := testRecord()
			r.Name, r.NewName = from, to
			if err := errors.Join(d.Save(r), d.Rename(from, to)); err != nil {
				done <- err
				return
			}
		}
	}()
	for range 2000 {
		ledger, err := d.Demotion()
		if err != nil || ledger.Sum() != 240 {
			t.Errorf("the ledger: %v, %v", ledger, err)
			break
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
