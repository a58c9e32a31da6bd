package show

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

// verbose prints what -v adds below the carp line: no BSD has these lines.
func verbose(w io.Writer, s control.Status, now time.Time) {
	line := func(format string, args ...any) {
		_, _ = fmt.Fprintf(w, below+format+"\n", args...)
	}
	if s.Reason != "" {
		line("%s: %s%s", strings.ToLower(s.State), s.Reason, age(s.Since, now, ", for ", ""))
	}
	if s.CarpDev != "" {
		line("carpdev %s backing %s lladdr %s", s.CarpDev, s.Backing, s.LLAddr)
	}
	line("demotion %d, advertised advskew %d", s.Demotion, s.AdvertisedSkew)
	for _, d := range s.Demotions {
		line("  %+d %s (%s)%s", d.Value, d.Name, d.Owner, age(d.Since, now, ", for ", ""))
	}
	for _, f := range s.Families {
		line("%s %s: sent %d, failed %d, heard %d%s", f.Family, f.Health, f.Sent, f.Failed, f.Heard,
			age(f.LastHeard, now, ", last ", " ago"))
	}
	for _, p := range s.Peers {
		line("peer %v advbase %d advskew %d%s%s", p.Address, p.AdvBase, p.AdvSkew,
			age(p.Last, now, ", heard ", " ago"), verdicts(p.Verdicts))
	}
}

// age is how long ago at was, between a few words; nothing for the zero time.
func age(at, now time.Time, before, behind string) string {
	if at.IsZero() {
		return ""
	}
	d := max(now.Sub(at), 0)
	if d < time.Minute {
		return before + d.Round(100*time.Millisecond).String() + behind
	}
	return before + d.Round(time.Second).String() + behind
}

func verdicts(counts map[string]uint64) string {
	var s string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		s += fmt.Sprintf(", %s %d", name, counts[name])
	}
	return s
}
