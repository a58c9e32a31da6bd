// Package history reads in the logs of supervisors who was MASTER, and when. To look
// there costs the machine next to nothing while a client is measuring.
package history

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// master is the state that a reign is one of, as it is logged.
const master = "MASTER"

// Change is a change of state as a supervisor logged it.
type Change struct {
	// At has milliseconds.
	At time.Time
	// Ifname is the carp interface and VHID its number, in digits.
	Ifname, VHID string
	// From and To are states, INIT, BACKUP or MASTER, and Reason is why.
	From, To, Reason string
}

var changeLine = regexp.MustCompile(`^time=(\S+) .*msg="(\w+) -> (\w+)" iface=(\S+) vhid=(\d+) reason=(.*)$`)

// Read returns the changes of state in a log, in its order. An error is about a line
// whose time cannot be read.
func Read(log string) (list []Change, err error) {
	for line := range strings.Lines(log) {
		m := changeLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, m[1])
		if err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		list = append(list, Change{At: at, From: m[2], To: m[3], Ifname: m[4], VHID: m[5], Reason: strings.Trim(m[6], `"`)})
	}
	return list, nil
}

// Last is the latest change of a carp interface; its zero value says that there is
// none.
func Last(list []Change, ifname string) (last Change) {
	for _, c := range list {
		if c.Ifname == ifname {
			last = c
		}
	}
	return last
}

// Host is what is known of a host.
type Host struct {
	Name    string
	Changes []Change
	// Fences are the moments from which it was kept from acting, in order: it is not
	// MASTER any more whatever its log says.
	Fences []time.Time
}

// Reign is a span of time in which a host was MASTER.
type Reign struct {
	Host     string
	From, To time.Time
}

// Reigns lists who was MASTER of a vhid until now, by their beginnings.
func Reigns(hosts []Host, vhid string, now time.Time) (list []Reign) {
	for _, h := range hosts {
		var open *Reign
		end := func(at time.Time) {
			if open == nil {
				return
			}
			for _, f := range h.Fences {
				if f.After(open.From) && f.Before(at) {
					at = f
				}
			}
			open.To = at
			list = append(list, *open)
			open = nil
		}
		for _, c := range h.Changes {
			if c.VHID != vhid {
				continue
			}
			end(c.At)
			if c.To == master {
				open = &Reign{Host: h.Name, From: c.At}
			}
		}
		end(now)
	}
	slices.SortStableFunc(list, func(a, b Reign) int { return a.From.Compare(b.From) })
	return list
}

// Overlap is a time in which two hosts were MASTER: the first had been it since First,
// the second one came From and both were for Both.
type Overlap struct {
	Hosts       [2]string
	First, From time.Time
	Both        time.Duration
}

// Overlaps lists them in reigns that are in order.
func Overlaps(reigns []Reign) (list []Overlap) {
	for n, a := range reigns {
		for _, b := range reigns[n+1:] {
			if a.Host == b.Host || b.From.After(a.To) {
				continue
			}
			list = append(list, Overlap{
				Hosts: [2]string{a.Host, b.Host}, First: a.From, From: b.From,
				Both: min(a.To.Sub(b.From), b.To.Sub(b.From)),
			})
		}
	}
	return list
}
