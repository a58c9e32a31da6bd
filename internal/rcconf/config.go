package rcconf

import (
	"errors"
	"fmt"
)

// Source is one file.
type Source struct {
	// Name is what positions call it.
	Name string
	Data []byte
}

// Variable is a variable with its last assignment.
type Variable struct {
	Name string
	// Pos is where the name stands.
	Pos   Pos
	Value Value
}

// Config is what the files assign, all together.
type Config struct {
	// notes are about what is odd but valid, by the variable whose value it is in.
	notes []note
	vars  map[string]Variable
	names []string
}

// Limits of what is read. FreeBSD's own defaults file has 40 kB; the limits keep
// a file that is none, or a hostile one, from costing memory.
const (
	// MaxFile is the size of a file that is not read any more, in bytes.
	MaxFile = 256 << 10
	// maxValue is the length of one value, maxTotal that of all that are assigned;
	// a few lines of references to references would make gigabytes.
	maxValue, maxTotal = 64 << 10, 4 << 20
	// maxProblems is how many are reported of one file.
	maxProblems = 20
)

// Load reads files one after another; the last assignment of a variable counts,
// and a file may refer to variables of those before it. With an error, which is
// one or several [Problem]s joined, there is no Config: half a configuration would
// be worse than none.
func Load(sources ...Source) (*Config, error) {
	c := &Config{vars: map[string]Variable{}}
	var errs []error
	total := 0
	for _, s := range sources {
		r := reader{config: c, name: s.Name, src: s.Data, total: total}
		r.read()
		total = r.total
		for n, p := range r.problems {
			if n == maxProblems {
				errs = append(errs, &Problem{Pos: Pos{File: s.Name},
					Text: fmt.Sprintf("%d more problems", len(r.problems)-n)})
				break
			}
			errs = append(errs, p)
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return c, nil
}

// Lookup is the value of a variable, and whether it is set at all.
func (c *Config) Lookup(name string) (Value, bool) {
	v, ok := c.vars[name]
	return v.Value, ok
}

// Variables are all variables in the order in which they were first assigned,
// each with its last value.
func (c *Config) Variables() []Variable {
	all := make([]Variable, 0, len(c.names))
	for _, name := range c.names {
		all = append(all, c.vars[name])
	}
	return all
}

func (c *Config) set(v Variable) {
	if _, ok := c.vars[v.Name]; !ok {
		c.names = append(c.names, v.Name)
	}
	c.vars[v.Name] = v
}

// note is one about the value of a variable.
type note struct {
	about string
	*Problem
}

// Notes are about what is odd but valid, all that are or those about the variables of
// which about is true.
func (c *Config) Notes(about func(variable string) bool) (list []*Problem) {
	for _, n := range c.notes {
		if about == nil || about(n.about) {
			list = append(list, n.Problem)
		}
	}
	return list
}
