package migrate

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
)

// Result is what became of the files.
type Result struct {
	// Text is the lines for rc.conf, empty if there are none.
	Text string
	// Notes are what was odd or left out, each with its place.
	Notes []*rcconf.Problem
	// Lost tells that something was left out.
	Lost bool
	// Secret are the interfaces whose password is in Text.
	Secret []string
}

// Convert converts files, each of one interface or, if it is NetBSD's rc.conf, of
// several. What it can it converts, and tells of the rest.
func Convert(sources ...rcconf.Source) Result {
	var r Result
	var blocks []string
	var names []string
	taken := map[string]bool{}
	for _, s := range sources {
		all, refused := read(s)
		if refused != nil {
			r.Notes, r.Lost = append(r.Notes, refused), true
			continue
		}
		for _, d := range all {
			if taken[d.name] {
				r.Lost = true
				r.Notes = append(r.Notes, &rcconf.Problem{Pos: rcconf.Pos{File: d.from}, Text: "left out: " + d.name + " is in another of the files"})
				continue
			}
			taken[d.name] = true
			c := converter{description: d, iface: rcconf.Interface{Name: d.name, Clone: d.name, Cloned: true, Pos: rcconf.Pos{File: d.from}}}
			want := c.convert()
			names = append(names, d.name)
			blocks = append(blocks, "# "+printable(d.from)+"\n"+c.write(want))
			if want.Change.Pass != nil && *want.Change.Pass != "" {
				r.Secret = append(r.Secret, d.name)
			}
			r.Notes, r.Lost = append(r.Notes, c.notes...), r.Lost || c.lost
		}
	}
	if len(names) > 0 {
		r.Text = assignment("cloned_interfaces", strings.Join(names, " ")) + strings.Join(blocks, "")
	}
	return r
}

// printable is a file's name as a comment may have it.
func printable(name string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return '?'
		}
		return c
	}, name)
}

// convert makes of the lines what they make of the interface.
func (c *converter) convert() *rcconf.Want {
	for _, l := range c.lines {
		c.line(l)
	}
	want, problems := c.iface.Want(c.name)
	for _, p := range problems {
		c.lose(p.Pos, "the line: "+p.Text, p.Hints...)
	}
	c.notes = append(c.notes, want.Notes...)
	slices.SortStableFunc(c.notes, func(a, b *rcconf.Problem) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	return want
}
