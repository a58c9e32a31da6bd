package cli

import (
	"context"
	"fmt"
	"net"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/clone"
	"golang.org/x/sys/unix"
)

// change applies a line of words, or in a dry run prints what that would do.
func change(ctx context.Context, env Env, cloner *clone.Cloner, args []string) error {
	if cloner.Rehearses() {
		return rehearse(ctx, env, cloner, args)
	}
	return apply(ctx, env, cloner, args)
}

// apply applies a line of words.
func apply(ctx context.Context, env Env, cloner *clone.Cloner, args []string) error {
	line, err := words.Parse(args)
	if err != nil {
		return err
	}
	may := env.UID == 0 || cloner.Rehearses()
	parent, err := onParent(cloner, &line, may)
	if err != nil {
		return err
	}
	if !line.Create && !cloner.Exists(line.Name) {
		if line.Destroy && onHost(line.Name) {
			return bsderr.Errno("SIOCIFDESTROY", unix.EINVAL, line.Name+": not a carp interface")
		}
		return missing(line.Name)
	}
	if !may {
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

// onHost tells whether this host has an interface of that name, ours or not.
func onHost(name string) bool {
	_, err := net.InterfaceByName(name)
	return err == nil
}

// missing is the error about an interface that is not there, or not ours.
func missing(name string) error {
	hint := fmt.Sprintf("%s: make it with: %s %s create", name, program, name)
	switch {
	case words.IsParent(name) && !onHost(name):
		hint = name + ": neither a carp interface nor another one of this host"
	case words.IsParent(name):
		hint = fmt.Sprintf("%s: not a carp interface; a line that has a vhid makes one on %s", name, name)
	}
	return &bsderr.Error{Text: fmt.Sprintf("interface %s does not exist", name), Errno: unix.ENOENT, Hints: []string{hint}}
}

// flagWord is a word for one of the flags that a line sets or clears: the kernel's
// refusal names the word (ifconfig.c, setifflags).
func flagWord(c *control.Change) string {
	return append(c.SetFlags.Words(true), c.ClearFlags.Words(false)...)[0]
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
	case len(c.Groups) > 0 && c.Groups[0].Leave:
		return bsderr.Errno("SIOCDIFGROUP", unix.EPERM, hint)
	case len(c.Groups) > 0:
		return bsderr.Errno("SIOCAIFGROUP", unix.EPERM, hint)
	case c.Name != nil:
		return bsderr.Errno("ioctl SIOCSIFNAME (set name)", unix.EPERM, hint)
	case c.MTU != nil:
		return bsderr.Errno("ioctl (set mtu)", unix.EPERM, hint)
	case c.Metric != nil:
		return bsderr.Errno("ioctl (set metric)", unix.EPERM, hint)
	case c.SetFlags|c.ClearFlags != 0:
		return denied(flagWord(c))
	case c.Up == nil: // words that change nothing
		return denied(line.Name)
	case !*c.Up:
		return denied("down")
	}
	return denied("up")
}
