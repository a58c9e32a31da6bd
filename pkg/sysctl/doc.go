// Package sysctl is CARP's knobs, net.inet.carp.*: the table that says what
// each is, their values in the state folder, and the sysctl(8) that shows and
// sets them.
//
// On FreeBSD the values are the kernel's and each vnet has its own. Here they
// are a file in the state folder, one per network namespace: whoever changes
// it replaces it whole under the folder's lock, and the supervisors, who watch
// the folder, read it again.
//
// Who starts a host calls [Boot] with [BootFile]: unlike `sysctl -f`, which adds to
// the demotion each time, it can be done again.
//
// The invariants:
//
//   - [Load] always gives usable values, each within its knob's bounds,
//     whatever the file holds.
//   - Two who write at once both have their way ([Update]).
//   - A knob is described in one place, the table in knob.go.
package sysctl
