package state

import (
	"maps"
	"slices"
	"sync"
	"testing"
)

// Who writes goes on at once, and what was written is there to be read; the disk's turn
// comes later, once for all that has changed meanwhile.
func TestWriterDoesNotSync(t *testing.T) {
	d := testDir(t)
	d.behind = newBehind() // with nobody who syncs
	for range 3 {
		if err := d.Save(testRecord()); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.SetEntries("carp0", []Entry{{Name: "link down", Value: 240}}); err != nil {
		t.Fatal(err)
	}
	if err := d.SetEntries("carp0", nil); err != nil {
		t.Fatal(err)
	}
	if r, err := d.Load("carp0"); err != nil || r.VHID != testRecord().VHID {
		t.Errorf("%v, %v", r, err)
	}
	if got, want := slices.Sorted(maps.Keys(d.behind.take())), []string{"carp0.demotion", "carp0.json"}; !slices.Equal(got, want) {
		t.Errorf("to be synced: %v, want %v", got, want)
	}
	if len(d.behind.due) != 1 {
		t.Error("nobody would be told")
	}
}

// At the end all is synced, what comes after it too, and files that are gone are no
// matter.
func TestSyncBehind(t *testing.T) {
	d := testDir(t)
	stop := d.SyncBehind()
	var all sync.WaitGroup
	for _, name := range []string{"carp0", "carp1", "carp2"} {
		all.Go(func() {
			for range 50 {
				r := testRecord()
				r.Name = name
				if err := d.Save(r); err != nil {
					t.Error(err)
				}
				if err := d.Remove(name); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for range 2 {
		stop()
	}
	if left := d.behind.take(); len(left) != 0 || len(d.behind.due) != 0 {
		t.Errorf("not synced: %v", left)
	}
	if err := d.Save(testRecord()); err != nil {
		t.Errorf("after the end: %v", err)
	}
}
