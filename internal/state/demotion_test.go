package state

import (
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLedger(t *testing.T) {
	d := testDir(t)
	since := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for _, owner := range []string{"carp10", "carp2"} {
		l, err := d.Acquire(owner)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Release()
	}
	set := func(owner string, entries ...Entry) {
		t.Helper()
		if err := d.SetEntries(owner, entries); err != nil {
			t.Fatal(err)
		}
	}
	later := time.Now().Add(time.Hour).UTC().Round(0)
	set("carp10", Entry{Name: "send error", Value: 240, Since: since})
	set("carp2",
		Entry{Name: "interface down", Value: 200, Owner: "somebody", Since: since},
		Entry{Name: "check", Value: -3, Since: since, Expires: later},
		Entry{Name: "maintenance", Value: 1000, Since: since, Expires: since.Add(time.Hour)})
	set("carp7", Entry{Name: "of the dead", Value: 5})

	got, err := d.Demotion()
	if err != nil {
		t.Fatal(err)
	}
	want := Ledger{
		{Name: "interface down", Value: 200, Owner: "carp2", Since: since},
		{Name: "check", Value: -3, Owner: "carp2", Since: since, Expires: later},
		{Name: "send error", Value: 240, Owner: "carp10", Since: since},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.Sum() != 437 {
		t.Errorf("sum %d", got.Sum())
	}
	if info, err := os.Stat(d.file("carp2.demotion")); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}

	set("carp2")
	if _, err := os.Stat(d.file("carp2.demotion")); !os.IsNotExist(err) {
		t.Errorf("an empty ledger has a file: %v", err)
	}
	set("carp2") // twice is fine

	// One damaged file takes nothing away from the others.
	if err := os.WriteFile(d.file("carp2.demotion"), []byte("[{"), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err = d.Demotion()
	if err == nil || !strings.Contains(err.Error(), d.file("carp2.demotion")) || got.Sum() != 240 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestSumDoesNotOverflow(t *testing.T) {
	huge := Ledger{{Value: math.MaxInt}, {Value: math.MaxInt}, {Value: 1}}
	if huge.Sum() != maxDemotion {
		t.Errorf("%d", huge.Sum())
	}
	tiny := Ledger{{Value: math.MinInt}, {Value: math.MinInt}, {Value: -1}}
	if tiny.Sum() != -maxDemotion {
		t.Errorf("%d", tiny.Sum())
	}
}
