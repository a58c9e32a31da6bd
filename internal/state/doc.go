// Package state is the state folder of one network namespace: what outlives a
// command and lets the next one, and every supervisor, find the others.
//
//	netns             the namespace that the folder belongs to      0644
//	lock              held for a change of several files            0600
//	sysctl.conf       the knobs, written by pkg/sysctl              0644
//	parents.json      kernel settings of parents, as they were      0600
//	carp0.json        the record: what carp0 is configured to be    0600
//	carp0.lock        held by carp0's supervisor while it lives     0600
//	carp0.demotion    carp0's entries in the demotion ledger        0644
//	carp0.sock        carp0's control socket (internal/control)     0600
//
// The invariants, which hold if a process is killed at any instant or the disk
// is full:
//
//   - A file is the old one or the new one, whole: it is written beside,
//     synced, renamed over and the folder is synced.
//   - Whether a supervisor lives is whether its lock is held, and only that.
//     The kernel drops the lock with the process, so nothing is ever stale.
//   - What a dead supervisor wrote into the ledger does not count.
//   - The original settings of a parent are on disk before one is changed, and
//     are never overwritten while anything may still differ from them.
//   - A unit has one record under one name, also while it is being renamed.
//   - A password is in no file but a record, and no Record prints one.
//
// Each file has one writer: carp0's are written by who holds carp0.lock, those
// of all under [Dir.LockFolder]. Readers take no lock and never disturb.
package state
