//go:build netns

package interop

import (
	"fmt"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab/history"
)

// changes reads the changes of state of a host from its supervisors' log.
func (s *scene) changes(h *netlab.Host) []history.Change {
	s.Helper()
	list, err := history.Read(s.log(h))
	s.must(err)
	return list
}

// last is the latest change of a carp interface; its zero value says that there was
// none.
func (s *scene) last(h *netlab.Host, ifname string) history.Change {
	s.Helper()
	return history.Last(s.changes(h), ifname)
}

// await waits until a carp interface is in a state.
func (s *scene) await(h *netlab.Host, ifname, state string) history.Change {
	s.Helper()
	return s.awaitSince(h, ifname, state, time.Time{})
}

// awaitSince waits for a state that was entered after a moment. The log has times
// in milliseconds.
func (s *scene) awaitSince(h *netlab.Host, ifname, state string, since time.Time) (last history.Change) {
	s.Helper()
	s.wait(fmt.Sprintf("%s on %s to be %s", ifname, h.Name(), state), func() (bool, string) {
		last = s.last(h, ifname)
		return last.To == state && !last.At.Before(since.Truncate(time.Millisecond)), fmt.Sprintf("%+v", last)
	})
	return last
}

// awaitOne waits until exactly one of two hosts is MASTER of carp0 and the other one
// BACKUP, and says which is which. That they were never both is neverTwo's affair.
func (s *scene) awaitOne(a, b *netlab.Host) (holder, standby *netlab.Host) {
	s.Helper()
	s.wait("one MASTER", func() (bool, string) {
		one, two := s.last(a, "carp0").To, s.last(b, "carp0").To
		switch {
		case one == master && two == backup:
			holder, standby = a, b
		case one == backup && two == master:
			holder, standby = b, a
		}
		return holder != nil, fmt.Sprintf("%s %q, %s %q", a.Name(), one, b.Name(), two)
	})
	return holder, standby
}

// unchanged wants no change of state on a host since a moment.
func (s *scene) unchanged(h *netlab.Host, since time.Time) {
	s.Helper()
	for _, c := range s.changes(h) {
		if c.At.After(since) {
			s.Errorf("%s: %+v, want no change of state since %v", h.Name(), c, since.Format(time.StampMilli))
		}
	}
}

// fence notes that a host is kept from acting from now on, so that it is not MASTER
// any more whatever its log says.
func (s *scene) fence(h *netlab.Host) time.Time {
	now := time.Now()
	s.fences[h] = append(s.fences[h], now)
	return now
}

// neverTwo wants that no two members were MASTER of a vhid for longer than an
// instant, or than the machine stood still meanwhile or just before.
func (s *scene) neverTwo(vhid int) {
	s.Helper()
	var hosts []history.Host
	for _, h := range s.members {
		hosts = append(hosts, history.Host{Name: h.Name(), Changes: s.changes(h), Fences: s.fences[h]})
	}
	for _, o := range history.Overlaps(history.Reigns(hosts, fmt.Sprint(vhid), time.Now())) {
		if o.Both <= instant {
			continue
		}
		before := o.From.Add(-dead(255))
		if o.First.After(before) {
			before = o.First
		}
		stalled := machine.stalled(before, o.From.Add(o.Both))
		s.figure("vhid %d: %s and %s were both MASTER for %s from %v; the machine stood still for %s", vhid,
			o.Hosts[0], o.Hosts[1], millis(o.Both), o.From.Format(time.StampMilli), millis(stalled))
		if o.Both > instant+stalled {
			s.Errorf("two MASTERs for %v, want %v at most", o.Both, instant)
		}
	}
}
