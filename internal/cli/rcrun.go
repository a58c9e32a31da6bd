package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/clone"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// rcRun is one run of rc. What goes wrong with an interface is told at once and does
// not hold up the others, as on FreeBSD.
type rcRun struct {
	m       *model
	env     Env
	look    appearance
	cloner  *clone.Cloner
	options rcOptions
	plan    *rcconf.Plan
	sources []rcSource
	// wait is how long start waits for parents.
	wait time.Duration
	// present are the parents that this host has, and known its carp interfaces if they
	// have been asked for, both as of the last survey. surveyed counts how often the
	// former were others than before.
	present  []clone.Parent
	known    []control.Status
	surveyed int
	// refused is why the files as they are now cannot be used, and state what the
	// service manager has been told.
	refused, state string
}

// errTold is the result of a run in which something went wrong that has been told.
var errTold = errors.New("told already")

// openRC reads the files. Where there are none it goes on with the knobs alone, if the
// verb changes anything.
func (m *model) openRC(env Env, options rcOptions, changes bool) (*rcRun, error) {
	sources, err := readRC(options.files)
	switch {
	case err == nil:
	case changes && knobsAlone(err, options):
		PrintError(env.Stderr, bsderr.New(bsderr.From(err).Text, "there is no interface to see to, only the knobs of "+sysctl.BootFile))
	default:
		return nil, err
	}
	plan, err := planOf(sources)
	if err != nil {
		return nil, err
	}
	look, err := m.appearance(env)
	if err != nil {
		return nil, err
	}
	cloner, err := openCloner(env, options.dryRun)
	if err != nil {
		return nil, err
	}
	r := &rcRun{m: m, env: env, look: look, cloner: cloner, options: options, plan: plan, sources: sources, wait: rcWait}
	for _, said := range []*time.Duration{waitVar(env), r.plan.Wait, options.wait} { // the command line has the last word
		if said != nil {
			r.wait = *said
		}
	}
	return r, r.survey()
}

// planOf reads what the files say.
func planOf(sources []rcSource) (*rcconf.Plan, error) {
	var all []rcconf.Source
	for _, s := range sources {
		all = append(all, s.Source)
	}
	config, err := rcconf.Load(all...)
	if err != nil {
		return nil, err
	}
	return rcconf.NewPlan(config), nil
}

// rcTask is an interface that something is done with.
type rcTask struct {
	*rcconf.Interface
	// want is what it shall be, once its parent is known.
	want *rcconf.Want
	// name is what it is called here; empty while it does not exist.
	name string
	// created tells that this run has made it.
	created bool
	// told is what has been told to be different.
	told []rcconf.Difference
	// err is why it is not as the files say.
	err error
	// surveyed and tried are as of when it was last tried again.
	surveyed int
	tried    time.Time
	// elsewhere tells that it is no longer this run's to make: another goes on with it,
	// or it is in the files no more.
	elsewhere bool
}

// tasks are the interfaces that the run is about: those named, or all that are started
// by themselves. A name that is in no file is told of.
func (r *rcRun) tasks(ctx context.Context) (list []*rcTask, failed bool) {
	if len(r.options.names) == 0 {
		for n := range r.plan.Interfaces {
			if i := &r.plan.Interfaces[n]; !i.NoAuto {
				list = append(list, &rcTask{Interface: i})
			}
		}
		return list, false
	}
	for _, name := range r.options.names {
		found := false
		for n := range r.plan.Interfaces {
			i := &r.plan.Interfaces[n]
			if !r.means(ctx, i, name) {
				continue
			}
			found = true
			if !slices.ContainsFunc(list, func(t *rcTask) bool { return t.Interface == i }) {
				list = append(list, &rcTask{Interface: i})
			}
		}
		if !found {
			failed = true
			PrintError(r.env.Stderr, bsderr.New(name+" does not exist.  Skipped.",
				name+": no carp interface of that name is in "+r.files()))
		}
	}
	return list, failed
}

// means tells whether a name typed is that of an interface in the files: its own, the
// one it is created under, its physical interface's, or for a vhid on one of those the
// name of the carp interface here.
func (r *rcRun) means(ctx context.Context, i *rcconf.Interface, name string) bool {
	if i.Parent == "" {
		return name == i.Name || name == i.Clone
	}
	parent := r.parent(ctx, i)
	if rcconf.Mangle(name) == i.Parent || name == parent {
		return true
	}
	here, err := r.onParent(i, parent)
	return err == nil && here == name
}

// files are the names of the files read.
func (r *rcRun) files() string {
	var names []string
	for _, s := range r.sources {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

// onParent finds the carp interface with a vhid on a physical one; none is no error.
func (r *rcRun) onParent(i *rcconf.Interface, parent string) (string, error) {
	vhid, err := i.Number()
	if parent == "" || err != nil {
		return "", err
	}
	names, err := r.cloner.OnParent(parent, vhid)
	if err != nil || len(names) == 0 {
		return "", err
	}
	return names[0], nil
}

// noParent is the error about a physical interface of the files of which it cannot be
// told which one of this host it is.
type noParent struct{ *rcconf.Problem }

func (e *noParent) Unwrap() error { return e.Problem }

func isNoParent(err error) bool {
	_, ok := errors.AsType[*noParent](err)
	return ok
}

// find finds the interface here. An error is one of the folder.
func (r *rcRun) find(ctx context.Context, t *rcTask) (err error) {
	t.name = ""
	if t.Parent != "" {
		t.name, err = r.onParent(t.Interface, r.parent(ctx, t.Interface))
		return err
	}
	for _, name := range []string{t.Name, t.Clone} {
		if r.cloner.Exists(name) {
			t.name = name
			return nil
		}
	}
	return nil
}

// resolve finds out what the interface shall be: its lines, with the physical
// interfaces by the names they have here.
func (r *rcRun) resolve(ctx context.Context, t *rcTask) error {
	called := t.Name
	if t.Parent != "" {
		if called = r.parent(ctx, t.Interface); called == "" {
			return &noParent{&rcconf.Problem{Pos: t.Pos, Text: t.Title() + ": no interface here is " + t.Parent,
				Hints: []string{t.Parent + ": there is none of that name, with the addresses that the files give it, or with a subnet for the vhid"}}}
		}
	}
	want, problems := t.Want(called)
	if len(problems) > 0 {
		var errs []error
		for _, p := range problems {
			errs = append(errs, p)
		}
		return errors.Join(errs...)
	}
	if t.Parent != "" {
		want.Change.CarpDev = &called
	} else if dev := want.Change.CarpDev; dev != nil && *dev != "" {
		if name := ours(*dev, r.options.mapped, r.plan, r.present); name != "" {
			want.Change.CarpDev = &name
		}
	}
	if want.PassFile != "" {
		line := words.Line{Name: called, PassFile: want.PassFile}
		if err := readPass(&line, nil); err != nil {
			return placed(want, err)
		}
		want.Change.Pass = line.Change.Pass
		for _, note := range line.Notes {
			want.Notes = append(want.Notes, &rcconf.Problem{Pos: t.Pos, Text: note})
		}
	}
	if t.want == nil {
		for _, note := range want.Notes {
			r.note(note)
		}
	}
	t.want = want
	return nil
}

// placed is an error with the place in the files that it is about.
func placed(want *rcconf.Want, err error) error {
	e := bsderr.From(err)
	return &rcconf.Problem{Pos: want.Place(e), Text: e.Text, Hints: e.Hints}
}

// is asks an interface what it is, its key included.
func (r *rcRun) is(ctx context.Context, name string) (control.Status, error) {
	list, err := r.cloner.Status(ctx, true, name)
	switch {
	case err != nil:
		return control.Status{}, err
	case len(list) == 0:
		return control.Status{}, missing(name)
	case list[0].Error != "":
		return control.Status{}, bsderr.New(name + ": " + list[0].Error)
	}
	return list[0], nil
}

// make makes the interface what the files say. Nothing is done if it is so already,
// so that a MASTER stays one. Another run may be at work at the same time: what that
// has made is then changed, and what it has destroyed made again.
func (r *rcRun) make(ctx context.Context, t *rcTask) error {
	for tries, gone := 0, 0; ; tries++ {
		if tries > 0 {
			if err := r.survey(); err != nil {
				return err
			}
		}
		if err := r.resolve(ctx, t); err != nil {
			return err
		}
		err := r.find(ctx, t)
		if err != nil {
			return placed(t.want, err)
		}
		switch {
		case t.name != "":
			err = r.adjust(ctx, t)
		case t.Cloned:
			err = r.create(ctx, t)
		}
		switch {
		case tries == maxTries:
			return err
		case t.name != "" && t.Cloned && r.isGoing(ctx, t.name, err):
			continue // another run has destroyed it since
		case t.name != "" || !errors.Is(err, fs.ErrExist):
			return err
		}
		if t.Parent == "" && !r.cloner.Await(ctx, t.Clone) && !r.cloner.Await(ctx, t.Name) {
			// It has been destroyed again already, or is none of ours.
			if gone++; gone == maxGone {
				return err
			}
		}
	}
}

// maxTries bounds how often an interface that another run is making or destroying is
// looked for, and maxGone how often it may be gone when it is.
const (
	maxTries = 10
	maxGone  = 3
)

// create makes a new interface.
func (r *rcRun) create(ctx context.Context, t *rcTask) error {
	name, change := t.Clone, t.want.Change
	if t.Parent != "" {
		name = clone.Driver
	}
	if t.Name != t.Clone {
		change.Name = &t.Name
	}
	made, notes, err := r.cloner.Create(ctx, name, change)
	r.tell(notes)
	if err != nil {
		return err
	}
	t.name, t.created = made, true
	if change.Name != nil {
		t.name = *change.Name
	}
	if t.Parent != "" {
		r.tell([]string{fmt.Sprintf("%s vhid %d is %s here", *change.CarpDev, t.VHID, t.name)})
	}
	return nil
}

// adjust changes an interface that exists to what the files say.
func (r *rcRun) adjust(ctx context.Context, t *rcTask) error {
	if len(t.Lines) == 0 { // the files only have it made
		return nil
	}
	s, err := r.is(ctx, t.name)
	if err != nil {
		return err
	}
	change, found := t.want.Compare(&s)
	if !slices.Equal(found, t.told) { // once, however often it is tried
		for _, d := range found {
			r.note(&rcconf.Problem{Pos: d.Pos, Text: t.name + ": " + d.Text})
		}
		t.told = found
	}
	if t.Name != "" && t.name != t.Name {
		change.Name = &t.Name
	}
	if change.IsEmpty() {
		return nil
	}
	notes, err := r.cloner.Change(ctx, t.name, change)
	r.tell(notes)
	if err == nil && change.Name != nil {
		t.name = *change.Name
	}
	return err
}

// tell passes on what a supervisor had to say.
func (r *rcRun) tell(notes []string) {
	for _, note := range notes {
		_, _ = fmt.Fprintf(r.env.Stderr, "%s: %s\n", program, note)
	}
}
