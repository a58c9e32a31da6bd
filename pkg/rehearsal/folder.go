package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carpif"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
	"golang.org/x/sys/unix"
)

// Folder is a state folder in memory, with the contents of a real one: carpif.Store
// and sysctl.Folder.
type Folder struct {
	real    *state.Dir // for the paths
	plan    plan
	units   map[string]*unit
	parents state.Parents
	entries map[string][]state.Entry
	knobs   []byte
	// unreadable is what could not be read though it is there, by what it is of.
	unreadable map[string]error
	// changed says that knobs or demotions have changed since the interfaces were
	// told.
	changed bool
}

// unit is one carp interface as the folder knows it.
type unit struct {
	record   state.Record
	err      error // why there is no telling what the record says
	recorded bool
	alive    bool
}

const (
	ofParents  = "parents"
	ofDemotion = "demotion"
	ofKnobs    = "knobs"
)

// Read reads a state folder. What cannot be read is an error only for who needs it.
func Read(dir *state.Dir) (*Folder, error) {
	f := &Folder{real: dir, units: map[string]*unit{}, entries: map[string][]state.Entry{}, unreadable: map[string]error{}}
	units, err := dir.Units()
	if err != nil {
		return nil, err
	}
	for _, u := range units {
		it := &unit{recorded: u.Recorded, alive: u.Alive}
		if u.Recorded {
			it.record, it.err = dir.Load(u.Name)
		}
		f.units[u.Name] = it
	}
	ledger, err := dir.Demotion()
	f.unreadable[ofDemotion] = err
	for _, e := range ledger {
		f.entries[e.Owner] = append(f.entries[e.Owner], e)
	}
	f.parents, f.unreadable[ofParents] = dir.Parents()
	f.knobs, f.unreadable[ofKnobs] = dir.ReadKnobs()
	return f, nil
}

// Secrets is the error of a record that the caller may not read: without it nobody
// can tell what a command would do. It matches fs.ErrPermission.
func (f *Folder) Secrets() error {
	for _, name := range f.names() {
		if err := f.units[name].err; errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return nil
}

func (f *Folder) names() []string {
	return slices.SortedFunc(maps.Keys(f.units), state.CompareNames)
}

// Units is state.Dir's.
func (f *Folder) Units() ([]state.Unit, error) {
	var units []state.Unit
	for _, name := range f.names() {
		if u := f.units[name]; u.recorded || u.alive {
			units = append(units, state.Unit{Name: name, Alive: u.alive, Recorded: u.recorded})
		}
	}
	return units, nil
}

// Load is state.Dir's.
func (f *Folder) Load(name string) (state.Record, error) {
	if u := f.units[name]; u != nil && u.recorded {
		return u.record, u.err
	}
	if _, err := f.real.Load(name); errors.Is(err, unix.EINVAL) { // no name at all
		return state.Record{}, err
	}
	return state.Record{}, fmt.Errorf("record of %s: %w", name, fs.ErrNotExist)
}

// Alive is state.Dir's.
func (f *Folder) Alive(name string) bool { return f.units[name] != nil && f.units[name].alive }

// born says that a supervisor has taken its lock: what an earlier one has entered into
// the ledger is forgotten.
func (f *Folder) born(name string) {
	if f.units[name] == nil {
		f.units[name] = &unit{}
	}
	f.units[name].alive = true
	delete(f.entries, name)
}

// Died says that a supervisor that was alive is not.
func (f *Folder) Died(name string) { f.units[name].alive = false }

// here is state.Dir's rule for the users of a parent.
func (f *Folder) here(name string) bool {
	u := f.units[name]
	return u != nil && (u.recorded || u.alive)
}

// Exclusive has nobody to keep out.
func (f *Folder) Exclusive(context.Context) (carpif.Exclusive, error) { return alone{f}, nil }

// alone is a folder that nobody else changes.
type alone struct{ *Folder }

// Unlock does nothing.
func (alone) Unlock() {}

// Save writes a record.
func (f *Folder) Save(r state.Record) error {
	u := f.units[r.Name]
	if u == nil {
		u = &unit{}
		f.units[r.Name] = u
	}
	u.record, u.err, u.recorded = r, nil, true
	f.plan.note("write %s", f.real.RecordPath(r.Name))
	return nil
}

// Remove removes a record, and the reasons for demotion with it.
func (f *Folder) Remove(name string) error {
	if len(f.entries[name]) > 0 {
		delete(f.entries, name)
		f.changed = true
		f.plan.note("remove %s", f.real.DemotionPath(name))
	}
	if u := f.units[name]; u != nil && u.recorded {
		u.record, u.err, u.recorded = state.Record{}, nil, false
		f.plan.note("remove %s", f.real.RecordPath(name))
	}
	return nil
}

// Siblings are the other records.
func (f *Folder) Siblings(name string) ([]state.Record, error) {
	var others []state.Record
	for _, other := range f.names() {
		if u := f.units[other]; other != name && u.recorded && u.err == nil {
			others = append(others, u.record)
		}
	}
	return others, nil
}

// Parents are the interfaces in use.
func (f *Folder) Parents() (state.Parents, error) {
	return maps.Clone(f.parents), f.unreadable[ofParents]
}

// UseParent is state.Dir's.
func (f *Folder) UseParent(parent string, ifindex int, user string, save func() (map[string]string, error)) error {
	return f.changeParents(func(all state.Parents) error { return all.Use(parent, ifindex, user, f.here, save) })
}

// LeaveParent is state.Dir's.
func (f *Folder) LeaveParent(parent, user string, restore func(map[string]string) error) error {
	return f.changeParents(func(all state.Parents) error { return all.Leave(parent, user, f.here, restore) })
}

func (f *Folder) changeParents(change func(state.Parents) error) error {
	if err := f.unreadable[ofParents]; err != nil {
		return err
	}
	err := change(f.parents)
	if len(f.parents) == 0 {
		f.plan.note("remove %s", f.real.ParentsPath())
	} else {
		f.plan.note("write %s", f.real.ParentsPath())
	}
	return err
}

// SetEntries replaces an interface's reasons for demotion.
func (f *Folder) SetEntries(owner string, entries []state.Entry) error {
	f.entries[owner] = slices.Clone(entries)
	f.changed = true
	if len(entries) == 0 {
		f.plan.note("remove %s", f.real.DemotionPath(owner))
		return nil
	}
	var reasons []string
	for _, e := range entries {
		reasons = append(reasons, fmt.Sprintf("%s %d", e.Name, e.Value))
	}
	f.plan.note("write %s: %s", f.real.DemotionPath(owner), strings.Join(reasons, ", "))
	return nil
}

// Demotion is state.Dir's: what the living have entered.
func (f *Folder) Demotion() (state.Ledger, error) {
	var all state.Ledger
	for _, owner := range f.names() {
		if !f.units[owner].alive {
			continue
		}
		for _, e := range f.entries[owner] {
			e.Owner = owner // it may have been renamed since
			all = append(all, e)
		}
	}
	return all, f.unreadable[ofDemotion]
}

// Demotions are all reasons, the administrator's too.
func (f *Folder) Demotions() (state.Ledger, error) { return sysctl.Demotion(f) }

// Knobs are the host's knobs.
func (f *Folder) Knobs() (sysctl.Values, error) { return sysctl.Load(f) }

// KnobsPath is state.Dir's.
func (f *Folder) KnobsPath() string { return f.real.KnobsPath() }

// ReadKnobs is state.Dir's.
func (f *Folder) ReadKnobs() ([]byte, error) { return f.knobs, f.unreadable[ofKnobs] }

// WriteKnobs is state.Dir's.
func (f *Folder) WriteKnobs(data []byte) error {
	f.knobs, f.unreadable[ofKnobs] = slices.Clone(data), nil
	f.changed = true
	if len(data) == 0 {
		f.plan.note("remove %s", f.real.KnobsPath())
	} else {
		f.plan.note("write %s", f.real.KnobsPath())
	}
	return nil
}

// LockFolder has nobody to keep out.
func (f *Folder) LockFolder(context.Context) (func(), error) { return func() {}, nil }

// rename moves all that goes by a name to another one.
func (f *Folder) rename(from, to string) {
	u := f.units[from]
	delete(f.units, from)
	u.record.Name = to
	f.units[to] = u
	f.parents.Rename(from, to)
	if entries, ok := f.entries[from]; ok {
		delete(f.entries, from)
		f.entries[to] = entries
	}
	f.plan.note("move %s to %s, with its lock and its socket", f.real.RecordPath(from), f.real.RecordPath(to))
}
