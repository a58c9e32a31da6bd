package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"
	"time"
)

// Entry is one reason for a host to stand back: FreeBSD adds them all into one
// anonymous number, from which no one can later subtract the right amount.
type Entry struct {
	// Name is the reason, unique within its owner: "interface down".
	Name string `json:"name"`
	// Value is added to every carpN's advskew. Negative ones promote.
	Value int `json:"value"`
	// Owner is the unit whose supervisor made the entry; it counts as long as
	// that lives.
	Owner string `json:"owner"`
	// Since is when it was made.
	Since time.Time `json:"since"`
	// Group is the interface group that it is for, empty for every carpN. No
	// supervisor makes such an entry.
	Group string `json:"-"`
	// Expires is when it ceases to count by itself, zero for never.
	Expires time.Time `json:"expires,omitzero"`
}

// Ledger is the host's demotion, reason by reason.
type Ledger []Entry

// maxDemotion holds sums where nothing overflows. What is advertised ends at
// 240 long before.
const maxDemotion = math.MaxInt32

// Sum is what the entries add up to; that of the host's is net.inet.carp.demotion.
func (l Ledger) Sum() int {
	var sum int64
	for _, e := range l {
		sum = bounded(sum + bounded(int64(e.Value)))
	}
	return int(sum)
}

// For are the entries that count for an interface in these groups.
func (l Ledger) For(groups []string) Ledger {
	return slices.DeleteFunc(slices.Clone(l), func(e Entry) bool { return e.Group != "" && !slices.Contains(groups, e.Group) })
}

func bounded(n int64) int64 { return min(max(n, -maxDemotion), maxDemotion) }

// Demotion reads the ledger: what all living supervisors have entered, in the
// order of their names. What has expired or was a dead supervisor's is left
// out. With an error, which names the file, come the entries that could be
// read. The administrator's own number is a knob (pkg/sysctl), not here.
func (d *Dir) Demotion() (Ledger, error) {
	for again := 0; ; again++ {
		ledger, moved, err := d.readLedger()
		if !moved || again >= maxReadings {
			return ledger, err
		}
	}
}

// maxReadings bounds the readings of a ledger that keeps changing.
const maxReadings = 10

// demoters lists whose files there are, in the order of their names.
func (d *Dir) demoters() (owners []string, _ error) {
	files, err := os.ReadDir(d.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	for _, f := range files {
		if owner, ok := strings.CutSuffix(f.Name(), demotionSuffix); ok && checkName(owner) == nil {
			owners = append(owners, owner)
		}
	}
	slices.SortFunc(owners, CompareNames)
	return owners, nil
}

// readLedger is one reading. It tells of a file that went between the listing
// and the opening, or that one listing has and the next has not: its owner may
// have been renamed, and its entries count. A listing during which a file is
// renamed may have it under both names, or neither.
func (d *Dir) readLedger() (_ Ledger, moved bool, _ error) {
	owners, err := d.demoters()
	if err != nil {
		return nil, false, err
	}
	var ledger Ledger
	var errs []error
	now := time.Now()
	for _, owner := range owners {
		if !d.Alive(owner) {
			_, err := os.Lstat(d.file(owner + demotionSuffix))
			moved = moved || errors.Is(err, fs.ErrNotExist)
			continue
		}
		entries, err := d.entries(owner)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			moved = true
		case err != nil:
			errs = append(errs, err)
		}
		for _, e := range entries {
			if e.Expires.IsZero() || now.Before(e.Expires) {
				ledger = append(ledger, e)
			}
		}
	}
	after, err := d.demoters()
	moved = moved || err == nil && !slices.Equal(owners, after)
	return ledger, moved, errors.Join(append(errs, err)...)
}

// entries reads one owner's file. The error matches fs.ErrNotExist if there is
// none.
func (d *Dir) entries(owner string) ([]Entry, error) {
	data, err := os.ReadFile(d.file(owner + demotionSuffix))
	if err != nil {
		return nil, fmt.Errorf("demotion of %s: %w", owner, err)
	}
	var entries []Entry
	if err := decodeStrictly(data, &entries); err != nil {
		return nil, fmt.Errorf("demotion %s: damaged: %w", d.file(owner+demotionSuffix), err)
	}
	for i := range entries {
		entries[i].Owner = owner // the file's name is what liveness goes by
	}
	return entries, nil
}

// SetEntries replaces all entries of an owner; none removes its file. Only who
// holds the owner's lock may, and only while it does will they count.
func (d *Dir) SetEntries(owner string, entries []Entry) error {
	if err := checkName(owner); err != nil {
		return err
	}
	if len(entries) == 0 {
		return d.remove(owner + demotionSuffix)
	}
	own := slices.Clone(entries)
	for i := range own {
		own[i].Owner = owner
	}
	data, err := json.MarshalIndent(own, "", "  ")
	if err != nil {
		return fmt.Errorf("demotion of %s: %w", owner, err)
	}
	return d.write(owner+demotionSuffix, append(data, '\n'), publicMode)
}
