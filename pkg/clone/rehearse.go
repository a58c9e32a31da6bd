package clone

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/rehearsal"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// Rehearse is Open for a dry run: what the Cloner is told to change is changed on an
// imaginary host that is as this one is now, and Plan tells what was done there.
// Several lines build on one another. This host is only read.
func Rehearse(getenv func(string) string) (*Cloner, error) {
	c, err := Open(getenv)
	if err != nil {
		return nil, err
	}
	folder, err := rehearsal.Read(c.dir)
	if err != nil {
		return nil, err
	}
	w := &imagined{Folder: folder, real: live{c.dir, c}}
	rehearsing := &Cloner{getenv: getenv, dir: c.dir, world: w}
	rehearsing.Notify = func(s string) { w.host.Note(s) }
	return rehearsing, nil
}

// Rehearses tells whether this is a dry run.
func (c *Cloner) Rehearses() bool {
	_, ok := c.world.(*imagined)
	return ok
}

// Plan is what a dry run has done since the last call: the kernel's operations in
// order, as the commands for them, and comments for what is none. Nothing without a
// dry run.
func (c *Cloner) Plan() []string {
	if w, ok := c.world.(*imagined); ok && w.host != nil {
		return w.host.Plan()
	}
	return nil
}

// Outlook is what would come of itself after all that was done in a dry run, if no
// other host was heard. It ends the dry run.
func (c *Cloner) Outlook() []string {
	if w, ok := c.world.(*imagined); ok && w.host != nil {
		return w.host.Outlook()
	}
	return nil
}

// Knobs is where the knobs of a dry run are; nil without one.
func (c *Cloner) Knobs() sysctl.Folder {
	if w, ok := c.world.(*imagined); ok {
		return w
	}
	return nil
}

// Changing tells whether a dry run has come to where this host would have been
// changed.
func (c *Cloner) Changing() bool {
	w, ok := c.world.(*imagined)
	return ok && w.host != nil
}

// imagined is a host on which nothing is real but what it has begun with. Most
// commands that are refused are refused before the host is needed, so it is made
// when it is.
type imagined struct {
	*rehearsal.Folder
	real live
	host *rehearsal.Host
	// silent are the living supervisors that did not say how they are.
	silent map[string]error
}

// wake makes the host. An interface that is alive begins there as it is here.
func (w *imagined) wake(ctx context.Context) error {
	if w.host != nil {
		return nil
	}
	if err := w.Secrets(); err != nil {
		return err
	}
	kernel, err := link.Open()
	if err != nil {
		return err
	}
	defer func() { _ = kernel.Close() }()
	answers, err := w.question(ctx)
	if err != nil {
		return err
	}
	imaginary, err := kernel.Imagine(func(name string) bool { return answers[name] != "" })
	if err != nil {
		return err
	}
	host := rehearsal.NewHost(imaginary, w.Folder)
	units, err := w.Units()
	if err != nil {
		return err
	}
	for _, u := range units {
		if answers[u.Name] == "" {
			continue
		}
		record, err := w.Load(u.Name)
		if err != nil {
			return err
		}
		host.Seed(record, answers[u.Name])
	}
	w.host = host
	return nil
}

// question asks the living supervisors for their states, all at once.
func (w *imagined) question(ctx context.Context) (states map[string]string, err error) {
	units, err := w.Units()
	if err != nil {
		return nil, err
	}
	states, w.silent = map[string]string{}, map[string]error{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, u := range units {
		if !u.Alive || !u.Recorded {
			continue
		}
		wg.Go(func() {
			resp, err := w.real.converse(ctx, u.Name, control.Request{Op: control.OpStatus, Name: u.Name}, readTime)
			died := errors.Is(err, errLost) && w.real.ends(ctx, u.Name)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && resp.Status != nil:
				states[u.Name] = resp.Status.State
			case died:
				w.Died(u.Name)
			default:
				w.silent[u.Name] = err
			}
		})
	}
	wg.Wait()
	for _, err := range w.silent {
		if errors.Is(err, fs.ErrPermission) {
			return nil, err
		}
	}
	return states, nil
}

// LockFolder is the beginning of a change of the knobs.
func (w *imagined) LockFolder(ctx context.Context) (func(), error) {
	if err := w.wake(ctx); err != nil {
		return nil, err
	}
	return w.Folder.LockFolder(ctx)
}

// start does what prepare and a supervisor do.
func (w *imagined) start(ctx context.Context, name string, how launching, first control.Request) (control.Response, error) {
	if err := w.wake(ctx); err != nil {
		return control.Response{}, err
	}
	switch {
	case w.Alive(name):
		return control.Response{}, errHeld(name)
	case !w.real.Alive(name) && markedByUs(name):
		return control.Response{}, markedElsewhere(name, w.real.Dir)
	}
	record, err := firstRecord(w, name, how.create)
	if err != nil {
		return control.Response{}, err
	}
	unit := ""
	if c := w.real.Cloner; how.asUnit && c.systemd.runs(c.dir, c.getenv) {
		unit = unitName(name)
	}
	foreign, err := w.host.Kernel().Foreign(name)
	if err != nil {
		return control.Response{}, err
	}
	if foreign {
		return control.Response{}, nameTaken(name)
	}
	w.host.Begin(record, !how.create, unit)
	first.Name = name
	resp := w.host.Ask(name, first)
	return said(resp, nil)
}

// converse asks an imaginary supervisor. Of one that does not answer here it says
// what a real request would come to.
func (w *imagined) converse(ctx context.Context, name string, req control.Request, _ time.Duration) (control.Response, error) {
	if err := w.wake(ctx); err != nil {
		return control.Response{}, err
	}
	if !w.host.Running(name) {
		err := w.silent[name]
		if err == nil {
			err = errLost
		}
		return control.Response{}, unanswered(name, req, err)
	}
	return w.host.Ask(name, req), nil
}

// destroyDamaged is the Cloner's.
func (w *imagined) destroyDamaged(name string, why error) error {
	if err := w.wake(context.Background()); err != nil {
		return err
	}
	w.host.Note(bsderr.From(why).Text)
	return sweep(w.host.Kernel(), w.host, name)
}
