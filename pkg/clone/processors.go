package clone

import (
	"runtime"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// hurriedDeadTime is below what dead time hundredths of a second count.
const hurriedDeadTime = 250 * time.Millisecond

// useProcessors has Go run on as many processors as an interface with this timing
// needs.
//
// One is enough for a single owner, takes the least memory, and is the safe choice at
// real-time priority: the runtime's threads wait for one another by spinning, and on a
// host with a hundred supervisors at work all of them spun for the full turn of 100 ms
// that the scheduler gives (Linux, sched_rr_get_interval(2)), on end.
//
// But whoever waits for the kernel's network lock, to renew a lease, keeps the one: the
// runtime takes it away when it next looks, after up to 10 ms, twice. Where that is a
// good part of the dead time the owner gets another one.
func useProcessors(t carp.Timing) {
	n := 1
	if t.DeadTime() < hurriedDeadTime {
		n = 2
	}
	runtime.GOMAXPROCS(n)
}
