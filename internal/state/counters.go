package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

const countersFile = "counters"

// Counters are what the supervisors that have ended since boot, in an orderly way,
// had counted, added up by name. No file is nothing.
func (d *Dir) Counters() (map[string]uint64, error) {
	data, err := os.ReadFile(d.file(countersFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("counters: %w", err)
	}
	var counters map[string]uint64
	if err := decodeStrictly(data, &counters); err != nil {
		return nil, fmt.Errorf("counters %s: damaged: %w", d.file(countersFile), err)
	}
	return counters, nil
}

// AddCounters adds what a supervisor had counted when it ends. A damaged file is
// replaced.
func (d *Dir) AddCounters(ctx context.Context, counters map[string]uint64) error {
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
	data, err := json.MarshalIndent(sums, "", "  ")
	if err != nil {
		return fmt.Errorf("counters: %w", err)
	}
	return d.write(countersFile, append(data, '\n'), publicMode)
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
