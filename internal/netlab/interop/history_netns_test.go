//go:build netns

package interop

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// change is a change of state as a supervisor logged it.
type change struct {
	at               time.Time
	ifname, vhid     string
	from, to, reason string
}

var changeLine = regexp.MustCompile(`^time=(\S+) .*msg="(\w+) -> (\w+)" iface=(\S+) vhid=(\d+) reason=(.*)$`)

// changes reads the changes of state of a host from its supervisors' log. To look
// there costs the machine next to nothing while a client is measuring.
func (s *scene) changes(h *netlab.Host) (list []change) {
	s.Helper()
	for line := range strings.Lines(s.log(h)) {
		m := changeLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, m[1])
		s.must(err)
		list = append(list, change{at: at, from: m[2], to: m[3], ifname: m[4], vhid: m[5], reason: strings.Trim(m[6], `"`)})
	}
	return list
}

// last is the latest change of a carp interface; its zero value says that there was
// none.
func (s *scene) last(h *netlab.Host, ifname string) (last change) {
	s.Helper()
	for _, c := range s.changes(h) {
		if c.ifname == ifname {
			last = c
		}
	}
	return last
}

// await waits until a carp interface is in a state.
func (s *scene) await(h *netlab.Host, ifname, state string) change {
	s.Helper()
	return s.awaitSince(h, ifname, state, time.Time{})
}

// awaitSince waits for a state that was entered after a moment. The log has times
// in milliseconds.
func (s *scene) awaitSince(h *netlab.Host, ifname, state string, since time.Time) (last change) {
	s.Helper()
	s.wait(fmt.Sprintf("%s on %s to be %s", ifname, h.Name(), state), func() (bool, string) {
		last = s.last(h, ifname)
		return last.to == state && !last.at.Before(since.Truncate(time.Millisecond)), fmt.Sprintf("%+v", last)
	})
	return last
}

// awaitOne waits until exactly one of two hosts is MASTER of carp0 and the other one
// BACKUP, and says which is which. That they were never both is neverTwo's affair.
func (s *scene) awaitOne(a, b *netlab.Host) (holder, standby *netlab.Host) {
	s.Helper()
	s.wait("one MASTER", func() (bool, string) {
		one, two := s.last(a, "carp0").to, s.last(b, "carp0").to
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
		if c.at.After(since) {
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

// reign is a span of time in which a host was MASTER.
type reign struct {
	host     *netlab.Host
	from, to time.Time
}

// reigns lists who was MASTER of a vhid, and when.
func (s *scene) reigns(vhid int) (list []reign) {
	s.Helper()
	for _, h := range s.members {
		var open *reign
		end := func(at time.Time) {
			if open == nil {
				return
			}
			for _, f := range s.fences[h] {
				if f.After(open.from) && f.Before(at) {
					at = f
				}
			}
			open.to = at
			list = append(list, *open)
			open = nil
		}
		for _, c := range s.changes(h) {
			if c.vhid != fmt.Sprint(vhid) {
				continue
			}
			end(c.at)
			if c.to == master {
				open = &reign{host: h, from: c.at}
			}
		}
		end(time.Now())
	}
	slices.SortFunc(list, func(a, b reign) int { return a.from.Compare(b.from) })
	return list
}

// neverTwo wants that no two members were MASTER of a vhid for longer than an
// instant, or than the machine stood still meanwhile or just before.
func (s *scene) neverTwo(vhid int) {
	s.Helper()
	list := s.reigns(vhid)
	for n, a := range list {
		for _, b := range list[n+1:] {
			if a.host == b.host || b.from.After(a.to) {
				continue
			}
			both := min(a.to.Sub(b.from), b.to.Sub(b.from))
			if both <= instant {
				continue
			}
			before := b.from.Add(-dead(255))
			if a.from.After(before) {
				before = a.from
			}
			stalled := machine.stalled(before, b.from.Add(both))
			s.figure("vhid %d: %s and %s were both MASTER for %s from %v; the machine stood still for %s", vhid,
				a.host.Name(), b.host.Name(), millis(both), b.from.Format(time.StampMilli), millis(stalled))
			if both > instant+stalled {
				s.Errorf("two MASTERs for %v, want %v at most", both, instant)
			}
		}
	}
}
