package clone

import (
	"context"

	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carpif"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// store is the state folder as one supervisor uses it: carpif.Store.
type store struct{ *state.Dir }

// Exclusive is the folder's lock.
func (s store) Exclusive(ctx context.Context) (carpif.Exclusive, error) {
	e, err := s.Exclude(ctx)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Siblings are the records of the other interfaces. One that cannot be read
// does not keep this one from working.
func (s store) Siblings(name string) ([]state.Record, error) {
	units, err := s.Units()
	if err != nil {
		return nil, err
	}
	var records []state.Record
	for _, u := range units {
		if u.Name == name || !u.Recorded {
			continue
		}
		if r, err := s.Load(u.Name); err == nil {
			records = append(records, r)
		}
	}
	return records, nil
}

// Knobs are the host's knobs.
func (s store) Knobs() (sysctl.Values, error) { return sysctl.Load(s.Dir) }

// Demotions are the reasons of all living supervisors and the administrator's.
func (s store) Demotions() (state.Ledger, error) { return sysctl.Demotion(s.Dir) }
