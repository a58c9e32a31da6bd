package netlab

import (
	"strings"
	"testing"
	"time"
)

// at is a point of an imagined probe, in milliseconds.
func at(ms float64) time.Time {
	return time.Unix(1000, 0).Add(time.Duration(ms*1000+0.5) * time.Microsecond)
}

// echoes makes a probe a millisecond long per letter: A and B are hosts that answer
// after 0.1 ms, a dot is a request lost.
func echoes(script string) []Echo {
	var list []Echo
	for i, c := range script {
		e := Echo{Sent: at(float64(i))}
		if c != '.' {
			e.Received, e.From = at(float64(i)+0.1), string(c)
		}
		list = append(list, e)
	}
	return list
}

func TestEvaluate(t *testing.T) {
	tests := []struct {
		name    string
		echoes  []Echo
		lost    int
		gaps    int
		longest time.Duration
		moves   int
	}{
		{name: "all answered", echoes: echoes("AAAAAAAAAA")},
		{name: "one lost is no gap", echoes: echoes("AAA.AAAA"), lost: 1},
		{name: "a gap", echoes: echoes("AAA......AAA"), lost: 6, gaps: 1, longest: 7 * time.Millisecond},
		{name: "a gap and another host", echoes: echoes("AAA........BBB"), lost: 8, gaps: 1, longest: 9 * time.Millisecond, moves: 1},
		{name: "a move without a gap", echoes: echoes("AAAABBBBB"), moves: 1},
		{name: "nobody at the end", echoes: echoes("AA........"), lost: 8, gaps: 1, longest: 8900 * time.Microsecond},
		{name: "nobody at all", echoes: echoes(".........."), lost: 10, gaps: 1, longest: 10 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			end := at(float64(len(tt.echoes)))
			r := evaluate(tt.echoes, time.Millisecond, 0, at(0), end)
			if r.Lost != tt.lost || len(r.Gaps) != tt.gaps || r.LongestGap() != tt.longest || len(r.Switches) != tt.moves {
				t.Errorf("got lost %d gaps %v longest %v switches %v; want lost %d gaps %d longest %v switches %d",
					r.Lost, r.Gaps, r.LongestGap(), r.Switches, tt.lost, tt.gaps, tt.longest, tt.moves)
			}
		})
	}
}

// A prober that is kept waiting sends nothing; that must not look like a gap.
func TestEvaluateStallIsNoGap(t *testing.T) {
	list := append(echoes("AAA"), Echo{Sent: at(40), Received: at(40.1), From: "A"})
	if r := evaluate(list, time.Millisecond, 37*time.Millisecond, at(0), at(41)); len(r.Gaps) != 0 {
		t.Errorf("gaps %v, want none", r.Gaps)
	}
}

// Requests that wait for a neighbour entry are answered late and all at once: a
// silence for the client, though nothing is lost in the end.
func TestEvaluateLateAnswersAreAGap(t *testing.T) {
	list := echoes("AAAAAAAAAAAAAAAAAAAA")
	for i := 5; i < 15; i++ {
		list[i].Received = at(15)
	}
	r := evaluate(list, time.Millisecond, 0, at(0), at(20))
	if r.Lost != 0 || len(r.Gaps) != 1 || r.LongestGap() != 10900*time.Microsecond {
		t.Errorf("lost %d gaps %v, want one gap of 10.9 ms", r.Lost, r.Gaps)
	}
}

func TestFetchGap(t *testing.T) {
	ok := func(ms float64) Fetch { return Fetch{Begun: at(ms), Ended: at(ms + 1)} }
	bad := func(ms float64) Fetch { return Fetch{Begun: at(ms), Ended: at(ms + 900), Err: errClosed} }
	if got := FetchGap([]Fetch{ok(0), ok(20), ok(2000)}); got != 0 {
		t.Errorf("no failure: gap %v, want 0", got)
	}
	if got, want := FetchGap([]Fetch{ok(0), bad(20), bad(40), ok(60)}), 60*time.Millisecond; got != want {
		t.Errorf("gap %v, want %v", got, want)
	}
}

func TestWriteTimeline(t *testing.T) {
	var b strings.Builder
	r := evaluate(echoes("AAAA..BBBBB"), time.Millisecond, 0, at(0), at(11))
	WriteTimeline(&b, []string{"A", "B"}, r.Sightings(), []Mark{{At: at(4), Label: "A powered off"}}, 10)
	want := `  A        |####      |
  B        |      ####|
  (nobody) |    xx    |
           +----a-----+
            0 s  0.0 s
            a  A powered off
`
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
}
