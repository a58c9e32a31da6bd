package sysctl

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
)

// Env is the command's surroundings.
type Env struct {
	// Getenv is asked for the state folder.
	Getenv func(string) string
	// Folder stands in for the state folder of a dry run; nil: the real one.
	Folder Folder
	// Stdout takes what was asked for, Stderr the usage.
	Stdout, Stderr io.Writer
	// Program is what the usage calls the command: "ifconfig-carp sysctl".
	Program string
	// Stats yields the bytes of FreeBSD's struct carpstats, in the machine's byte
	// order; with an error, as much as could be counted. nil: there is none.
	Stats func(context.Context) ([]byte, error)
	// Enter does the command line args again in a network namespace; it returns
	// only if that fails.
	Enter func(netns string, args []string) error
	// Fail prints an error the way the program prints errors: the program's
	// name before it, hints below.
	Fail func(error)
}

// find is the folder for reading.
func (e Env) find() (Folder, error) {
	if e.Folder != nil {
		return e.Folder, nil
	}
	return state.Find(e.Getenv)
}

// open is the folder for writing, made if need be.
func (e Env) open() (Folder, error) {
	if e.Folder != nil {
		return e.Folder, nil
	}
	return state.Open(e.Getenv)
}

// Run is FreeBSD's sysctl(8) for the knobs; args are what follows `sysctl`.
// Each operand is done by itself. The exit status is the number of those that
// failed, 1 for bad usage, or 66 for a file that cannot be read.
func Run(ctx context.Context, env Env, args []string) int {
	if slices.Equal(args, []string{"--help"}) { // -h is one of sysctl's own
		_, _ = io.WriteString(env.Stdout, usageOf(env.Program))
		return 0
	}
	opt, operands, err := parseOptions(args)
	if err != nil {
		env.Fail(err)
	}
	if err != nil || opt.nameOnly && (opt.valueOnly || opt.length) || len(operands) == 0 && !opt.all && opt.file == "" {
		return misused(env)
	}
	if opt.netns != nil {
		env.Fail(env.Enter(*opt.netns, slices.Concat(opt.typed, []string{"--"}, operands)))
		return 1
	}
	c := &command{options: opt, env: env, told: map[string]bool{}}
	if opt.all && len(operands) == 0 {
		if err := c.show(ctx, table); err != nil {
			env.Fail(err)
			return 1
		}
		return 0
	}
	var todo []operand
	if opt.file != "" {
		if todo, err = readConf(opt.file); err != nil {
			env.Fail(err)
			return noInput
		}
	}
	for _, typed := range operands {
		todo = append(todo, splitOperand(typed))
	}
	return c.run(ctx, todo)
}

// misused prints the usage and is the status that goes with it.
func misused(env Env) int {
	_, _ = io.WriteString(env.Stderr, usageOf(env.Program))
	return 1
}

// errQuiet is a failure that counts and is not told of (-q).
var errQuiet = errors.New("unknown oid, and -q")

// command is one run.
type command struct {
	options
	env Env
	// told are the complaints about the state folder already made.
	told map[string]bool
}

// run does the operands and counts those that failed.
func (c *command) run(ctx context.Context, operands []operand) int {
	failures := 0
	for _, o := range operands {
		if o.sets && (c.tunable || c.writable) { // they list
			c.env.Fail(bsderr.New("Can't set variables when using -T or -W"))
			return misused(c.env)
		}
		if err := c.do(ctx, o); err != nil {
			failures++
			if !errors.Is(err, errQuiet) {
				c.env.Fail(err)
			}
		}
	}
	return min(failures, 255) // what an exit status can hold
}

// do does one operand.
func (c *command) do(ctx context.Context, o operand) error {
	write := o.sets && !c.describe // -d X=1 only looks, as in FreeBSD
	oid := o.oid()
	if k, ok := lookup(oid); ok {
		if write {
			return c.write(ctx, k, o)
		}
		return c.show(ctx, []Knob{k})
	}
	description, ok := nodes[oid]
	switch {
	case ok && write:
		return bsderr.Newf("oid '%s' isn't a leaf node%s", o.name, o.at())
	case ok:
		if c.describe {
			if text, ok := c.text(Knob{Name: oid, Kind: "node", Description: description}, nil, false); ok {
				c.print(text)
			}
		}
		return c.show(ctx, below(oid))
	case c.ignoreUnknown:
		return nil
	case c.quiet:
		return errQuiet
	}
	return unknown(o)
}

// print ends a line, unless it is no text (-b).
func (c *command) print(text string) {
	if !c.binary || c.looks() || c.nameOnly {
		text += "\n"
	}
	_, _ = io.WriteString(c.env.Stdout, text)
}

// show prints what was asked for of each knob. The values are read once, so
// that all are of one moment.
func (c *command) show(ctx context.Context, knobs []Knob) error {
	var r reading
	var incomplete error
	if !c.looks() && !c.nameOnly {
		d, err := c.env.find()
		if err != nil {
			return err
		}
		r.values, err = Load(d)
		c.warn(err)
		c.warn(r.count(d))
		structures := func(k Knob) bool { return k.Kind == Opaque }
		if c.env.Stats != nil && (c.opaque || c.hex || c.binary) && slices.ContainsFunc(knobs, structures) {
			r.stats, incomplete = c.env.Stats(ctx)
		}
	}
	for _, k := range knobs {
		if text, ok := c.text(k, &r, false); ok {
			c.print(text)
		}
	}
	return incomplete
}

// warn tells, once, of what could not be read and is shown as its default; the
// operand has not failed for that.
func (c *command) warn(err error) {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range several.Unwrap() {
			c.warn(one)
		}
		return
	}
	if err == nil || c.told[err.Error()] {
		return
	}
	c.told[err.Error()] = true
	c.env.Fail(err)
}

// write does NAME=VALUE and prints the value before and after. First comes the
// form, then the rights, then the bounds: the order of sysctl(8) and a kernel.
func (c *command) write(ctx context.Context, k Knob, o operand) error {
	if k.get == nil {
		return readOnly(k, o)
	}
	var n int64
	var err error
	if !o.resets() {
		if n, err = o.integer(); err != nil {
			return err
		}
	}
	d, err := c.env.open()
	if err != nil {
		return refused(o, err)
	}
	_, err = Load(d)
	c.warn(err)

	var before, after reading
	err = Update(ctx, d, func(v *Values) error {
		before.values = *v
		if err := k.assign(v, o, n); err != nil {
			return err
		}
		after.values = *v
		if k.Adds {
			// What is shown is the host's sum, as on reading.
			c.warn(errors.Join(before.count(d), after.count(d)))
		}
		return nil
	})
	if err != nil {
		return refused(o, err)
	}
	was, _ := c.text(k, &before, false)
	is, _ := c.text(k, &after, true)
	if !c.binary {
		was += " -> "
	}
	c.print(was + is)
	return nil
}

// assign is one write of n, which is held to the bounds, or of the default.
func (k Knob) assign(v *Values, o operand, n int64) error {
	if o.resets() {
		k.set(v, k.Default)
		return nil
	}
	typed := o.typed + o.at()
	if err := k.check(typed, n); err != nil {
		return err
	}
	if k.Adds {
		part := k.get(v)
		n += int64(part)
		if err := k.check(typed, n); err != nil {
			return bsderr.Hint(err, "%s: the administrator's part is %d, and a write adds to it", k.Name, part)
		}
	}
	k.put(v, n)
	return nil
}

// refused words a failed write as sysctl(8) does, with the operand and the
// errno's text; what failed in the state folder is the hint.
func refused(o operand, err error) error {
	if _, ok := errors.AsType[*bsderr.Error](err); ok {
		return err
	}
	if errors.Is(err, fs.ErrPermission) {
		return bsderr.Errno(o.typed+o.at(), unix.EPERM, "only root may write: "+err.Error())
	}
	if errno, ok := errors.AsType[unix.Errno](err); ok {
		return bsderr.Errno(o.typed+o.at(), errno, err.Error())
	}
	return err
}
