package state

import (
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUnits(t *testing.T) {
	d := testDir(t)
	for _, name := range []string{"carp10", "carp2", "carp0"} {
		if err := d.Save(Record{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"carp2", "carp1", "carp3"} {
		l, err := d.Acquire(name)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Release()
		if name == "carp3" {
			l.Release() // a lock file without lock or record is no unit
		}
	}
	for _, name := range []string{"parents.json", "netns", ".carp7.json.new-1", "carp8.sock", "carp9.demotion"} {
		if err := os.WriteFile(d.file(name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := d.Units()
	if err != nil {
		t.Fatal(err)
	}
	want := []Unit{
		{Name: "carp0", Recorded: true},
		{Name: "carp1", Alive: true},
		{Name: "carp2", Alive: true, Recorded: true},
		{Name: "carp10", Recorded: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNamesAreSortedNaturally(t *testing.T) {
	want := []string{"a", "carp", "carp0", "carp01", "carp1", "carp2", "carp2a", "carp2b1", "carp2b10", "carp10", "carp99999999999", "carp100000000000", "vh1"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, CompareNames)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSocketPath(t *testing.T) {
	short := testDir(t)
	if path, err := short.SocketPath("carp0"); err != nil || path != short.path+"/carp0.sock" {
		t.Errorf("%s, %v", path, err)
	}
	d, err := create(t.TempDir() + "/" + strings.Repeat("long", 30))
	if err != nil {
		t.Fatal(err)
	}
	path, err := d.SocketPath("carp0")
	if err != nil || len(path) > maxSocketPath {
		t.Fatalf("%s, %v", path, err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if _, err := os.Stat(d.path + "/carp0.sock"); err != nil {
		t.Error(err)
	}
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}
