package sysctl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"

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
// failed, or 1 for bad usage.
func Run(ctx context.Context, env Env, args []string) int {
	opt, operands, err := parseOptions(args)
	if err != nil {
		env.Fail(err)
	}
	if err != nil || opt.nameOnly && opt.valueOnly || len(operands) == 0 && !opt.all {
		_, _ = io.WriteString(env.Stderr, usage)
		return 1
	}
	c := &command{options: opt, env: env, told: map[string]bool{}}
	if len(operands) == 0 {
		if err := c.show(table); err != nil {
			env.Fail(err)
			return 1
		}
		return 0
	}
	failures := 0
	for _, typed := range operands {
		if err := c.do(ctx, splitOperand(typed)); err != nil {
			failures++
			if !errors.Is(err, errQuiet) {
				env.Fail(err)
			}
		}
	}
	return min(failures, 255) // what an exit status can hold
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

// do does one operand.
func (c *command) do(ctx context.Context, o operand) error {
	write := o.sets && !c.looks() // -d X=1 only looks, as in FreeBSD
	if k, ok := lookup(o.name); ok {
		if write {
			return c.write(ctx, k, o)
		}
		return c.show([]Knob{k})
	}
	description, ok := nodes[o.name]
	switch {
	case ok && write:
		return bsderr.Newf("oid '%s' isn't a leaf node", o.name)
	case ok:
		if c.describe {
			c.print(o.name, c.about("node", description))
		}
		return c.show(below(o.name))
	case c.ignoreUnknown:
		return nil
	case c.quiet:
		return errQuiet
	}
	return unknown(o.name)
}

func (c *command) print(name, text string) {
	_, _ = fmt.Fprintln(c.env.Stdout, c.line(name, text))
}

// show prints what was asked for of each knob. The values are read once, so
// that all are of one moment.
func (c *command) show(knobs []Knob) error {
	var v Values
	var sum int
	if !c.looks() && !c.nameOnly {
		d, err := c.env.find()
		if err != nil {
			return err
		}
		v, err = Load(d)
		c.warn(err)
		ledger, err := v.ledger(d)
		c.warn(err)
		sum = ledger.Sum()
	}
	for _, k := range knobs {
		switch {
		case c.looks():
			c.print(k.Name, c.about(Kind, k.Description))
		case k.Adds:
			c.print(k.Name, strconv.Itoa(sum))
		default:
			c.print(k.Name, strconv.Itoa(k.get(&v)))
		}
	}
	return nil
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
	n, err := integer(o.value)
	if err != nil {
		return err
	}
	d, err := c.env.open()
	if err != nil {
		return refused(o, err)
	}
	_, err = Load(d)
	c.warn(err)

	var before, after int
	err = Update(ctx, d, func(v *Values) error {
		if err := k.check(o.typed, n); err != nil {
			return err
		}
		before = k.get(v)
		if k.Adds {
			n += int64(before)
			if err := k.check(o.typed, n); err != nil {
				return bsderr.Hint(err, "%s: the administrator's part is %d, and a write adds to it", k.Name, before)
			}
		}
		k.put(v, n)
		after = k.get(v)
		if k.Adds {
			// What is shown is the host's sum, as on reading.
			others, err := d.Demotion()
			c.warn(err)
			before, after = before+others.Sum(), after+others.Sum()
		}
		return nil
	})
	if err != nil {
		return refused(o, err)
	}
	c.print(k.Name, fmt.Sprintf("%d -> %d", before, after))
	return nil
}

// refused words a failed write as sysctl(8) does, with the operand and the
// errno's text; what failed in the state folder is the hint.
func refused(o operand, err error) error {
	if _, ok := errors.AsType[*bsderr.Error](err); ok {
		return err
	}
	if errors.Is(err, fs.ErrPermission) {
		return bsderr.Errno(o.typed, unix.EPERM, "only root may write: "+err.Error())
	}
	if errno, ok := errors.AsType[unix.Errno](err); ok {
		return bsderr.Errno(o.typed, errno, err.Error())
	}
	return err
}
