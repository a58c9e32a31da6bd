package show

import (
	"slices"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

const (
	// carpGroup is the interface group that a carp interface is born into, on
	// every BSD that has groups: the one of its cloner.
	carpGroup = "carp"
	// everyGroup has all interfaces (FreeBSD if.h, IFG_ALL). No layout shows it.
	everyGroup = "all"
)

// Groups are all groups that an interface is in: those that it has joined, that
// of its cloner, and all.
func Groups(s control.Status) []string { return append(allGroups(s), everyGroup) }

// allGroups are the groups that FreeBSD 11 and OpenBSD show.
func allGroups(s control.Status) []string {
	groups := []string{carpGroup}
	for _, g := range s.Groups {
		if !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	return groups
}
