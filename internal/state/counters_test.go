package state

import (
	"maps"
	"os"
	"strings"
	"sync"
	"testing"
)

// Many who add and some who take at once: each count is taken once.
func TestCountersAreNeitherLostNorDoubled(t *testing.T) {
	d := testDir(t)
	const adders, each = 4, 5
	var wg sync.WaitGroup
	for range adders {
		wg.Go(func() {
			for range each {
				if err := d.AddCounters(t.Context(), map[string]uint64{"accepted": 1, "wrong TTL": 2}); err != nil {
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
	if err := d.AddCounters(t.Context(), map[string]uint64{"accepted": 3}); err != nil {
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
	if err := d.AddCounters(t.Context(), map[string]uint64{"accepted": 1}); err == nil {
		t.Error("kept in no folder")
	}
}
