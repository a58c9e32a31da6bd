package sysctl

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
)

// OpenBSD demotes interface groups: `ifconfig -g carp carpdemote 50`. Every carp
// interface is in the group carp, so its demotion is the host's; that of another group
// is for the interfaces in it. The counters are kept beside the knobs, in lines of
// their own form.

const (
	// everyInterface is the group that has all carp interfaces.
	everyInterface = "carp"
	// groupPrefix and groupSuffix are what is round a group's name in the file.
	groupPrefix, groupSuffix = "group.", ".carpdemote"
	// groupReason is the name of a group's demotion in the ledger.
	groupReason = "carpdemote"
	// MaxGroupDemotion bounds one step (OpenBSD ifconfig, setgroupattribs), and
	// maxGroupSum the counter (OpenBSD if.c, if_setgroupattribs).
	MaxGroupDemotion = 128
	maxGroupSum      = 255
)

// GroupDemoted is the demotion of an interface group, 1 to maxGroupSum, and since when it is so.
type GroupDemoted struct {
	Demotion int
	Since    time.Time
}

// DemoteGroup adds delta, -MaxGroupDemotion to MaxGroupDemotion, to the demotion of an
// interface group. What would lead below 0 or above 255 is refused.
func DemoteGroup(ctx context.Context, d Folder, group string, delta int) error {
	if !isGroup(group) {
		return bsderr.Errno(group, unix.EINVAL, group+": not the name of a group")
	}
	return Update(ctx, d, func(v *Values) error {
		now := v.Groups[group].Demotion
		next := now + delta
		if next < 0 || next > maxGroupSum {
			return bsderr.Errno(group+": SIOCSIFGATTR", unix.EINVAL,
				fmt.Sprintf("%s: its demotion is %d, and must stay within 0 and %d", group, now, maxGroupSum))
		}
		v.setGroup(group, next, time.Now())
		return nil
	})
}

// GroupDemotion is the demotion of an interface group, 0 of one that there is not.
func GroupDemotion(d Folder, group string) (int, error) {
	v, err := Load(d)
	return v.Groups[group].Demotion, err
}

func (v *Values) setGroup(group string, demotion int, since time.Time) {
	groups := maps.Clone(v.Groups)
	delete(groups, group)
	if demotion != 0 {
		if groups == nil {
			groups = map[string]GroupDemoted{}
		}
		groups[group] = GroupDemoted{demotion, since.UTC().Truncate(time.Second)}
	}
	if v.Groups = groups; len(groups) == 0 {
		v.Groups = nil
	}
}

// groupEntries are the reasons for demotion that groups are.
func (v Values) groupEntries() (entries state.Ledger) {
	for _, group := range slices.Sorted(maps.Keys(v.Groups)) {
		g := v.Groups[group]
		e := state.Entry{Name: groupReason, Value: g.Demotion, Owner: "group " + group, Since: g.Since, Group: group}
		if group == everyInterface {
			e.Group = ""
		}
		entries = append(entries, e)
	}
	return entries
}

// encodeGroups are the groups' lines.
func encodeGroups(v Values) string {
	var b strings.Builder
	for _, group := range slices.Sorted(maps.Keys(v.Groups)) {
		g := v.Groups[group]
		fmt.Fprintf(&b, "%s%s%s=%d%s\n", groupPrefix, group, groupSuffix, g.Demotion, sinceWhen(g.Since))
	}
	return b.String()
}

// assignGroup reads such a line; it tells whether the operand is one.
func (v *Values) assignGroup(a operand, comment string) (bool, error) {
	group, ok := strings.CutPrefix(a.name, groupPrefix)
	if !ok {
		return false, nil
	}
	if group, ok = strings.CutSuffix(group, groupSuffix); !ok || !isGroup(group) {
		return false, nil
	}
	n, err := strconv.Atoi(a.value)
	if err != nil || n < 0 || n > maxGroupSum {
		return true, errors.New(a.name + ": not a number of 0 to " + strconv.Itoa(maxGroupSum))
	}
	v.setGroup(group, n, since(comment))
	return true, nil
}

// isGroup tells whether text may be an interface group's name: what ifconfig(8) lets
// one join, and nothing that would make another line of the file.
func isGroup(text string) bool {
	return text != "" && len(text) < unix.IFNAMSIZ && strings.Trim(text,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+") == ""
}
