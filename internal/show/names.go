package show

import (
	"io"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

// Names prints the names on one line, blank separated (-l). Without any it is
// an empty line, as on FreeBSD.
func Names(w io.Writer, statuses []control.Status) {
	_, _ = io.WriteString(w, strings.Join(names(statuses), " ")+"\n")
}

// Members prints the names one per line (-g), and nothing without any.
func Members(w io.Writer, statuses []control.Status) {
	for _, name := range names(statuses) {
		_, _ = io.WriteString(w, name+"\n")
	}
}

func names(statuses []control.Status) []string {
	names := make([]string, len(statuses))
	for i, s := range statuses {
		names[i] = s.Name
	}
	return names
}
