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

// keepTime is how long the end of a supervisor may wait for the state folder's lock.
const keepTime = time.Second

// keepCounters leaves what was counted with the state folder, since netstat tells of
// all since boot.
func (s *supervisor) keepCounters(ctx context.Context) {
	counters := s.iface.Counters()
	maps.DeleteFunc(counters, func(_ string, n uint64) bool { return n == 0 })
	if len(counters) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	if err := s.dir.AddCounters(ctx, counters); err != nil {
		s.log.Warn("the counters are lost", "err", err)
	}
}
