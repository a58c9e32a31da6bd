package sysctl

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
)

// BootFile is what a boot reads.
const BootFile = "/etc/ifconfig-carp/sysctl.conf"

// Boot makes the knobs what a file in the form of sysctl.conf(5) says, and returns
// the number of its lines that could not be done; those are told of and the others
// count. No file is no failure. It prints nothing but errors.
//
// It differs from `sysctl -f` in that it can be done again: the administrator's
// part of the demotion becomes what the file's lines add up to, whatever it was. A
// knob that the file does not name stays as it is. All is done at one stroke, so
// that no supervisor acts on one half.
func Boot(ctx context.Context, env Env, path string) (failures int) {
	if waits(path) {
		env.Fail(bsderr.New(path + ": a FIFO, which is not read at boot"))
		return 1
	}
	operands, err := readConf(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return 0
		}
		env.Fail(err)
		return 1
	}
	var errs []error // told of when the folder is unlocked again
	fail := func(o operand, err error) {
		errs = append(errs, bsderr.Hint(err, "%s:%d: %s", path, o.line, printable(o.typed)))
	}
	d, err := env.open()
	if err != nil {
		env.Fail(err)
		return 1
	}
	err = Update(ctx, d, func(v *Values) error {
		added := false // to the demotion
		for _, o := range operands {
			k, n, err := o.boots()
			if err != nil {
				fail(o, err)
				continue
			}
			next := *v
			if k.Adds && !added {
				next.Demotion = 0
			}
			if err := k.assign(&next, o, n); err != nil {
				fail(o, err)
				continue
			}
			added = added || k.Adds
			*v = next
		}
		return nil
	})
	if err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", path, err))
	}
	for _, err := range errs {
		env.Fail(err)
	}
	return len(errs)
}

// boots is the knob that a line is about and the number for it.
func (o operand) boots() (Knob, int64, error) {
	k, ok := lookup(o.oid())
	_, node := nodes[o.oid()]
	switch {
	case node && o.sets:
		return k, 0, bsderr.Newf("oid '%s' isn't a leaf node%s", o.name, o.at())
	case !ok && !node:
		return k, 0, unknown(o)
	case !o.sets:
		return k, 0, bsderr.Newf("%s: no value%s", o.name, o.at())
	case k.get == nil:
		return k, 0, readOnly(k, o)
	case o.resets():
		return k, 0, nil
	}
	n, err := o.integer()
	return k, n, err
}
