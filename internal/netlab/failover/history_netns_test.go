//go:build netns

package failover

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab/history"
)

// changes reads the changes of state of a host from its supervisors' log.
func (s *stage) changes(h *netlab.Host) []history.Change {
	s.Helper()
	text, err := os.ReadFile(logFile(h))
	if os.IsNotExist(err) {
		return nil
	}
	s.must(err)
	list, err := history.Read(string(text))
	s.must(err)
	return list
}

// await waits until a carp interface is in a state. It reads the log, so that
// waiting costs the machine next to nothing while the client is measuring.
func (s *stage) await(h *netlab.Host, ifname, state string) history.Change {
	s.Helper()
	return s.awaitSince(h, ifname, state, time.Time{})
}

// awaitSince waits for a state that was entered after a moment. The log has times
// in milliseconds.
func (s *stage) awaitSince(h *netlab.Host, ifname, state string, since time.Time) (last history.Change) {
	s.Helper()
	what := fmt.Sprintf("%s on %s to be %s", ifname, h.Name(), state)
	s.must(netlab.Wait(s.Context(), settling, what, func() (bool, string) {
		last = history.Last(s.changes(h), ifname)
		return last.To == state && !last.At.Before(since.Truncate(time.Millisecond)), fmt.Sprintf("%+v", last)
	}))
	return last
}

// unchanged wants no change of state on a host since a moment.
func (s *stage) unchanged(h *netlab.Host, since time.Time) {
	s.Helper()
	for _, c := range s.changes(h) {
		if c.At.After(since) {
			s.Errorf("%s: %+v, want no change of state since %v", h.Name(), c, since.Format(time.StampMilli))
		}
	}
}

// fence notes that a host's supervisor has been kept from acting from now on, so
// that it is not MASTER any more whatever its log says.
func (s *stage) fence(h *netlab.Host) time.Time {
	now := time.Now()
	s.fences[h] = append(s.fences[h], now)
	return now
}

// neverTwo wants that no two hosts were MASTER of a vhid for longer than an
// instant, and returns the longest time that they were.
func (s *stage) neverTwo(vhid string) (longest time.Duration) {
	s.Helper()
	var hosts []history.Host
	for _, h := range s.servers() {
		hosts = append(hosts, history.Host{Name: h.Name(), Changes: s.changes(h), Fences: s.fences[h]})
	}
	for _, o := range history.Overlaps(history.Reigns(hosts, vhid, time.Now())) {
		longest = max(longest, o.Both)
		if o.Both > instant {
			s.Errorf("vhid %s: %s and %s were both MASTER for %s from %v", vhid, o.Hosts[0], o.Hosts[1],
				millis(o.Both), o.From.Format(time.StampMilli))
		}
	}
	return longest
}

// oneMaster wants exactly one MASTER of vhid 1 among hosta and provider now, and
// the client to be served by it.
func (s *stage) oneMaster(w *watch) *netlab.Host {
	s.Helper()
	a, p := s.status(s.hosta, "carp0").State, s.status(s.provider, "carp0").State
	holder := s.hosta
	switch {
	case a == master && p == backup:
	case a == backup && p == master:
		holder = s.provider
	default:
		s.Errorf("hosta is %s and provider %s, want one MASTER and one BACKUP", a, p)
		return nil
	}
	w.served(holder)
	return holder
}

// watchARP keeps the history of the client's ARP cache.
func (s *stage) watchARP() {
	s.Helper()
	s.arp = filepath.Join(s.client.Dir(), "arp")
	f, err := os.Create(s.arp)
	s.must(err)
	defer f.Close()
	cmd := s.client.Command(s.Context(), "ip", "monitor", "neigh")
	cmd.Stdout = f
	s.must(cmd.Start())
	go func() { _ = cmd.Wait() }() // killed with its host
}

var arpLine = regexp.MustCompile(`^(192\.168\.1\.5\d) dev eth0 lladdr (\S+)`)

// checkARP wants that the client has never learned another MAC for a virtual
// address than the virtual one.
func (s *stage) checkARP() {
	s.Helper()
	text, err := os.ReadFile(s.arp)
	s.must(err)
	learned := 0
	for line := range strings.Lines(string(text)) {
		m := arpLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		want := mac1
		if m[1] == virtual2.String() {
			want = mac2
		}
		learned++
		if m[2] != want.String() {
			s.Errorf("the client's ARP cache: %q, want %v only", strings.TrimSpace(line), want)
		}
	}
	if s.probed && learned == 0 {
		s.Error("the history of the client's ARP cache is empty")
	}
}

// lastState is the state of carp0 on a host according to its log.
func (s *stage) lastState(h *netlab.Host) string {
	return history.Last(s.changes(h), "carp0").To
}
