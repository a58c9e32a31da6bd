package netlab

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// gapFloor is how many intervals of silence make a gap; less is jitter.
const gapFloor = 5

// Result is what a probe saw.
type Result struct {
	Start, End time.Time
	Interval   time.Duration
	Sent       int
	Lost       int            // requests that were never answered
	Duplicates int            // replies beyond the first to a request
	By         map[string]int // answered requests by the host that answered first
	Gaps       []Gap
	Switches   []Switch
	// Stall is the longest time by which the prober itself came late. It sends
	// nothing meanwhile, so that a gap of that length may hide in it.
	Stall  time.Duration
	Echoes []Echo
}

// Gap is a silence: requests were sent and no reply came from From to To, the
// times of the replies before and after it. From is the start of the probe if none
// came before, To its end if none came after (Open).
type Gap struct {
	From, To time.Time
	Requests int // sent during the gap
	Before   string
	After    string
	Open     bool
}

// Length is how long the client saw nobody.
func (g Gap) Length() time.Duration { return g.To.Sub(g.From) }

// Switch is the moment from which another host answered.
type Switch struct {
	At       time.Time
	From, To string
}

// Since is the result of the part that was sent at or after a moment.
func (r Result) Since(t time.Time) Result {
	first := sort.Search(len(r.Echoes), func(i int) bool { return !r.Echoes[i].Sent.Before(t) })
	start := r.Start
	if t.After(start) {
		start = t
	}
	return evaluate(r.Echoes[first:], r.Interval, r.Stall, start, r.End)
}

// LongestGap is the length of the longest gap, 0 if there was none.
func (r Result) LongestGap() time.Duration {
	var longest time.Duration
	for _, g := range r.Gaps {
		longest = max(longest, g.Length())
	}
	return longest
}

// Millis is a duration in milliseconds, as the results are printed.
func Millis(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// String is one line for a log.
func (r Result) String() string {
	var by []string
	for host, n := range r.By {
		by = append(by, fmt.Sprintf("%s %d", host, n))
	}
	sort.Strings(by)
	return fmt.Sprintf("%d sent, %d lost, %d duplicate, %d gaps, longest %s, prober late by up to %s; answered: %s",
		r.Sent, r.Lost, r.Duplicates, len(r.Gaps), Millis(r.LongestGap()), Millis(r.Stall), strings.Join(by, ", "))
}

// evaluate turns echoes into a result.
func evaluate(echoes []Echo, interval, stall time.Duration, start, end time.Time) Result {
	r := Result{
		Start: start, End: end, Interval: interval, Stall: stall,
		Sent: len(echoes), By: map[string]int{}, Echoes: echoes,
	}
	answered := make([]Echo, 0, len(echoes))
	for _, e := range echoes {
		r.Duplicates += len(e.Also)
		if !e.Answered() {
			r.Lost++
			continue
		}
		r.By[e.From]++
		answered = append(answered, e)
	}
	sort.SliceStable(answered, func(i, j int) bool { return answered[i].Received.Before(answered[j].Received) })

	previous := Echo{Received: start}
	for _, e := range answered {
		// The request whose reply ends the silence was not sent in vain, but the others
		// sent during it were. Without any, the prober was late, not the network.
		r.addGap(Gap{From: previous.Received, To: e.Received, Before: previous.From, After: e.From,
			Requests: sentBetween(echoes, previous.Received, e.Received) - 1})
		if previous.From != "" && previous.From != e.From {
			r.Switches = append(r.Switches, Switch{At: e.Received, From: previous.From, To: e.From})
		}
		previous = e
	}
	r.addGap(Gap{From: previous.Received, To: end, Before: previous.From, Open: true,
		Requests: sentBetween(echoes, previous.Received, end)})
	return r
}

// addGap keeps a gap that is one.
func (r *Result) addGap(g Gap) {
	if g.Requests > 0 && g.Length() >= gapFloor*r.Interval {
		r.Gaps = append(r.Gaps, g)
	}
}

// sentBetween counts requests sent in a span; echoes are in the order of sending.
func sentBetween(echoes []Echo, from, to time.Time) int {
	after := func(t time.Time) int {
		return sort.Search(len(echoes), func(i int) bool { return !echoes[i].Sent.Before(t) })
	}
	return after(to) - after(from)
}
