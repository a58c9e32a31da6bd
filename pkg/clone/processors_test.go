package clone

import (
	"runtime"
	"testing"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

func TestUseProcessors(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	for _, tt := range []struct {
		carp.Timing
		want int
	}{
		{carp.Timing{Base: 1, Skew: 0}, 1},
		{carp.Timing{Base: 0, Skew: 1}, 2},
		{carp.Timing{Base: 0, Skew: 0}, 2},
		{carp.Timing{Base: 0, Skew: 21}, 2}, // 246 ms
		{carp.Timing{Base: 0, Skew: 22}, 1}, // 258 ms
		{carp.Timing{Base: 255, Skew: 254}, 1},
	} {
		useProcessors(tt.Timing)
		if got := runtime.GOMAXPROCS(0); got != tt.want {
			t.Errorf("%+v: %d processors, want %d", tt.Timing, got, tt.want)
		}
	}
}
