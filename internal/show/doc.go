// Package show turns the state of carp interfaces into text: the layouts of
// ifconfig(8), one file per BSD whose layout it is, the name list of -l, and
// JSON. It is pure: what to show and whether the key may be shown is decided by
// the caller; nothing here looks at the machine or the clock.
//
// A layout is a function of one [control.Status], so that an interface whose
// supervisor does not answer is shown among the others, from its record.
package show
