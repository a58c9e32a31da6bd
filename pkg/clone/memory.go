package clone

import (
	"context"
	"runtime/debug"
	"time"
)

// returnTime is how often a supervisor gives back the memory that it does not use. Each
// time takes a millisecond or two, which the owner does not wait for.
const returnTime = 10 * time.Second

// returnMemory gives back, until ctx ends, what the start, requests and listings took.
// By itself the runtime collects when a megabyte more has been allocated or two minutes
// have passed, whatever the percentage, and then keeps that megabyte for the next time:
// four times what is alive.
func returnMemory(ctx context.Context) {
	t := time.NewTicker(returnTime)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			debug.FreeOSMemory()
		case <-ctx.Done():
			return
		}
	}
}
