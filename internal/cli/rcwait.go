package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/clone"
	"golang.org/x/sys/unix"
)

// How often rc looks for a parent that it has no news of, and whether the files have
// changed meanwhile: while somebody waits for rc, and when it waits without end.
const (
	lookAgain  = 2 * time.Second
	lookRarely = 10 * time.Second
	// tryAnyway is after how long an attempt is made of which nothing speaks for success.
	tryAnyway = 5 * time.Minute
)

// isLate tells whether an error may be one of the time only: the parent or its address
// is not there yet.
func isLate(err error) bool {
	return isNoParent(err) || errors.Is(err, unix.EADDRNOTAVAIL) || errors.Is(err, unix.ENXIO)
}

// await tries again whenever there is news, until all is done or the time is up. It
// returns those that are late still.
func (r *rcRun) await(ctx context.Context, late []*rcTask, news <-chan struct{}) []*rcTask {
	if len(late) == 0 || r.wait == 0 {
		return late
	}
	limit, every := "", lookRarely
	if r.wait != rcconf.Forever {
		limit, every = fmt.Sprintf(" %d s at most", r.wait/time.Second), lookAgain
	}
	for _, t := range late {
		r.tell([]string{t.Title() + ": waiting" + limit + ": " + r.lacks(t)})
	}
	up := time.After(r.wait)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for len(late) > 0 {
		r.tellManager("waiting for", late)
		select {
		case _, ok := <-news:
			if !ok {
				news = nil
			}
		case <-tick.C:
		case <-up:
			return late
		case <-ctx.Done():
			return late
		}
		late = r.again(ctx, late)
	}
	return nil
}

// tellManager has the service manager show what has become of the late ones.
func (r *rcRun) tellManager(what string, late []*rcTask) {
	const most = 5 // in a line that is to be read
	var all []string
	for _, t := range late[:min(most, len(late))] {
		all = append(all, t.Title()+" ("+r.lacks(t)+")")
	}
	line := what + " " + strings.Join(all, ", ")
	if more := len(late) - most; more > 0 {
		line += fmt.Sprintf(" and %d more", more)
	}
	if line != r.state {
		clone.TellManager(r.env.Getenv, line)
		r.state = line
	}
}

// again tries those for which there is hope and returns those that still have to wait.
// The files are read again before, for whoever has changed them means what they say now:
// another run that has done so must not find its work undone. And once more behind, in
// case they were changed while they were gone by.
func (r *rcRun) again(ctx context.Context, late []*rcTask) []*rcTask {
	for {
		if r.survey() != nil || !r.reread(late) {
			return late
		}
		late = slices.DeleteFunc(late, func(t *rcTask) bool { return t.elsewhere })
		var still, tried []*rcTask
		for _, t := range late {
			if !r.hopeful(t) {
				still = append(still, t)
				continue
			}
			t.surveyed, t.tried = r.surveyed, time.Now()
			switch t.err = r.make(ctx, t); {
			case ctx.Err() != nil:
				return late
			case isLate(t.err):
				still = append(still, t)
			default:
				tried = append(tried, t)
			}
		}
		if len(tried) == 0 || !r.changed() {
			r.toldOfAll(tried)
			return still
		}
		late = append(still, tried...)
	}
}

// hopeful tells whether it is worth while to try one again. While nobody waits it is not
// if nothing is new: each attempt starts a supervisor.
func (r *rcRun) hopeful(t *rcTask) bool {
	switch {
	case t.want == nil, t.err == nil: // by other files, or by files that have changed since
		return true
	case !ready(&t.want.Change, r.present):
		return false
	}
	return r.wait != rcconf.Forever || t.surveyed != r.surveyed || time.Since(t.tried) > tryAnyway
}

// toldOfAll tells what has become of some that were waited for.
func (r *rcRun) toldOfAll(tried []*rcTask) {
	for _, t := range tried {
		if t.err == nil && r.wait == rcconf.Forever {
			r.tell([]string{t.name + ": started"})
		}
		r.toldOf(t)
	}
}

// reread has the late ones go by the files as they are now. One that is in them no more
// is nobody's to wait for. It tells whether the files can be used; why they cannot is told
// once.
func (r *rcRun) reread(late []*rcTask) bool {
	if r.readOnce() {
		return true
	}
	sources, err := readRC(r.options.files)
	if err == nil && sameFiles(sources, r.sources) {
		r.refused = ""
		return true
	}
	var plan *rcconf.Plan
	if err == nil {
		plan, err = planOf(sources)
	}
	if err != nil {
		if text := err.Error(); text != r.refused {
			r.refused = text
			PrintError(r.env.Stderr, err)
		}
		return false
	}
	r.sources, r.plan, r.refused = sources, plan, ""
	for _, t := range late {
		n := slices.IndexFunc(plan.Interfaces, func(i rcconf.Interface) bool { return i.Title() == t.Title() })
		if n < 0 || plan.Interfaces[n].NoAuto && len(r.options.names) == 0 {
			r.tell([]string{t.Title() + ": not waited for any longer: it is not in " + r.files()})
			t.elsewhere = true
			continue
		}
		t.Interface, t.want, t.told = &plan.Interfaces[n], nil, nil
	}
	return true
}

// readOnce tells that the files cannot be read again: one is a pipe.
func (r *rcRun) readOnce() bool {
	return slices.ContainsFunc(r.sources, func(s rcSource) bool { return !s.regular })
}

// changed tells whether the files are others than those that were gone by.
func (r *rcRun) changed() bool {
	if r.readOnce() {
		return false
	}
	now, err := readRC(r.options.files)
	return err == nil && !sameFiles(now, r.sources)
}

// sameFiles tells whether two readings of the files found the same.
func sameFiles(a, b []rcSource) bool {
	return slices.EqualFunc(a, b, func(a, b rcSource) bool { return a.Name == b.Name && bytes.Equal(a.Data, b.Data) })
}

// giveUp leaves those that have come too late to the unit that goes on with them; where
// there is none, it tells what they lack.
func (r *rcRun) giveUp(ctx context.Context, late []*rcTask) {
	if len(late) == 0 {
		if r.options.leave { // what is said there may be old
			clone.TellManager(r.env.Getenv, "")
		}
		return
	}
	if r.options.leave && !r.options.dryRun {
		err := r.cloner.Leave(ctx)
		if err == nil {
			r.tellManager("left to "+clone.LateUnit+":", late)
			for _, t := range late {
				r.tell([]string{t.Title() + ": left to " + clone.LateUnit + ": " + r.lacks(t)})
				t.elsewhere = true
			}
			return
		}
		PrintError(r.env.Stderr, bsderr.New(clone.LateUnit+": "+bsderr.From(err).Text))
	}
	for _, t := range late {
		err := placedAt(t)
		if dev := t.parent(); dev != "" {
			err = bsderr.Hint(err, "if %s has another name here: --map %s=NAME, or carp_map in the file", dev, dev)
		}
		PrintError(r.env.Stderr, bsderr.Hint(err, "when it is there: %s rc start %s", program, t.asked()))
	}
}

// parent is the physical interface that the files name for it and that is not here, if
// that is what it lacks.
func (t *rcTask) parent() string {
	switch {
	case isNoParent(t.err):
		return t.Parent
	case errors.Is(t.err, unix.ENXIO) && t.want.Change.CarpDev != nil:
		return *t.want.Change.CarpDev
	}
	return ""
}

// asked is a name that rc takes for the interface.
func (t *rcTask) asked() string {
	if t.Name != "" {
		return t.Name
	}
	return t.Parent
}

// placedAt is a task's error with its place.
func placedAt(t *rcTask) error {
	if _, ok := errors.AsType[*rcconf.Problem](t.err); ok || t.want == nil {
		return t.err
	}
	return placed(t.want, t.err)
}

// lacks says in one line what an interface waits for.
func (r *rcRun) lacks(t *rcTask) string {
	if t.err == nil { // it was made of files that have changed since
		return "the files cannot be used"
	}
	e := bsderr.From(t.err)
	if p, ok := errors.AsType[*noParent](t.err); ok {
		return strings.TrimPrefix(p.Text, t.Title()+": ")
	}
	if len(e.Hints) > 0 {
		return strings.TrimPrefix(e.Hints[0], t.Title()+": ")
	}
	return e.Text
}
