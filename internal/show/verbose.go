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
		line("%s: %s%s", strings.ToLower(s.State), s.Reason, ago(s.Since, now, ", for "))
	}
	if s.CarpDev != "" {
		line("carpdev %s backing %s lladdr %s", s.CarpDev, s.Backing, s.LLAddr)
	}
	line("demotion %d, advertised advskew %d", s.Demotion, s.AdvertisedSkew)
	for _, d := range s.Demotions {
		line("  %+d %s (%s)%s", d.Value, d.Name, d.Owner, ago(d.Since, now, ", for "))
	}
	for _, f := range s.Families {
		line("%s %s: sent %d, failed %d, heard %d%s", f.Family, f.Health, f.Sent, f.Failed, f.Heard,
			ago(f.LastHeard, now, ", last before "))
	}
	for _, p := range s.Peers {
		line("peer %v advbase %d advskew %d%s%s", p.Address, p.AdvBase, p.AdvSkew,
			ago(p.Last, now, ", heard before "), verdicts(p.Verdicts))
	}
}

// ago is how long ago at was, behind a few words; nothing for the zero time.
func ago(at, now time.Time, words string) string {
	if at.IsZero() {
		return ""
	}
	d := max(now.Sub(at), 0)
	if d < time.Minute {
		return words + d.Round(100*time.Millisecond).String()
	}
	return words + d.Round(time.Second).String()
}

func verdicts(counts map[string]uint64) string {
	var s string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		s += fmt.Sprintf(", %s %d", name, counts[name])
	}
	return s
}
