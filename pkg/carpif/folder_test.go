package carpif

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// folder is a state folder in memory.
type folder struct {
	mu       sync.Mutex
	records  map[string]state.Record
	entries  map[string][]state.Entry
	history  []string // the demotions as they were entered
	users    map[string][]string
	settings map[string]map[string]string
	knobs    sysctl.Values
	fail     map[string]error // by the method's name, until taken out
	watchers []chan struct{}
	// lock is full while a process has the folder to itself.
	lock chan struct{}
}

func (f *folder) refuse(method string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		delete(f.fail, method)
		return
	}
	f.fail[method] = err
}

// record is a record as a supervisor that starts loads it.
func (f *folder) record(name string) (state.Record, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.records[name]
	if ok && r.NewName == name {
		r.Name = name
	}
	return r, ok
}

// set changes the knobs, as sysctl would.
func (f *folder) set(change func(*sysctl.Values)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.knobs)
	f.tell()
}

func (f *folder) tell() {
	for _, w := range f.watchers {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

func (f *folder) ledger() state.Ledger {
	var all state.Ledger
	for _, owner := range slices.Sorted(maps.Keys(f.entries)) {
		all = append(all, f.entries[owner]...)
	}
	if f.knobs.Demotion != 0 {
		all = append(all, state.Entry{Name: "sysctl", Value: f.knobs.Demotion, Owner: "administrator"})
	}
	return all
}

// store is the folder as one supervisor uses it; dead, it has no effect.
type store struct {
	*folder
	dead bool
}

var errDead = errors.New("killed")

func (s *store) enter(method string) (leave func(), err error) {
	s.mu.Lock()
	if s.dead {
		err = errDead
	} else {
		err = s.fail[method]
	}
	return s.mu.Unlock, err
}

func (s *store) Save(r state.Record) error {
	leave, err := s.enter("Save")
	defer leave()
	if err == nil {
		s.records[r.Name] = r
	}
	return err
}

func (s *store) Remove(name string) error {
	leave, err := s.enter("Remove")
	defer leave()
	if err == nil {
		delete(s.records, name)
	}
	return err
}

func (s *store) Exclusive(ctx context.Context) (Exclusive, error) {
	leave, err := s.enter("Exclusive")
	leave()
	if err != nil {
		return nil, err
	}
	select {
	case s.lock <- struct{}{}:
		return exclusive{s}, nil
	case <-ctx.Done():
		return nil, errLocked
	}
}

var errLocked = errors.New("locked by process 7")

// exclusive is the folder while the others are kept out.
type exclusive struct{ s *store }

func (e exclusive) Unlock() { <-e.s.lock }

func (e exclusive) UseParent(parent string, _ int, user string, read func() (map[string]string, error)) error {
	return e.s.useParent(parent, user, read)
}

func (e exclusive) LeaveParent(parent, user string, restore func(map[string]string) error) error {
	return e.s.leaveParent(parent, user, restore)
}

// alone does what takes the lock, as the owner does it that has not got it.
func (s *store) alone(do func() error) error {
	select {
	case s.lock <- struct{}{}:
		defer func() { <-s.lock }()
		return do()
	case <-time.After(2 * time.Second):
		return errLocked
	}
}

func (s *store) Siblings(name string) (others []state.Record, err error) {
	leave, err := s.enter("Siblings")
	defer leave()
	for _, n := range slices.Sorted(maps.Keys(s.records)) {
		if n != name {
			others = append(others, s.records[n])
		}
	}
	return others, err
}

func (s *store) UseParent(parent string, _ int, user string, read func() (map[string]string, error)) error {
	return s.alone(func() error { return s.useParent(parent, user, read) })
}

func (s *store) LeaveParent(parent, user string, restore func(map[string]string) error) error {
	return s.alone(func() error { return s.leaveParent(parent, user, restore) })
}

func (s *store) useParent(parent, user string, read func() (map[string]string, error)) error {
	leave, err := s.enter("UseParent")
	defer leave()
	if err != nil {
		return err
	}
	if s.settings[parent] == nil {
		if s.settings[parent], err = read(); err != nil {
			return err
		}
	}
	if !slices.Contains(s.users[parent], user) {
		s.users[parent] = append(s.users[parent], user)
	}
	return nil
}

func (s *store) leaveParent(parent, user string, restore func(map[string]string) error) error {
	leave, err := s.enter("LeaveParent")
	defer leave()
	if err != nil {
		return err
	}
	s.users[parent] = slices.DeleteFunc(s.users[parent], func(u string) bool { return u == user })
	if len(s.users[parent]) > 0 || s.settings[parent] == nil {
		return nil
	}
	if err := restore(s.settings[parent]); err != nil {
		return err
	}
	delete(s.settings, parent)
	return nil
}

func (s *store) SetEntries(owner string, entries []state.Entry) error {
	leave, err := s.enter("SetEntries")
	defer leave()
	if err != nil {
		return err
	}
	s.entries[owner] = slices.Clone(entries)
	var names []string
	for _, e := range entries {
		names = append(names, fmt.Sprintf("%s %d", e.Name, e.Value))
	}
	s.history = append(s.history, owner+": "+strings.Join(names, ", "))
	s.tell()
	return nil
}

func (s *store) Knobs() (sysctl.Values, error) {
	leave, err := s.enter("Knobs")
	defer leave()
	return s.knobs, err
}

func (s *store) Demotions() (state.Ledger, error) {
	leave, err := s.enter("Demotions")
	defer leave()
	return s.ledger(), err
}

// held is a folder that another process keeps locked.
type held struct{ Store }

func (held) Exclusive(ctx context.Context) (Exclusive, error) {
	<-ctx.Done()
	return nil, errLocked
}
