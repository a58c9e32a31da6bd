package clone

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

// Counts are what the host has counted.
type Counts struct {
	// Interfaces are those there are; the counters of one whose Error says that it
	// did not answer are missing.
	Interfaces []control.Status
	// Ended are the sums of supervisors that have ended since boot.
	Ended map[string]uint64
}

// countReadings bounds the readings of counts that keep moving.
const countReadings = 3

// Counters reads the counters. An interface that is destroyed meanwhile is counted
// once.
func (c *Cloner) Counters(ctx context.Context) (Counts, error) {
	for again := 1; ; again++ {
		before, err := c.dir.Counters()
		if err != nil {
			return Counts{}, err
		}
		list, err := c.Status(ctx, false)
		after, endedErr := c.dir.Counters()
		if endedErr != nil {
			return Counts{}, endedErr
		}
		if maps.Equal(before, after) || again == countReadings {
			return Counts{Interfaces: list, Ended: after}, err
		}
	}
}

// ClearCounters is Counters, and all begin at 0 again: of two commands at once each
// frame is told of by one.
func (c *Cloner) ClearCounters(ctx context.Context) (Counts, error) {
	list, err := c.read(ctx, control.Request{Op: control.OpClear})
	ended, endedErr := c.dir.TakeCounters(ctx)
	return Counts{Interfaces: list, Ended: ended}, errors.Join(err, endedErr)
}

// keepTime is how long a supervisor may wait for the state folder's lock to leave its
// counters there.
const keepTime = time.Second

// tallyTime is how often a supervisor that lives leaves its counters with the state
// folder, so that netstat does not forget more when it is killed. The folder is in
// memory, as a rule; where it is on a disk, that is not to be kept from resting.
const tallyTime = 30 * time.Second

// buryTime is how long the beginning of a supervisor may wait for the lock, to add
// what an earlier one had counted that was killed: the successor of a MASTER is in haste.
const buryTime = 100 * time.Millisecond

// bury adds what an earlier supervisor of this name has left that was killed.
func (s *supervisor) bury(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, buryTime)
	defer cancel()
	err := s.dir.BuryCounters(ctx, s.held().name)
	if s.buried = err == nil; !s.buried && ctx.Err() == nil {
		s.log.Warn("what an earlier supervisor had counted", "err", err)
	}
}

// tally leaves the counters with the state folder now and then until ctx ends.
func (s *supervisor) tally(ctx context.Context) {
	for t := time.NewTicker(tallyTime); ; {
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return
		}
		if !s.buried { // its file is where ours is to be
			s.bury(ctx)
			continue
		}
		if err := s.count(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("leaving the counters with the state folder", "err", err)
		}
	}
}

// count leaves the counters, unless the folder has them as they are.
func (s *supervisor) count(ctx context.Context) error {
	s.counting.Lock()
	defer s.counting.Unlock()
	name := s.held().name
	resp := s.iface.Handle(ctx, control.Request{Op: control.OpStatus})
	if resp.Status == nil {
		return nil // it is ending
	}
	counters := counted(resp.Status.Counters)
	if maps.Equal(counters, s.counted) {
		return nil
	}
	if err := s.dir.SaveCounters(name, counters); err != nil {
		return err
	}
	s.counted = counters
	if s.held().name != name { // renamed meanwhile: it might be another's tomorrow
		s.counted = nil
		return s.dir.SaveCounters(name, nil)
	}
	return nil
}

// handle answers a request. What netstat has cleared is not to come back after a kill.
func (s *supervisor) handle(ctx context.Context, req control.Request) control.Response {
	if req.Op != control.OpClear {
		return s.iface.Handle(ctx, req)
	}
	s.counting.Lock()
	defer s.counting.Unlock()
	resp := s.iface.Handle(ctx, req)
	if resp.Error == nil && s.counted != nil {
		if err := s.dir.SaveCounters(s.held().name, nil); err != nil {
			s.log.Warn("the counters that were cleared may come back", "err", err)
		}
		s.counted = nil
	}
	return resp
}

// counted are the counters without those that have counted nothing.
func counted(counters map[string]uint64) map[string]uint64 {
	counters = maps.Clone(counters)
	maps.DeleteFunc(counters, func(_ string, n uint64) bool { return n == 0 })
	return counters
}

// keepCounters leaves what was counted with the state folder at the end, since netstat
// tells of all since boot.
func (s *supervisor) keepCounters(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	if err := s.dir.AddCounters(ctx, s.held().name, counted(s.iface.Counters())); err != nil {
		s.log.Warn("the counters are lost", "err", err)
	}
}
