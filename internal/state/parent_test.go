package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// kernel is a parent's settings as the kernel has them.
type kernel map[string]string

func (k kernel) save() (map[string]string, error) {
	return map[string]string{"arp_ignore": k["arp_ignore"]}, nil
}

func (k kernel) restore(saved map[string]string) error {
	k["arp_ignore"] = saved["arp_ignore"]
	return nil
}

func recorded(t *testing.T, names ...string) *Dir {
	t.Helper()
	d := testDir(t)
	for _, name := range names {
		if err := d.Save(Record{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// TestParentsComeAndGo has a script: each step is one call, and behind it what
// the kernel has and what the file says.
func TestParentsComeAndGo(t *testing.T) {
	d := recorded(t, "carp0", "carp1")
	k := kernel{"arp_ignore": "0"}
	use := func(user string, ifindex int) func() error {
		return func() error {
			if err := d.UseParent("eth0", ifindex, user, k.save); err != nil {
				return err
			}
			k["arp_ignore"] = "1"
			return nil
		}
	}
	leave := func(user string, restore func(map[string]string) error) func() error {
		return func() error { return d.LeaveParent("eth0", user, restore) }
	}
	stuck := errors.New("stuck")
	steps := []struct {
		what    string
		do      func() error
		err     error
		kernel  string
		parents string
	}{
		{"the first", use("carp0", 2), nil, "1", "eth0 2 arp_ignore=0 [carp0]"},
		{"the second does not save ours as the original", use("carp1", 2), nil, "1", "eth0 2 arp_ignore=0 [carp0 carp1]"},
		{"again, after a restart", use("carp1", 2), nil, "1", "eth0 2 arp_ignore=0 [carp0 carp1]"},
		{"one leaves", leave("carp0", k.restore), nil, "1", "eth0 2 arp_ignore=0 [carp1]"},
		{"a stranger leaves", leave("carp9", k.restore), nil, "1", "eth0 2 arp_ignore=0 [carp1]"},
		{"the last leaves, and it fails", leave("carp1", func(map[string]string) error { return stuck }), stuck, "1", "eth0 2 arp_ignore=0 []"},
		{"the next one finds the original kept", use("carp0", 2), nil, "1", "eth0 2 arp_ignore=0 [carp0]"},
		{"the device was replaced", func() error { k["arp_ignore"] = "8"; return use("carp1", 3)() }, nil, "1", "eth0 3 arp_ignore=8 [carp1]"},
		{"the first follows", use("carp0", 3), nil, "1", "eth0 3 arp_ignore=8 [carp0 carp1]"},
		{"one record is destroyed with its supervisor dead", func() error { return d.Remove("carp0") }, nil, "1", "eth0 3 arp_ignore=8 [carp0 carp1]"},
		{"the last of the living leaves", leave("carp1", k.restore), nil, "8", ""},
		{"nothing to leave", leave("carp1", k.restore), nil, "8", ""},
		{"use once more", use("carp1", 3), nil, "1", "eth0 3 arp_ignore=8 [carp1]"},
		{"the device is gone", leave("carp1", func(map[string]string) error { return fs.ErrNotExist }), nil, "1", ""},
	}
	for _, s := range steps {
		if err := s.do(); !errors.Is(err, s.err) {
			t.Fatalf("%s: %v", s.what, err)
		}
		parents, err := d.Parents()
		if err != nil {
			t.Fatalf("%s: %v", s.what, err)
		}
		got := ""
		for name, p := range parents {
			got = fmt.Sprintf("%s %d arp_ignore=%s %v", name, p.Ifindex, p.Settings["arp_ignore"], p.Users)
		}
		if diff := cmp.Diff([]string{s.kernel, s.parents}, []string{k["arp_ignore"], got}); diff != "" {
			t.Errorf("%s: %s", s.what, diff)
		}
	}
	if _, err := os.Stat(d.file(parentsFile)); !os.IsNotExist(err) {
		t.Errorf("an empty file is left: %v", err)
	}
}

// A crash between UseParent and LeaveParent, whatever was changed by then.
func TestOriginalsSurviveACrash(t *testing.T) {
	d := recorded(t, "carp1")
	k := kernel{"arp_ignore": "0"}
	if err := d.UseParent("eth0", 2, "carp0", k.save); err != nil { // carp0 has no record: it died on creation
		t.Fatal(err)
	}
	k["arp_ignore"] = "1"
	if err := d.UseParent("eth0", 2, "carp1", k.save); err != nil {
		t.Fatal(err)
	}
	if err := d.LeaveParent("eth0", "carp1", k.restore); err != nil {
		t.Fatal(err)
	}
	if k["arp_ignore"] != "0" {
		t.Errorf("arp_ignore %s", k["arp_ignore"])
	}
}

func TestUseParentFailsWithoutATrace(t *testing.T) {
	d := recorded(t, "carp0")
	stuck := errors.New("stuck")
	if err := d.UseParent("eth0", 2, "carp0", func() (map[string]string, error) { return nil, stuck }); !errors.Is(err, stuck) {
		t.Error(err)
	}
	if parents, err := d.Parents(); err != nil || len(parents) != 0 {
		t.Errorf("%v, %v", parents, err)
	}
}

func TestDamagedParentsAreNotOverwritten(t *testing.T) {
	d := recorded(t, "carp0")
	if err := os.WriteFile(d.file(parentsFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	k := kernel{"arp_ignore": "1"}
	if err := d.UseParent("eth0", 2, "carp0", k.save); err == nil {
		t.Error("taken for empty")
	}
	if data, err := os.ReadFile(d.file(parentsFile)); err != nil || string(data) != "{" {
		t.Errorf("%q, %v", data, err)
	}
}
