package sysctl

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
)

// The file has the form of sysctl.conf(5), name=value, in the table's order.
// A knob that has its default is not in it, so that a later version's better
// default reaches those who never chose.

func encode(v Values) []byte {
	var b strings.Builder
	for _, k := range table {
		if n := k.get(&v); n != k.Default {
			fmt.Fprintf(&b, "%s=%d\n", k.Name, n)
		}
	}
	return []byte(b.String())
}

// parse reads what encode writes, and what a person may have made of it:
// blanks, comments, values in any of C's bases. Of several lines for a knob
// the last counts. A line that says nothing useful leaves the default and is
// named in the error.
func parse(data []byte) (Values, error) {
	v := Defaults()
	var errs []error
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := v.assign(line); err != nil {
			text, _, _ := strings.Cut(err.Error(), "\n")
			errs = append(errs, fmt.Errorf("line %d: %s", number, text))
		}
	}
	return v, errors.Join(errs...)
}

func (v *Values) assign(line string) error {
	a := splitOperand(line)
	k, ok := lookup(a.name)
	if !ok {
		return unknown(a.name)
	}
	if !a.sets {
		return bsderr.Newf("%s: no value", a.name)
	}
	n, err := integer(a.value)
	if err != nil {
		return err
	}
	if err := k.check(a.typed, n); err != nil {
		return err
	}
	k.put(v, n)
	return nil
}

func unknown(name string) error { return bsderr.Newf("unknown oid '%s'", name) }
