//go:build netns

package failover

import (
	"net/netip"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// The lines that add and remove a further address.
const (
	alias    = "ifconfig-carp carp0 192.168.1.60/24 alias"
	removing = "ifconfig-carp carp0 192.168.1.60 -alias"
)

// A further address is added to and removed from hosts that are running, one after the
// other, and nobody changes its state for it.
func TestAlias(t *testing.T) {
	atMost(t, smooth, func(t *testing.T) netlab.Result {
		s := pair(t)
		w := s.watch(virtual1, s.hosta)
		since := time.Now()
		for _, edit := range []struct {
			name, line    string
			first, second *netlab.Host
			between       time.Duration
			after         time.Duration
		}{
			// Whoever has the new list understands the old one, and speaks it too, for
			// minutes: the order does not matter, nor how long the second edit takes.
			{"added, BACKUP first", alias, s.provider, s.hosta, deadTime + time.Second, 1500 * time.Millisecond},
			{"removed, MASTER first", removing, s.hosta, s.provider, deadTime + 2*time.Second, 1500 * time.Millisecond},
			{"added, MASTER first", alias, s.hosta, s.provider, deadTime + 2*time.Second, 1500 * time.Millisecond},
			{"removed, BACKUP first", removing, s.provider, s.hosta, deadTime + time.Second, 1500 * time.Millisecond},
		} {
			s.on(edit.first, edit.line)
			s.pass(edit.between)
			s.on(edit.second, edit.line)
			if edit.line == alias {
				s.ping(s.client, netip.MustParseAddr("192.168.1.60"))
			} else if _, err := s.client.Run(s.Context(), "ping", "-c", "1", "-W", "1", "192.168.1.60"); err == nil {
				s.Errorf("%s: 192.168.1.60 still answers", edit.name)
			}
			s.pass(edit.after)
			s.unchanged(s.hosta, since)
			s.unchanged(s.provider, since)
			s.expect(s.hosta, master)
			s.expect(s.provider, backup)
		}
		w.served(s.hosta)
		s.neverTwo("1")
		r := w.Stop()
		s.figure("an address added and removed twice: longest gap %s, %d lost", millis(r.LongestGap()), r.Lost)
		return r
	})
}
