package rcconf

import (
	"bytes"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// quoting is what is round a piece of text.
type quoting int

const (
	bare quoting = iota
	// doubled is between double quotes.
	doubled
	// braced is in the word of a ${name OP word} between double quotes.
	braced
)

// word evaluates a word as the value of an assignment is: no splitting into
// fields, no file names. It tells whether all of it could be.
func (r *reader) word(w *syntax.Word, b *builder) bool { return r.parts(w.Parts, bare, b) }

func (r *reader) parts(parts []syntax.WordPart, quotes quoting, b *builder) bool {
	before := len(r.problems)
	for n, part := range parts {
		if len(b.text) > maxValue {
			break // store says so
		}
		switch part := part.(type) {
		case *syntax.Lit:
			if quotes == bare && n+1 < len(parts) && isQuote(parts[n+1]) && endsInDollar(r.cut(part.Pos(), part.End())) {
				r.refuse(r.pos(parts[n+1].Pos()), "$ before a quote is not evaluated", "use plain single or double quotes")
				continue
			}
			r.literal(int(part.Pos().Offset()), int(part.End().Offset()), quotes, b)
		case *syntax.SglQuoted:
			if quotes != bare { // POSIX leaves it open, and shells differ
				r.refuse(r.pos(part.Pos()), "' inside ${...} inside double quotes is not evaluated", "set that text to a variable of its own first")
				continue
			}
			at := r.pos(part.Left)
			at.Col++
			for _, c := range r.src[part.Left.Offset()+1 : part.Right.Offset()] {
				b.add(c, at)
				at = after(at, c)
			}
		case *syntax.DblQuoted:
			r.parts(part.Parts, doubled, b)
		case *syntax.ParamExp:
			r.parameter(part, quotes, b)
		case *syntax.CmdSubst:
			r.refuse(r.pos(part.Pos()), "command substitution is not evaluated", notRun)
		case *syntax.ArithmExp:
			r.refuse(r.pos(part.Pos()), "arithmetic is not evaluated", notRun)
		default:
			r.refuse(r.pos(part.Pos()), "not evaluated", notRun)
		}
	}
	return len(r.problems) == before
}

func isQuote(part syntax.WordPart) bool {
	switch part.(type) {
	case *syntax.SglQuoted, *syntax.DblQuoted:
		return true
	}
	return false
}

// endsInDollar tells whether text ends in a $ that no backslash protects.
func endsInDollar(text string) bool {
	rest, ok := strings.CutSuffix(text, "$")
	return ok && (len(rest)-len(strings.TrimRight(rest, `\`)))%2 == 0
}

// literal takes the backslashes out of a piece of the file. The parser may cut a
// piece between the backslash and the end of a line that goes on.
func (r *reader) literal(from, to int, quotes quoting, b *builder) {
	at := r.place(from)
	for n := from; n < to; n++ {
		c := r.src[n]
		if c == '$' && bytes.HasPrefix(r.src[n+1:], []byte("\\\n")) { // the parser cannot tell what of
			r.refuse(at, "$ before the end of a line that goes on is not evaluated", "join the two lines")
		}
		if c == '\\' && n+1 < len(r.src) && escapes(r.src[n+1], quotes) {
			at = after(at, c)
			n++
			if c = r.src[n]; c == '\n' {
				at = after(at, c)
				continue
			}
		}
		b.add(c, at)
		at = after(at, c)
	}
}

// escapes tells whether a backslash takes the meaning of the byte c behind it.
func escapes(c byte, quotes quoting) bool {
	return quotes == bare || strings.IndexByte("$`\"\\\n", c) >= 0 || c == '}' && quotes == braced
}

// after is the place behind a byte.
func after(at Pos, c byte) Pos {
	if c == '\n' {
		at.Line++
		at.Col = 0
	}
	at.Col++
	return at
}

// evaluated are the operators of ${name OP word} that are.
var evaluated = []syntax.ParExpOperator{
	syntax.AlternateUnset, syntax.AlternateUnsetOrNull, syntax.DefaultUnset, syntax.DefaultUnsetOrNull,
	syntax.AssignUnset, syntax.AssignUnsetOrNull, syntax.ErrorUnset, syntax.ErrorUnsetOrNull,
}

// defaults are variables that FreeBSD's /etc/defaults/rc.conf sets and a file may add to:
// cloned_interfaces="$cloned_interfaces carp0". It sets them to nothing, or to what is
// read here anyway.
var defaults = []string{clonedInterfaces, confFiles}

// parameter evaluates $name, ${name} and ${name OP word}.
func (r *reader) parameter(p *syntax.ParamExp, quotes quoting, b *builder) {
	pos := r.pos(p.Pos())
	var name string
	if p.Param != nil {
		name = r.cut(p.Param.Pos(), p.Param.End())
	}
	switch {
	case !syntax.ValidName(name):
		r.refuse(pos, "only variables of the file are evaluated", notRun)
		return
	case p.Length, p.Exp != nil && !slices.Contains(evaluated, p.Exp.Op),
		p.Excl, p.Width, p.Index != nil, p.Slice != nil, p.Repl != nil, p.Names != 0:
		r.refuse(pos, "of ${...} only the forms :- := :+ :? are evaluated", notRun)
		return
	}
	value, isSet := r.config.Lookup(name)
	if p.Exp == nil {
		if !isSet && !slices.Contains(defaults, name) {
			// Its name is not said: a password with a $ in it would be.
			r.config.notes = append(r.config.notes, note{r.variable, &Problem{Pos: pos, Text: "a variable that is not set, taken as empty",
				Hints: []string{`variables of the environment are not read; where a $ is meant, write \$`}}})
		}
		b.refer(value.Text, pos)
		return
	}
	if quotes == doubled {
		quotes = braced
	}
	r.operator(p, name, quotes, b)
}

// operator evaluates ${name OP word}.
func (r *reader) operator(p *syntax.ParamExp, name string, quotes quoting, b *builder) {
	pos := r.pos(p.Pos())
	value, isSet := r.config.Lookup(name)
	switch p.Exp.Op {
	case syntax.AlternateUnsetOrNull, syntax.DefaultUnsetOrNull, syntax.AssignUnsetOrNull, syntax.ErrorUnsetOrNull:
		isSet = isSet && value.Text != ""
	}
	var parts []syntax.WordPart
	if p.Exp.Word != nil {
		parts = p.Exp.Word.Parts
	}
	switch p.Exp.Op {
	case syntax.AlternateUnset, syntax.AlternateUnsetOrNull:
		if isSet {
			r.parts(parts, quotes, b)
		}
		return
	case syntax.DefaultUnset, syntax.DefaultUnsetOrNull:
		if !isSet {
			r.parts(parts, quotes, b)
			return
		}
	case syntax.ErrorUnset, syntax.ErrorUnsetOrNull:
		if !isSet {
			r.refuse(pos, name+" is not set")
			return
		}
	case syntax.AssignUnset, syntax.AssignUnsetOrNull:
		if isSet {
			break
		}
		word := &builder{}
		if !r.parts(parts, quotes, word) {
			return
		}
		at := pos
		if p.Exp.Word != nil {
			at = r.pos(p.Exp.Word.Pos())
		}
		r.store(Variable{Name: name, Pos: r.pos(p.Param.Pos())}, word, at)
		value, _ = r.config.Lookup(name)
	}
	b.refer(value.Text, pos)
}
