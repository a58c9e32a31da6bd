package cli

import (
	"context"
	"fmt"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
)

// status says of each interface whether it is as the files say; the result is an error
// if one is not.
func (r *rcRun) status(ctx context.Context) error {
	tasks, failed := r.tasks(ctx)
	for _, t := range tasks {
		if err := r.resolve(ctx, t); err != nil {
			PrintError(r.env.Stderr, err)
			failed = true
			continue
		}
		if err := r.find(ctx, t); err != nil {
			PrintError(r.env.Stderr, err)
			failed = true
			continue
		}
		if !r.statusOf(ctx, t) {
			failed = true
		}
	}
	if failed {
		return errTold
	}
	return nil
}

// statusOf prints the status of one and tells whether it is as the files say.
func (r *rcRun) statusOf(ctx context.Context, t *rcTask) bool {
	if t.name == "" || t.Name != "" && t.name != t.Name {
		if why := unready(&t.want.Change, r.present); t.Cloned && t.name == "" && why != "" {
			r.say("%s: does not exist: %s", t.Title(), why)
		} else if t.Cloned {
			r.say("%s: does not exist", t.Title())
		}
		return !t.Cloned
	}
	s, err := r.is(ctx, t.name)
	if err != nil {
		PrintError(r.env.Stderr, err)
		return false
	}
	var found []rcconf.Difference
	if len(t.Lines) > 0 {
		_, found = t.want.Compare(&s)
	}
	as := ", as the files say"
	if len(found) > 0 {
		as = ", not as the files say:"
	}
	r.say("%s: %s%s", t.name, describe(&s), as)
	for _, d := range found {
		r.say("\t%v: %s", d.Pos, d.Text)
	}
	return len(found) == 0
}

// describe is what an interface is, in a few words.
func describe(s *control.Status) string {
	switch {
	case s.VHID == 0:
		return "no vhid"
	case !s.Up:
		return fmt.Sprintf("down, vhid %d", s.VHID)
	case s.Lacks() != "":
		return fmt.Sprintf("%s vhid %d (%s)", s.State, s.VHID, s.Lacks())
	}
	return fmt.Sprintf("%s vhid %d", s.State, s.VHID)
}

// say prints a line of the answer.
func (r *rcRun) say(format string, args ...any) {
	_, _ = fmt.Fprintf(r.env.Stdout, format+"\n", args...)
}
