package clone

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// released is how much of the heap the host has got back.
func released() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapReleased
}

// What a supervisor needed once is the host's again soon.
func TestReturnMemory(t *testing.T) {
	const once = 64 << 20
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go returnMemory(ctx)
		taken := make([]byte, once)
		for n := range taken {
			taken[n] = 1
		}
		before := released()
		runtime.KeepAlive(taken)
		time.Sleep(returnTime + time.Second)
		if got := released(); got < before+once/2 {
			t.Errorf("of %d bytes %d were given back", once, got-before)
		}
	})
}
