package netlab

import (
	"context"
	"fmt"
	"time"
)

// pollInterval is how often Wait looks. Conditions read files or start ip(8), which
// takes a few milliseconds on its own.
const pollInterval = 5 * time.Millisecond

// Wait polls cond until it is true, and fails when limit has passed or ctx ends.
// The string that cond returns says what it saw; the last one is in the error.
func Wait(ctx context.Context, limit time.Duration, what string, cond func() (ok bool, saw string)) error {
	start := time.Now()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		ok, saw := cond()
		if ok {
			return nil
		}
		if waited := time.Since(start); waited > limit {
			return fmt.Errorf("netlab: waited %v for %s; last seen: %s", limit, what, saw)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("netlab: waiting for %s: %w; last seen: %s", what, context.Cause(ctx), saw)
		case <-tick.C:
		}
	}
}
