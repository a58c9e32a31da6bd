package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/clone"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
	"golang.org/x/sys/unix"
)

// start makes the interfaces, after the knobs if all are started.
func (r *rcRun) start(ctx context.Context) error {
	tasks, failed := r.tasks(ctx)
	err := r.startAll(ctx, tasks, !r.knobs(ctx) || failed)
	if ctx.Err() != nil { // systemd has a unit that has not finished its start stop itself
		return r.stop(context.WithoutCancel(ctx))
	}
	return err
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
	if err := r.survey(); err != nil { // since the news are heard
		return err
	}
	var late []*rcTask
	for _, t := range tasks {
		switch t.err = r.make(ctx, t); {
		case ctx.Err() != nil:
			return ctx.Err()
		case isLate(t.err):
			late = append(late, t)
		default:
			r.toldOf(t)
		}
	}
	late = r.await(ctx, late, news)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.giveUp(ctx, late)
	var made, done []string
	for _, t := range tasks {
		if t.elsewhere {
			continue
		}
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
	return r.showAll(ctx, done, failed, r.tellIdle)
}

// tellIdle tells what an interface that has been started waits for, if it does.
func (r *rcRun) tellIdle(s *control.Status) {
	if why := s.Lacks(); why != "" {
		r.tell([]string{fmt.Sprintf("%s: %s: %s", s.Name, s.State, why)})
	}
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

// print prints a list of names as rc does, nothing if it is empty.
func (r *rcRun) print(what string, names []string) {
	if len(names) > 0 {
		_, _ = fmt.Fprintln(r.env.Stdout, what+strings.Join(names, " ")+".")
	}
}

// showAll shows the interfaces, unless -q, and makes the result of the run. Each status is
// also for tell, unless that is nil.
func (r *rcRun) showAll(ctx context.Context, names []string, failed bool, tell func(*control.Status)) error {
	if len(names) > 0 && !r.options.dryRun && (!r.options.quiet || tell != nil) {
		all, err := r.cloner.Status(ctx, false, names...)
		if r.options.quiet || errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESHUTDOWN) { // destroyed by another's hand since
			err = nil
		}
		if !r.options.quiet {
			err = errors.Join(r.m.print(ctx, r.env, r.look, all, false), err)
		}
		for n := range all {
			if tell != nil {
				tell(&all[n])
			}
		}
		if err != nil {
			PrintError(r.env.Stderr, err)
			failed = true
		}
	}
	if failed {
		return errTold
	}
	return nil
}
