package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/show"
	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/clone"
	"golang.org/x/sys/unix"
)

// run is everything that is about interfaces.
func (m *model) run(ctx context.Context, env Env) error {
	listing := m.All || m.List || m.Down || m.Up
	switch {
	case m.Down && m.Up, m.List && (m.All || m.Keys), m.Cloners && (listing || m.Keys || m.JSON),
		m.Cloners && len(m.Words.Args) > 0, listing && len(m.Words.Args) > 0:
		return errUsage
	case m.Cloners:
		_, err := fmt.Fprintln(env.Stdout, clone.Driver)
		return err
	}
	cloner, err := clone.Open(env.Getenv)
	if err != nil {
		return err
	}
	cloner.Notify = func(s string) { _, _ = fmt.Fprintf(env.Stderr, "%s: %s\n", program, s) }
	switch len(m.Words.Args) {
	case 0:
		return m.list(ctx, env, cloner)
	case 1:
		return m.show(ctx, env, cloner, m.Words.Args[0])
	}
	return change(ctx, env, cloner, m.Words.Args)
}

// list shows all interfaces, or all that are up or down.
func (m *model) list(ctx context.Context, env Env, cloner *clone.Cloner) error {
	if m.List && !m.Down && !m.Up { // names alone are not secret and cost nothing
		names, err := cloner.Names()
		if err != nil {
			return err
		}
		var all []control.Status
		for _, name := range names {
			all = append(all, control.Status{Name: name})
		}
		return m.print(env, all)
	}
	all, err := cloner.Status(ctx, m.Keys)
	if err != nil {
		return err
	}
	var chosen []control.Status
	for _, s := range all {
		if !(m.Up && !s.Up || m.Down && s.Up) {
			chosen = append(chosen, s)
		}
	}
	return m.print(env, chosen)
}

// show shows one interface, or all for the bare name of the driver.
func (m *model) show(ctx context.Context, env Env, cloner *clone.Cloner, name string) error {
	if _, err := words.Parse([]string{name}); err != nil {
		return err
	}
	all, err := cloner.Status(ctx, m.Keys, name)
	if err != nil {
		return err
	}
	return m.print(env, all)
}

// print prints statuses as the options say. An interface that could not be
// asked is printed as far as it is known, and is an error.
func (m *model) print(env Env, all []control.Status) error {
	var errs []error
	for _, s := range all {
		if s.Error != "" {
			errs = append(errs, bsderr.New(s.Name+": "+s.Error,
				s.Name+": what is shown is its record; its kernel lets go of the addresses by itself"))
		}
	}
	switch {
	case m.JSON:
		errs = append(errs, show.JSON(env.Stdout, all))
	case m.List:
		show.Names(env.Stdout, all)
	default:
		for _, s := range all {
			show.FreeBSD9(env.Stdout, s, show.Options{Key: m.Keys})
		}
	}
	return errors.Join(errs...)
}

// change applies a line of words.
func change(ctx context.Context, env Env, cloner *clone.Cloner, args []string) error {
	line, err := words.Parse(args)
	if err != nil {
		return err
	}
	if !line.Create && !cloner.Exists(line.Name) {
		return &bsderr.Error{Text: fmt.Sprintf("interface %s does not exist", line.Name), Errno: unix.ENOENT,
			Hints: []string{fmt.Sprintf("%s: make it with: %s %s create", line.Name, program, line.Name)}}
	}
	if env.UID != 0 {
		return notPermitted(&line)
	}
	notes := line.Notes
	defer func() {
		for _, note := range notes {
			_, _ = fmt.Fprintf(env.Stderr, "%s: %s\n", program, note)
		}
	}()
	switch {
	case line.Destroy:
		return cloner.Destroy(ctx, line.Name)
	case line.Create:
		name, more, err := cloner.Create(ctx, line.Name, line.Change)
		notes = append(notes, more...)
		if err == nil && line.Name == clone.Driver {
			_, err = fmt.Fprintln(env.Stdout, name)
		}
		return err
	}
	more, err := cloner.Change(ctx, line.Name, line.Change)
	notes = append(notes, more...)
	return err
}

// notPermitted is FreeBSD's refusal to whoever is not root: each call has its
// own text, and the first that the line would make is refused.
func notPermitted(line *words.Line) error {
	hint := "only root may change interfaces; use sudo or doas"
	c := &line.Change
	denied := func(what string) error {
		return &bsderr.Error{Text: what + ": permission denied", Errno: unix.EPERM, Hints: []string{hint}}
	}
	switch {
	case line.Create:
		return bsderr.Errno("SIOCIFCREATE2", unix.EPERM, hint)
	case line.Destroy:
		return bsderr.Errno("SIOCIFDESTROY", unix.EPERM, hint)
	case c.VHID != nil, c.AdvBase != nil, c.AdvSkew != nil, c.Pass != nil, c.CarpDev != nil, c.State != nil:
		return bsderr.Errno("SIOCSVH", unix.EPERM, hint)
	case len(c.Addresses) > 0:
		if c.Addresses[0].Op == control.AddressDelete {
			return denied("ioctl (SIOCDIFADDR)")
		}
		return denied("ioctl (SIOCAIFADDR)")
	case c.Up != nil && !*c.Up:
		return denied("down")
	}
	return denied("up")
}
