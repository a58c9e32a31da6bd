package rcconf

import (
	"fmt"
	"sort"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
)

// Pos is a place in a file.
type Pos struct {
	// File is the name that the file was loaded under.
	File string
	// Line and Col count from 1, Col in bytes; 0 if only the file is known.
	Line, Col int
}

// String is FILE:LINE:COL, or as much of it as is known.
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Problem is something wrong at a place. It never shows a value.
type Problem struct {
	Pos Pos
	// Text says what is wrong, Hints what to do about it.
	Text  string
	Hints []string
}

// Error is the place and the text.
func (p *Problem) Error() string { return p.Pos.String() + ": " + p.Text }

// As gives the printer of errors the form it knows, hints included.
func (p *Problem) As(target any) bool {
	e, ok := target.(**bsderr.Error)
	if ok {
		*e = bsderr.New(p.Error(), p.Hints...)
	}
	return ok
}

// Value is the text of a variable, its quotes taken off and its references
// followed.
type Value struct {
	Text string
	// Pos is where the value stands; its first quote, if it has quotes.
	Pos  Pos
	runs []run
}

// run is a stretch of a value that comes from one place.
type run struct {
	// at is the offset in the value of its first byte, which is from pos.
	at  int
	pos Pos
	// fixed is a stretch that all comes from pos: the text of another variable.
	fixed bool
}

// At is the place of the byte at an offset of Text. What another variable
// contributed is where that one is referred to.
func (v Value) At(offset int) Pos {
	n := sort.Search(len(v.runs), func(n int) bool { return v.runs[n].at > offset })
	if n == 0 {
		return v.Pos
	}
	r := v.runs[n-1]
	if !r.fixed {
		r.pos.Col += offset - r.at
	}
	return r.pos
}

// builder makes a value piece by piece.
type builder struct {
	text []byte
	runs []run
}

// add adds a byte that stands at pos.
func (b *builder) add(c byte, pos Pos) {
	if n := len(b.runs); n > 0 {
		last := b.runs[n-1]
		next := last.pos
		next.Col += len(b.text) - last.at
		if !last.fixed && next == pos {
			b.text = append(b.text, c)
			return
		}
	}
	b.runs = append(b.runs, run{at: len(b.text), pos: pos})
	b.text = append(b.text, c)
}

// refer adds the text of another variable, which is referred to at pos.
func (b *builder) refer(text string, pos Pos) {
	if text != "" {
		b.runs = append(b.runs, run{at: len(b.text), pos: pos, fixed: true})
		b.text = append(b.text, text...)
	}
}

// value is what has been built.
func (b *builder) value(pos Pos) Value {
	return Value{Text: string(b.text), Pos: pos, runs: b.runs}
}
