package netlab

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// nobody is the timeline's row for requests that were not answered.
const nobody = "(nobody)"

// Sighting is one observation for a timeline: who answered a request sent at a
// time, or nobody.
type Sighting struct {
	At  time.Time
	Who string // empty if nobody answered
}

// Sightings lists the probes of a result in the order they were sent.
func (r Result) Sightings() []Sighting {
	seen := make([]Sighting, 0, len(r.Echoes))
	for _, e := range r.Echoes {
		seen = append(seen, Sighting{At: e.Sent, Who: e.From})
	}
	return seen
}

// Mark is a labelled moment under a timeline.
type Mark struct {
	At    time.Time
	Label string
}

// WriteTimeline draws what was seen, a row for each of hosts and one for nobody,
// width columns for the whole time. A column of a row is marked when at least one
// request sent in that part of the time had that outcome.
func WriteTimeline(w io.Writer, hosts []string, seen []Sighting, marks []Mark, width int) {
	if len(seen) == 0 || width < 2 {
		return
	}
	start, span := seen[0].At, seen[len(seen)-1].At.Sub(seen[0].At)
	column := func(t time.Time) int {
		if span <= 0 {
			return 0
		}
		return min(max(int(int64(width)*int64(t.Sub(start))/int64(span)), 0), width-1)
	}
	names := append(append([]string(nil), hosts...), nobody)
	rows := map[string][]byte{}
	margin := 0
	for _, name := range names {
		rows[name] = []byte(strings.Repeat(" ", width))
		margin = max(margin, len(name))
	}
	for _, s := range seen {
		who, sign := s.Who, byte('#')
		if who == "" {
			who, sign = nobody, 'x'
		}
		if row, ok := rows[who]; ok {
			row[column(s.At)] = sign
		}
	}
	for _, name := range names {
		fmt.Fprintf(w, "  %-*s |%s|\n", margin, name, rows[name])
	}
	writeScale(w, margin, width, span, marks, column)
}

// writeScale draws the time axis, with a letter for each mark, and the legend.
func writeScale(w io.Writer, margin, width int, span time.Duration, marks []Mark, column func(time.Time) int) {
	axis := []byte(strings.Repeat("-", width))
	for i, m := range marks {
		axis[column(m.At)] = byte('a' + i%26)
	}
	fmt.Fprintf(w, "  %-*s +%s+\n", margin, "", axis)
	end := fmt.Sprintf("%.1f s", span.Seconds())
	fmt.Fprintf(w, "  %-*s  0 s%*s\n", margin, "", max(width-3, len(end)+1), end)
	for i, m := range marks {
		fmt.Fprintf(w, "  %-*s  %c  %s\n", margin, "", 'a'+i%26, m.Label)
	}
}
