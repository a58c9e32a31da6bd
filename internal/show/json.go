package show

import (
	"encoding/json"
	"io"
	"net/netip"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

// JSON prints an array of objects, one per interface, in the order given and
// with the keys in the order of [control.Status]. No interface is an empty
// array, and no address is one too, so that a reader never meets null there.
// A key that is in a Status is printed: leave it out unless it was asked for.
func JSON(w io.Writer, statuses []control.Status) error {
	list := make([]control.Status, len(statuses))
	copy(list, statuses)
	for i := range list {
		if list[i].Addresses == nil {
			list[i].Addresses = []netip.Prefix{}
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	// <, > and & stand in no web page here, but they may stand in a key.
	enc.SetEscapeHTML(false)
	return enc.Encode(list)
}
