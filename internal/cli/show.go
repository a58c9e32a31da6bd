package cli

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path"
	"slices"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/show"
	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/clone"
)

// run is everything that is about interfaces.
func (m *model) run(ctx context.Context, env Env) error {
	m.All = m.All || m.Aliases
	if m.misused() {
		return errUsage
	}
	if m.Cloners {
		_, err := fmt.Fprintln(env.Stdout, clone.Driver)
		return err
	}
	if m.Group != nil && !m.All && len(m.Words.Args) > 0 {
		return m.demoteGroup(ctx, env)
	}
	look, err := m.appearance(env)
	if err != nil {
		return err
	}
	args := m.Words.Args
	// `carp0 -v` is what fingers type, though options go first.
	if len(args) == 2 && args[1] == "-v" {
		look.opts.Verbose, args = true, args[:1]
	}
	family := ""
	switch {
	case len(args) == 2:
		family = args[1]
	case len(args) == 1 && m.lists():
		family = args[0]
	}
	known := false
	look.opts.Family, known = show.ParseFamily(family)
	if m.lists() && len(args) == 1 && !known {
		_, _ = fmt.Fprintf(env.Stderr, "%s: Address family '%s' unknown.\n", program, family)
		return errUsage
	}
	cloner, err := openCloner(env, false)
	if err != nil {
		return err
	}
	switch {
	case m.Group != nil && !m.All:
		return m.members(ctx, env, cloner, look)
	case m.lists():
		return m.list(ctx, env, cloner, look)
	case len(args) == 1 || known && len(args) == 2:
		return m.show(ctx, env, cloner, look, args[0])
	}
	if wanted, err := m.wanted(ctx, cloner, args[0]); !wanted || err != nil {
		return err
	}
	if m.DryRun {
		if cloner, err = openCloner(env, true); err != nil {
			return err
		}
	}
	if err := change(ctx, env, cloner, args); err != nil {
		return err
	}
	return printPlan(env, cloner.Outlook())
}

// lists tells whether the line is about all interfaces: -a and -l can be followed
// by an address family, and no operand at all is -a.
func (m *model) lists() bool { return m.All || m.List || len(m.Words.Args) == 0 }

// misused tells whether the options do not go together. -l with -a or -m, -d with
// -u and -G without -a are FreeBSD's.
func (m *model) misused() bool {
	n := len(m.Words.Args)
	switch {
	case m.Down && m.Up, m.List && (m.All || m.Media), m.Exclude != nil && !m.All:
		return true
	case m.Cloners:
		return n > 0 || m.All || m.List || m.Down || m.Up || m.Keys || m.JSON || m.Group != nil
	}
	return m.lists() && n > 1
}

// chosen tells whether -d, -u, -g and -G leave an interface.
func (m *model) chosen(s control.Status) bool {
	return !(m.Up && !s.Up || m.Down && s.Up) &&
		(m.Group == nil || inGroup(s, *m.Group)) && (m.Exclude == nil || !inGroup(s, *m.Exclude))
}

// inGroup tells whether an interface is in a group that matches a shell pattern.
func inGroup(s control.Status, pattern string) bool {
	return slices.ContainsFunc(show.Groups(s), func(group string) bool {
		ok, err := path.Match(pattern, group)
		return ok && err == nil
	})
}

// wanted tells whether a line of words about an interface is to be done: with -d
// or -u only if that is down or up.
func (m *model) wanted(ctx context.Context, cloner *clone.Cloner, name string) (bool, error) {
	if !m.Down && !m.Up || !cloner.Exists(name) {
		return true, nil
	}
	all, err := cloner.Status(ctx, false, name)
	return err == nil && slices.ContainsFunc(all, m.chosen), err
}

// list shows all interfaces, or those that the options choose.
func (m *model) list(ctx context.Context, env Env, cloner *clone.Cloner, look appearance) error {
	if m.List && !m.Down && !m.Up && !m.JSON && (look.opts.Family == "" || look.opts.Family == show.Link) {
		// Names alone are not secret and cost nothing.
		names, err := cloner.Names()
		if err != nil {
			return err
		}
		var all []control.Status
		for _, name := range names {
			all = append(all, control.Status{Name: name})
		}
		return m.print(ctx, env, look, all, true)
	}
	all, err := cloner.Status(ctx, m.Keys)
	var chosen []control.Status
	for _, s := range all {
		if m.chosen(s) && (!m.List || look.has(s)) {
			chosen = append(chosen, s)
		}
	}
	return errors.Join(m.print(ctx, env, look, chosen, true), err)
}

// has tells whether -l lists an interface for its family.
func (look appearance) has(s control.Status) bool {
	switch look.opts.Family {
	case show.Inet, show.Inet6:
		return slices.ContainsFunc(s.Addresses, func(p netip.Prefix) bool {
			return p.Addr().Is4() == (look.opts.Family == show.Inet)
		})
	case show.Ether:
		return look.layout.HasEther() && s.LLAddr != ""
	}
	return true
}

// show shows what a name stands for: a carp interface, those on a parent, those
// in a group, or all for the bare name of the driver.
func (m *model) show(ctx context.Context, env Env, cloner *clone.Cloner, look appearance, name string) error {
	if name == clone.Driver {
		return m.list(ctx, env, cloner, look)
	}
	if _, err := words.Parse([]string{name}); err != nil {
		return err
	}
	names, byParent := []string{name}, false
	if env.UID == 0 && words.IsParent(name) && !cloner.Exists(name) {
		on, err := cloner.OnParent(name, 0)
		if err != nil {
			return err
		}
		byParent = len(on) > 0
		if !byParent {
			if on, err = cloner.InGroup(name); err != nil {
				return err
			}
		}
		if len(on) > 0 {
			names = on
		}
	}
	all, err := cloner.Status(ctx, m.Keys, names...)
	if len(all) == 0 && err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(s control.Status) bool { return !m.chosen(s) })
	return errors.Join(m.print(ctx, env, look, all, byParent), err)
}

// print prints statuses as the options say. An interface that could not be
// asked is printed as far as it is known, and is an error. With byParent, a layout
// that has the vhids on their parents prints those.
func (m *model) print(ctx context.Context, env Env, look appearance, all []control.Status, byParent bool) error {
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
		errs = append(errs, look.print(ctx, env, all, byParent))
	}
	return errors.Join(errs...)
}

// print prints statuses in the layout.
func (look appearance) print(ctx context.Context, env Env, all []control.Status, byParent bool) error {
	devices, err := look.devices(all)
	if err != nil {
		return err
	}
	if look.opts.Formats.WantNames() {
		look.opts.Names = lookUp(ctx, addresses(all, devices))
	}
	shown := map[string]bool{}
	if byParent && look.layout.ByParent() {
		for _, parent := range devices {
			var on []control.Status
			for _, s := range all {
				if s.CarpDev == parent.Name {
					on = append(on, s)
					shown[s.Name] = true
				}
			}
			if len(on) > 0 {
				look.layout.Parent(env.Stdout, parent, on, look.opts)
			}
		}
	}
	for _, s := range all {
		if !shown[s.Name] {
			look.layout.Interface(env.Stdout, s, named(devices, s.Name), named(devices, s.CarpDev), look.opts)
		}
	}
	return nil
}

// devices are the kernel's interfaces of those statuses and their parents, if the
// layout shows anything of them.
func (look appearance) devices(all []control.Status) ([]show.Device, error) {
	if !look.layout.NeedsDevices(all) {
		return nil, nil
	}
	var names []string
	for _, s := range all {
		for _, name := range []string{s.Name, s.CarpDev} {
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	found, err := clone.Devices(names...)
	var devices []show.Device
	for _, d := range found {
		devices = append(devices, show.Device(d))
	}
	return devices, err
}

// named is the device of that name, the zero one if there is none.
func named(devices []show.Device, name string) show.Device {
	for _, d := range devices {
		if d.Name == name {
			return d
		}
	}
	return show.Device{}
}

// addresses are all that may be shown by name.
func addresses(all []control.Status, devices []show.Device) (addrs []netip.Addr) {
	for _, s := range all {
		for _, p := range s.Addresses {
			addrs = append(addrs, p.Addr())
		}
	}
	for _, d := range devices {
		for _, p := range d.Addresses {
			addrs = append(addrs, p.Addr())
		}
	}
	return addrs
}
