package carpif

import (
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// Counters are what was sent and what became of each frame received, by the names
// that [control.Status] gives them, since the interface was made or they were last
// cleared. Call it after Run has ended, or as the owner.
func (i *Interface) Counters() map[string]uint64 {
	inet, inet6 := &i.families[0], &i.families[1]
	counters := map[string]uint64{
		control.ReceivedInet:  inet.received,
		control.ReceivedInet6: inet6.received,
		control.SentInet:      inet.packets,
		control.SentInet6:     inet6.packets,
		control.SendErrors:    inet.failed + inet6.failed,
		control.NoMemory:      inet.noMemory + inet6.noMemory,
	}
	for v, n := range i.received {
		counters[carp.Verdict(v).String()] = n
	}
	return counters
}

// clear begins to count anew, each peer's frames too.
func (i *Interface) clear() {
	i.received = [carp.NumVerdicts]uint64{}
	for n := range i.families {
		f := &i.families[n]
		f.sent, f.failed, f.heard = 0, 0, 0
		f.packets, f.received, f.noMemory = 0, 0, 0
	}
	i.peers.ClearCounts()
}
