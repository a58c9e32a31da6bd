package lint

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
)

// Text is the findings as a person reads them: one line each as compilers have it, and
// behind a tab the places that belong to it and what to do.
func Text(all []Finding) string {
	var b strings.Builder
	for _, f := range all {
		fmt.Fprintf(&b, "%v: %v: %s [%s]\n", f.Pos, f.Severity, f.Message, f.Code)
		for _, r := range f.Related {
			fmt.Fprintf(&b, "\t%v: %s\n", r.Pos, r.Message)
		}
		if f.Remedy != "" {
			fmt.Fprintf(&b, "\tremedy: %s\n", f.Remedy)
		}
	}
	return b.String()
}

// place is a position in JSON; line and column are absent where only the file is known.
type place struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

func placeOf(p rcconf.Pos) place { return place{p.File, p.Line, p.Col} }

// entry is a finding in JSON.
type entry struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	place
	Host    string         `json:"host"`
	VHID    int            `json:"vhid,omitempty"`
	Message string         `json:"message"`
	Remedy  string         `json:"remedy,omitempty"`
	Related []relatedEntry `json:"related,omitempty"`
}

type relatedEntry struct {
	place
	Host    string `json:"host"`
	Message string `json:"message"`
}

// JSON is the findings as an array, empty if there are none.
func JSON(all []Finding) ([]byte, error) {
	entries := []entry{}
	for _, f := range all {
		e := entry{Code: f.Code, Severity: f.Severity.String(), place: placeOf(f.Pos), Host: f.Host,
			VHID: int(f.VHID), Message: f.Message, Remedy: f.Remedy}
		for _, r := range f.Related {
			e.Related = append(e.Related, relatedEntry{placeOf(r.Pos), r.Host, r.Message})
		}
		entries = append(entries, e)
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(entries)
	return []byte(b.String()), err
}
