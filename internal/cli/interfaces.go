package cli

import (
	"context"
	"fmt"
	"net"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
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
	if err := exists(cloner, args); err != nil {
		return err
	}
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
		return notPermitted(&line, args)
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

// exists refuses a line about an interface that there is not, whatever the rest of it
// says: FreeBSD looks the name up first. What create makes need not be there.
func exists(cloner *clone.Cloner, args []string) error {
	if len(args) > 1 && (args[1] == "create" || args[1] == "plumb") {
		return nil
	}
	name, err := words.Parse(args[:1])
	if err != nil {
		return err
	}
	if !cloner.Exists(name.Name) && !onHost(name.Name) {
		return missing(name.Name)
	}
	return nil
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
