package carpif

import (
	"maps"
	"slices"

	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
)

// setEntries makes this interface's part of the demotion ledger hold exactly
// these reasons. One that holds already keeps the time since when.
func (i *Interface) setEntries(want map[string]int) {
	var next []state.Entry
	for _, name := range slices.Sorted(maps.Keys(want)) {
		e := state.Entry{Name: name, Owner: i.name, Since: i.now()}
		if n := slices.IndexFunc(i.entries, func(old state.Entry) bool { return old.Name == name }); n >= 0 {
			e = i.entries[n]
		}
		e.Value = want[name]
		next = append(next, e)
	}
	if slices.Equal(i.published, next) {
		i.entries = next
		return
	}
	i.entries = next
	if err := i.opts.Store.SetEntries(i.name, next); err != nil {
		i.limited("ledger", "demotion ledger", "err", err)
		return
	}
	i.published = next
	// The news of it comes back through KnobsChanged, but a MASTER that has to
	// say it at once does not wait for that.
	i.loadDemotion()
}
