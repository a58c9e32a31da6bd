package state

import (
	"context"
	"errors"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Many who add and some who take at once: each count is taken once.
func TestCountersAreNeitherLostNorDoubled(t *testing.T) {
	d := testDir(t)
	const adders, each = 4, 5
	var wg sync.WaitGroup
	for range adders {
		wg.Go(func() {
			for range each {
				if err := d.AddCounters(t.Context(), "carp0", map[string]uint64{"accepted": 1, "wrong TTL": 2}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var mu sync.Mutex
	sums := map[string]uint64{}
	take := func() {
		counters, err := d.TakeCounters(t.Context())
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		for name, n := range counters {
			sums[name] += n
		}
	}
	for range 3 {
		wg.Go(take)
	}
	wg.Wait()
	take()
	if want := map[string]uint64{"accepted": adders * each, "wrong TTL": 2 * adders * each}; !maps.Equal(sums, want) {
		t.Errorf("%v, want %v", sums, want)
	}
	if _, err := os.Stat(d.file(countersFile)); !os.IsNotExist(err) {
		t.Errorf("taken, and still there: %v", err)
	}
}

// A damaged file is told of, and neither keeps a supervisor from leaving its counts nor
// netstat -z from beginning anew.
func TestDamagedCounters(t *testing.T) {
	d := testDir(t)
	damage := func() {
		if err := os.WriteFile(d.file(countersFile), []byte(`{"accepted":-1`), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	damage()
	if counters, err := d.Counters(); err == nil || len(counters) != 0 || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("%v, %v", counters, err)
	}
	if err := d.AddCounters(t.Context(), "carp0", map[string]uint64{"accepted": 3}); err != nil {
		t.Error(err)
	}
	if counters, err := d.Counters(); err != nil || counters["accepted"] != 3 {
		t.Errorf("%v, %v", counters, err)
	}
	damage()
	if _, err := d.TakeCounters(t.Context()); err == nil {
		t.Error("a damaged file was taken without a word")
	}
	if counters, err := d.Counters(); err != nil || counters != nil {
		t.Errorf("%v, %v", counters, err)
	}
}

// Where there is no folder, there is nothing to take.
func TestCountersWithoutAFolder(t *testing.T) {
	d := &Dir{path: t.TempDir() + "/none"}
	if counters, err := d.TakeCounters(t.Context()); err != nil || counters != nil {
		t.Errorf("%v, %v", counters, err)
	}
	if err := d.AddCounters(t.Context(), "carp0", map[string]uint64{"accepted": 1}); err == nil {
		t.Error("kept in no folder")
	}
}

// What a supervisor that is killed has saved is added to the others' once, by whoever
// comes after it, and not if it had ended in order after all.
func TestCountersOfTheKilled(t *testing.T) {
	d := testDir(t)
	sum := func(want uint64) {
		t.Helper()
		if counters, err := d.Counters(); err != nil || counters["accepted"] != want {
			t.Errorf("%v, %v, want %d", counters, err, want)
		}
	}
	add := func(n uint64) map[string]uint64 { return map[string]uint64{"accepted": n} }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(d.BuryCounters(t.Context(), "carp0"))
	sum(0)
	must(d.SaveCounters("carp0", add(3)))
	must(d.SaveCounters("carp0", add(5)))
	must(d.SaveCounters("carp1", add(100)))
	sum(0)
	for range 2 {
		must(d.BuryCounters(t.Context(), "carp0"))
		sum(5)
	}
	must(d.SaveCounters("carp0", add(6)))
	must(d.AddCounters(t.Context(), "carp0", add(7)))
	must(d.BuryCounters(t.Context(), "carp0"))
	sum(12)
	must(d.SaveCounters("carp0", add(1)))
	must(d.SaveCounters("carp0", nil)) // cleared
	must(d.BuryCounters(t.Context(), "carp0"))
	sum(12)
	must(d.SaveCounters("carp0", add(1)))
	must(d.AddCounters(t.Context(), "carp0", nil)) // cleared, and ended
	must(d.BuryCounters(t.Context(), "carp0"))
	sum(12)

	// A damaged file is told of once, and costs its own counts only.
	if err := os.WriteFile(d.file("carp0.counters"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := d.BuryCounters(t.Context(), "carp0"); err == nil || !strings.Contains(err.Error(), "carp0.counters: damaged") {
		t.Errorf("damaged: %v", err)
	}
	must(d.BuryCounters(t.Context(), "carp0"))
	sum(12)

	// While the folder is locked they stay where they are.
	must(d.SaveCounters("carp0", add(1)))
	unlock, err := d.LockFolder(t.Context())
	must(err)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if err := d.BuryCounters(ctx, "carp0"); err == nil {
		t.Error("added while the folder was locked")
	}
	unlock()
	must(d.BuryCounters(t.Context(), "carp0"))
	sum(13)
	for _, name := range []string{"", "a/b", ".x"} {
		for _, err := range []error{d.SaveCounters(name, add(1)), d.BuryCounters(t.Context(), name), d.AddCounters(t.Context(), name, add(1))} {
			if !errors.Is(err, unix.EINVAL) {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
}
