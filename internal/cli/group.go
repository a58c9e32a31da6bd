package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/show"
	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/clone"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
	"golang.org/x/sys/unix"
)

// demote is OpenBSD's word behind -g; undemote takes it back.
const demote = "carpdemote"

// demoteGroup is OpenBSD's `-g group carpdemote [n]`, which makes every interface in
// the group a worse candidate, and `-g group -carpdemote [n]`.
func (m *model) demoteGroup(ctx context.Context, env Env) error {
	delta, err := demotion(m.Words.Args)
	if err != nil {
		return err
	}
	if env.UID != 0 && !m.DryRun {
		return bsderr.Errno(*m.Group+": SIOCSIFGATTR", unix.EPERM, "only root may demote; use sudo or doas")
	}
	cloner, err := openCloner(env, m.DryRun)
	if err != nil {
		return err
	}
	if err := cloner.DemoteGroup(ctx, *m.Group, delta); err != nil {
		return err
	}
	return printPlan(env, append(cloner.Plan(), cloner.Outlook()...))
}

// demotion reads the words behind -g and its group. The texts are OpenBSD's
// (ifconfig.c, setgroupattribs; strtonum(3)).
func demotion(typed []string) (delta int, err error) {
	sign, delta := 1, 1
	switch {
	case typed[0] == undemote:
		sign = -1
	case typed[0] != demote:
		return 0, errUsage
	}
	if len(typed) > 2 {
		return 0, errUsage
	}
	if len(typed) == 2 {
		n, err := strconv.ParseInt(typed[1], 10, 64)
		why := ""
		switch {
		case errors.Is(err, strconv.ErrRange) && n == math.MinInt64, err == nil && n < 0:
			why = "too small"
		case errors.Is(err, strconv.ErrRange), err == nil && n > sysctl.MaxGroupDemotion:
			why = "too large"
		case err != nil:
			why = "invalid"
		}
		if why != "" {
			return 0, bsderr.New("invalid carp demotion: "+why,
				fmt.Sprintf("%s %s: must be 0 to %d", typed[0], words.Visible(typed[1]), sysctl.MaxGroupDemotion))
		}
		delta = int(n)
	}
	return sign * delta, nil
}

// members prints the names of the interfaces in a group, one on a line. There is
// none in a group that there is not, which is no error. In OpenBSD's layout -g shows
// the group's demotion instead.
func (m *model) members(ctx context.Context, env Env, cloner *clone.Cloner, look appearance) error {
	if look.layout == show.LayoutOpenBSD {
		n, err := cloner.GroupDemotion(*m.Group)
		_, printErr := fmt.Fprintf(env.Stdout, "%s: carp demote count %d\n", *m.Group, n)
		return errors.Join(err, printErr)
	}
	all, err := cloner.Status(ctx, m.Keys)
	var found []control.Status
	for _, s := range all {
		if slices.Contains(show.Groups(s), *m.Group) && m.chosen(s) {
			found = append(found, s)
		}
	}
	if m.JSON {
		return errors.Join(show.JSON(env.Stdout, found), err)
	}
	show.Members(env.Stdout, found)
	return err
}
