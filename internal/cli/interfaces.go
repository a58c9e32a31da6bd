package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

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
	// `carp0 -v` is what fingers type, though options go first.
	if n := len(m.Words.Args); n == 2 && m.Words.Args[1] == "-v" {
		m.Verbose, m.Words.Args = true, m.Words.Args[:1]
	}
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
	if m.List && !m.Down && !m.Up && !m.JSON { // names alone are not secret and cost nothing
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
	var chosen []control.Status
	for _, s := range all {
		if !(m.Up && !s.Up || m.Down && s.Up) {
			chosen = append(chosen, s)
		}
	}
	return errors.Join(m.print(env, chosen), err)
}

// show shows one interface, or all for the bare name of the driver.
func (m *model) show(ctx context.Context, env Env, cloner *clone.Cloner, name string) error {
	if name == clone.Driver {
		return m.list(ctx, env, cloner)
	}
	if _, err := words.Parse([]string{name}); err != nil {
		return err
	}
	names := []string{name}
	if env.UID == 0 && words.IsParent(name) && !cloner.Exists(name) {
		on, err := cloner.OnParent(name, 0)
		if err != nil {
			return err
		}
		if len(on) > 0 {
			names = on
		}
	}
	all, err := cloner.Status(ctx, m.Keys, names...)
	if len(all) == 0 && err != nil {
		return err
	}
	return errors.Join(m.print(env, all), err)
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
			show.FreeBSD9(env.Stdout, s, show.Options{Key: m.Keys, Verbose: m.Verbose, Now: time.Now()})
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
	parent := ""
	if env.UID == 0 && line.Change.VHID != nil && !line.Create && !cloner.Exists(line.Name) && words.IsParent(line.Name) {
		parent = line.Name
		if err := onParent(cloner, &line); err != nil {
			return err
		}
	}
	if !line.Create && !cloner.Exists(line.Name) {
		if _, err := net.InterfaceByName(line.Name); err == nil && line.Destroy {
			return bsderr.Errno("SIOCIFDESTROY", unix.EINVAL, line.Name+": not a carp interface")
		}
		return missing(line.Name)
	}
	if env.UID != 0 {
		return notPermitted(&line)
	}
	if line.PassFile != "" {
		if err := readPass(&line, env.Stdin); err != nil {
			return err
		}
	}
	notes := line.Notes
	defer func() {
		for _, note := range notes {
			_, _ = fmt.Fprintf(env.Stderr, "%s: %s\n", program, note)
		}
	}()
	var more []string
	name := line.Name
	switch {
	case line.Destroy:
		return cloner.Destroy(ctx, name)
	case line.Create:
		name, more, err = cloner.Create(ctx, name, line.Change)
		if err == nil && line.Name == clone.Driver && parent == "" && line.Change.Name == nil {
			_, err = fmt.Fprintln(env.Stdout, name)
		}
	default:
		more, err = cloner.Change(ctx, name, line.Change)
	}
	if err == nil && line.Change.Name != nil {
		_, err = fmt.Fprintln(env.Stdout, *line.Change.Name)
	}
	notes = append(notes, more...)
	if err == nil && parent != "" {
		notes = append(notes, fmt.Sprintf("%s vhid %d is %s here", parent, *line.Change.VHID, name))
	}
	return err
}

// missing is the error about an interface that is not there, or not ours.
func missing(name string) error {
	hint := fmt.Sprintf("%s: make it with: %s %s create", name, program, name)
	if words.IsParent(name) {
		hint = fmt.Sprintf("%s: not a carp interface; a line that has a vhid makes one on %s", name, name)
	}
	return &bsderr.Error{Text: fmt.Sprintf("interface %s does not exist", name), Errno: unix.ENOENT, Hints: []string{hint}}
}

// onParent turns a line of FreeBSD 10 and later, which has the vhid on the
// physical interface, into one for the carp interface with that vhid on that
// parent: an existing one, or the next to be created.
func onParent(cloner *clone.Cloner, line *words.Line) error {
	parent := line.Name
	if line.Change.Name != nil { // it would be the parent's
		return bsderr.Errno("ioctl SIOCSIFNAME (set name)", unix.EOPNOTSUPP,
			fmt.Sprintf("%s: name %s: only carp interfaces are renamed here", parent, *line.Change.Name))
	}
	names, err := cloner.OnParent(parent, *line.Change.VHID)
	switch {
	case err != nil:
		return err
	case len(names) > 0:
		line.Name = names[0]
	default:
		line.Name, line.Create, line.Change.CarpDev = clone.Driver, true, &parent
	}
	return nil
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
	case c.VHID != nil, c.AdvBase != nil, c.AdvSkew != nil, c.Pass != nil, line.PassFile != "", c.Peer != nil, c.Peer6 != nil, c.CarpDev != nil, c.State != nil:
		return bsderr.Errno("SIOCSVH", unix.EPERM, hint)
	case len(c.Addresses) > 0:
		if c.Addresses[0].Op == control.AddressDelete {
			return denied("ioctl (SIOCDIFADDR)")
		}
		return denied("ioctl (SIOCAIFADDR)")
	case c.Description != nil:
		return bsderr.Errno("ioctl (set descr)", unix.EPERM, hint)
	case len(c.Groups) > 0:
		return bsderr.Errno("SIOCAIFGROUP", unix.EPERM, hint)
	case c.Name != nil:
		return bsderr.Errno("ioctl SIOCSIFNAME (set name)", unix.EPERM, hint)
	case c.Up != nil && !*c.Up:
		return denied("down")
	}
	return denied("up")
}
