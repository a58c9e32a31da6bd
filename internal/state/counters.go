package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

const (
	countersFile   = "counters"
	countersSuffix = ".counters"
)

// Counters are what the supervisors that have ended since boot had counted, added up
// by name. No file is nothing.
func (d *Dir) Counters() (map[string]uint64, error) {
	return d.readCounters(countersFile)
}

func (d *Dir) readCounters(file string) (map[string]uint64, error) {
	data, err := os.ReadFile(d.file(file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("counters: %w", err)
	}
	var counters map[string]uint64
	if err := decodeStrictly(data, &counters); err != nil {
		return nil, fmt.Errorf("counters %s: damaged: %w", d.file(file), err)
	}
	return counters, nil
}

// SaveCounters keeps what a unit's supervisor has counted so far, in case that it is
// killed; nothing removes it. Only who holds the unit's lock may.
func (d *Dir) SaveCounters(name string, counters map[string]uint64) error {
	if err := checkName(name); err != nil {
		return err
	}
	if len(counters) == 0 {
		return d.remove(name + countersSuffix)
	}
	return d.writeCounters(name+countersSuffix, counters)
}

func (d *Dir) writeCounters(file string, counters map[string]uint64) error {
	data, err := json.MarshalIndent(counters, "", "  ")
	if err != nil {
		return fmt.Errorf("counters: %w", err)
	}
	return d.write(file, append(data, '\n'), publicMode)
}

// BuryCounters adds what an earlier supervisor of a unit, which was killed, had saved.
// Only who holds the unit's lock may.
func (d *Dir) BuryCounters(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	counters, err := d.readCounters(name + countersSuffix)
	if err != nil { // damaged: there is nothing to be had
		return errors.Join(err, d.remove(name+countersSuffix))
	}
	return d.AddCounters(ctx, name, counters)
}

// AddCounters adds what a unit's supervisor had counted when it ends, in place of what
// it has saved. A damaged file is replaced.
func (d *Dir) AddCounters(ctx context.Context, name string, counters map[string]uint64) error {
	if err := checkName(name); err != nil {
		return err
	}
	if len(counters) == 0 {
		return d.remove(name + countersSuffix)
	}
	unlock, err := d.LockFolder(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	sums, err := d.Counters()
	if _, unreadable := errors.AsType[*fs.PathError](err); unreadable {
		return err
	}
	if sums == nil {
		sums = map[string]uint64{}
	}
	for name, n := range counters {
		sums[name] += n
	}
	// In this order: who is killed in between has not counted twice.
	if err := d.remove(name + countersSuffix); err != nil {
		return err
	}
	return d.writeCounters(countersFile, sums)
}

// TakeCounters is Counters, and begins anew: of two who take at once one has them.
func (d *Dir) TakeCounters(ctx context.Context) (map[string]uint64, error) {
	unlock, err := d.LockFolder(ctx)
	if errors.Is(err, fs.ErrNotExist) { // no folder, no counters
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer unlock()
	counters, err := d.Counters()
	return counters, errors.Join(err, d.remove(countersFile))
}
