package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/clone"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
	"golang.org/x/sys/unix"
)

// start makes the interfaces, after the knobs if all are started.
func (r *rcRun) start(ctx context.Context) error {
	tasks, failed := r.tasks(ctx)
	return r.startAll(ctx, tasks, !r.knobs(ctx) || failed)
}

// knobs sets the knobs as the file for the boot says, unless interfaces are named.
func (r *rcRun) knobs(ctx context.Context) bool {
	return len(r.options.names) > 0 || sysctl.Boot(ctx, sysctlEnv(r.env, r.cloner.Knobs()), sysctl.BootFile) == 0
}

// startAll makes interfaces and prints what `service netif start` prints.
func (r *rcRun) startAll(ctx context.Context, tasks []*rcTask, failed bool) error {
	for _, n := range r.plan.Notes {
		r.note(n)
	}
	r.warnOfSecrets(r.sources)
	var news <-chan struct{}
	if r.wait > 0 {
		watching, stop := context.WithCancel(ctx)
		defer stop()
		news, _ = clone.News(watching) // without, the clock is enough
	}
	var late []*rcTask
	for _, t := range tasks {
		if t.err = r.make(ctx, t); isLate(t.err) {
			late = append(late, t)
		} else {
			r.toldOf(t)
		}
	}
	r.await(ctx, late, news)
	var made, done []string
	for _, t := range tasks {
		failed = failed || t.err != nil
		if t.created && t.Clone != "" { // by the name that it was created under
			made = append(made, t.Clone)
		} else if t.created {
			made = append(made, t.name)
		}
		if t.err == nil && t.name != "" && len(t.Lines) > 0 {
			done = append(done, t.name)
		}
	}
	r.print("Created clone interfaces: ", made)
	r.print("Starting Network: ", done)
	return r.showAll(ctx, done, failed)
}

// toldOf tells what went wrong with an interface.
func (r *rcRun) toldOf(t *rcTask) {
	switch _, isPlaced := errors.AsType[*rcconf.Problem](t.err); {
	case t.err == nil:
	case isPlaced || t.want == nil:
		PrintError(r.env.Stderr, t.err)
	default:
		PrintError(r.env.Stderr, placed(t.want, t.err))
	}
}

// lookAgain is how often rc looks for a parent that it has no news of.
const lookAgain = 2 * time.Second

// await tries again whenever there is news, until all is done or the time is up.
func (r *rcRun) await(ctx context.Context, late []*rcTask, news <-chan struct{}) {
	if len(late) == 0 {
		return
	}
	if r.wait > 0 {
		for _, t := range late {
			r.tell([]string{fmt.Sprintf("%s: waiting %d s at most: %s", t.Title(), r.wait/time.Second, r.lacks(t))})
		}
		up := time.After(r.wait)
		tick := time.NewTicker(lookAgain)
		defer tick.Stop()
	waiting:
		for len(late) > 0 {
			select {
			case _, ok := <-news:
				if !ok {
					news = nil
				}
			case <-tick.C:
			case <-up:
				break waiting
			case <-ctx.Done():
				break waiting
			}
			late = r.again(ctx, late)
		}
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
	e := bsderr.From(t.err)
	if p, ok := errors.AsType[*noParent](t.err); ok {
		return strings.TrimPrefix(p.Text, t.Title()+": ")
	}
	if len(e.Hints) > 0 {
		return strings.TrimPrefix(e.Hints[0], t.Title()+": ")
	}
	return e.Text
}

// again tries those for which there is hope and returns those that still have to wait.
func (r *rcRun) again(ctx context.Context, late []*rcTask) (still []*rcTask) {
	present, err := r.cards()
	if err != nil {
		return late
	}
	for _, t := range late {
		if t.want != nil && !ready(&t.want.Change, present) {
			still = append(still, t)
			continue
		}
		if t.err = r.make(ctx, t); isLate(t.err) {
			still = append(still, t)
		} else {
			r.toldOf(t)
		}
	}
	return still
}

// print prints a list of names as rc does, nothing if it is empty.
func (r *rcRun) print(what string, names []string) {
	if len(names) > 0 {
		_, _ = fmt.Fprintln(r.env.Stdout, what+strings.Join(names, " ")+".")
	}
}

// showAll shows the interfaces, unless -q, and makes the result of the run.
func (r *rcRun) showAll(ctx context.Context, names []string, failed bool) error {
	if len(names) > 0 && !r.options.quiet && !r.options.dryRun {
		all, err := r.cloner.Status(ctx, false, names...)
		if errors.Is(err, fs.ErrNotExist) { // destroyed by another's hand since
			err = nil
		}
		if err = errors.Join(r.m.print(ctx, r.env, r.look, all, false), err); err != nil {
			PrintError(r.env.Stderr, err)
			failed = true
		}
	}
	if failed {
		return errTold
	}
	return nil
}
