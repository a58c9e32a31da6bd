package show

import (
	"io"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

// Names prints the names on one line, blank separated (-l). Without any it is
// an empty line, as on FreeBSD.
func Names(w io.Writer, statuses []control.Status) {
	names := make([]string, len(statuses))
	for i, s := range statuses {
		names[i] = s.Name
	}
	_, _ = io.WriteString(w, strings.Join(names, " ")+"\n")
}
