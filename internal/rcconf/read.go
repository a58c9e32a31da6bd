package rcconf

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"
)

// reader reads one file.
type reader struct {
	config   *Config
	name     string
	src      []byte
	problems []*Problem
	// lines are the offsets at which the lines begin.
	lines []int
	// variable is the one being assigned.
	variable string
	// total is how much text all assignments of all files have made.
	total int
}

// read parses and evaluates the file.
func (r *reader) read() {
	if len(r.src) > MaxFile {
		r.refuseFile(fmt.Sprintf("too large, an rc.conf has at most %d bytes", MaxFile), "is this the right file?")
		return
	}
	if n := bytes.IndexByte(r.src, 0); n >= 0 {
		r.refuse(r.place(n), "not a text file", "it has a byte 0")
		return
	}
	if bytes.HasPrefix(r.src, []byte(byteOrderMark)) {
		r.refuse(r.place(0), "byte order mark", "the shell takes it for a part of the first word; take it away with: sed -i '1s/^\\xEF\\xBB\\xBF//' "+r.name)
		return
	}
	if n := bytes.IndexByte(r.src, '\r'); n >= 0 {
		r.refuse(r.place(n), "carriage return", "the shell takes it for a part of the value; take them away with: sed -i 's/\\r$//' "+r.name)
		return
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(bytes.NewReader(withoutContinuedComments(printable(r.src))), r.name)
	if err != nil {
		r.refuseSyntax(err)
		return
	}
	for _, stmt := range file.Stmts {
		r.statement(stmt)
	}
}

// byteOrderMark is what some editors put in front of UTF-8.
const byteOrderMark = "\uFEFF"

// printable replaces bytes that are not UTF-8, which the parser would refuse even
// in a comment; values are cut from the source, not from its replacement.
func printable(src []byte) []byte {
	if utf8.Valid(src) {
		return src
	}
	out := bytes.Clone(src)
	for n := 0; n < len(out); {
		c, size := utf8.DecodeRune(out[n:])
		if c == utf8.RuneError && size == 1 {
			out[n] = 'x'
		}
		n += size
	}
	return out
}

// place is where the byte at an offset of the file stands.
func (r *reader) place(offset int) Pos {
	if r.lines == nil {
		r.lines = []int{0}
		for n, c := range r.src {
			if c == '\n' {
				r.lines = append(r.lines, n+1)
			}
		}
	}
	line := sort.SearchInts(r.lines, offset+1) - 1
	return Pos{File: r.name, Line: line + 1, Col: 1 + offset - r.lines[line]}
}

// pos is a position of the parser's, whose columns end at some thousands.
func (r *reader) pos(p syntax.Pos) Pos { return r.place(int(p.Offset())) }

func (r *reader) refuse(pos Pos, text string, hints ...string) {
	r.problems = append(r.problems, &Problem{Pos: pos, Text: text, Hints: hints})
}

func (r *reader) refuseFile(text string, hints ...string) {
	r.refuse(Pos{File: r.name}, text, hints...)
}

// refuseSyntax reports what the parser could not read. Its texts name tokens of
// the shell and no words of the file.
func (r *reader) refuseSyntax(err error) {
	if e, ok := errors.AsType[syntax.ParseError](err); ok {
		r.refuse(r.pos(e.Pos), "syntax error: "+quotes().ReplaceAllString(e.Text, "'$1'"))
		return
	}
	if e, ok := errors.AsType[syntax.LangError](err); ok {
		r.refuse(r.pos(e.Pos), "syntax error: "+quotes().ReplaceAllString(e.Feature, "'$1'")+" are not in FreeBSD's sh")
		return
	}
	r.refuseFile(err.Error())
}

// quotes are the parser's round a token.
var quotes = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("`([^`]*)`") })

// notRun is the hint about everything that would have to be run.
const notRun = "an rc.conf is read here and never executed: write the value itself"

// statement evaluates one statement, which is nothing but assignments.
func (r *reader) statement(s *syntax.Stmt) {
	call, ok := s.Cmd.(*syntax.CallExpr)
	switch {
	case len(s.Redirs) > 0:
		r.refuse(r.pos(s.Redirs[0].OpPos), "redirection is not done", notRun)
		return
	case s.Background:
		r.refuse(r.pos(s.Semicolon), "nothing is run in the background", notRun)
		return
	case s.Negated, !ok:
		if !r.ofFreeBSD(s) {
			r.refuse(r.pos(s.Pos()), compound(s)+" is not executed", notRun)
		}
		return
	}
	if len(call.Args) == 0 {
		for _, a := range call.Assigns {
			r.assign(a)
		}
		return
	}
	r.command(call)
}

// compound names a statement that is no simple command.
func compound(s *syntax.Stmt) string {
	switch s.Cmd.(type) {
	case *syntax.IfClause:
		return "if"
	case *syntax.ForClause:
		return "for"
	case *syntax.WhileClause:
		return "a loop"
	case *syntax.CaseClause:
		return "case"
	case *syntax.FuncDecl:
		return "a function"
	case *syntax.BinaryCmd:
		return "a list of commands"
	case *syntax.Subshell, *syntax.Block:
		return "a group of commands"
	}
	return "a command"
}

// ofFreeBSD tells whether a statement is one of those at the end of FreeBSD's
// /etc/defaults/rc.conf, which have rc read the other files: that is done here
// anyway.
func (r *reader) ofFreeBSD(s *syntax.Stmt) bool {
	switch s.Cmd.(type) {
	case *syntax.IfClause, *syntax.CaseClause:
		text := r.src[s.Pos().Offset():s.End().Offset()]
		return bytes.Contains(text, []byte("source_rc_confs")) || bytes.Contains(text, []byte("/etc/defaults/vendor.conf"))
	}
	return false
}

// command refuses a command, unless it only assigns.
func (r *reader) command(call *syntax.CallExpr) {
	name := call.Args[0].Lit()
	pos := r.pos(call.Args[0].Pos())
	switch {
	case len(call.Assigns) > 0:
		// Not named: it may be the second half of a value without quotes.
		r.refuse(pos, "a command, which is not executed", "a value that has blanks needs quotes round all of it")
	case name == "export", name == "readonly":
		// A shell evaluates all of a command's words before the command sees any.
		var stores []func()
		for _, w := range call.Args[1:] {
			if store := r.declare(w); store != nil {
				stores = append(stores, store)
			}
		}
		for _, store := range stores {
			store()
		}
	case name == ":":
		for _, w := range call.Args[1:] { // ": ${var:=value}" assigns
			r.word(w, &builder{})
		}
	case name == ".", name == "source":
		r.refuse(pos, name+": other files are not read from a file", "name that file too, with -f")
	case strings.Contains(name, "+="):
		r.refuse(pos, "+= is not in FreeBSD's sh", `write name="${name} more"`)
	default:
		text := "a command, which is not executed"
		if syntax.ValidName(name) {
			text = name + ": " + text
		}
		r.refuse(pos, text, notRun)
	}
}

// assign evaluates name=value.
func (r *reader) assign(a *syntax.Assign) {
	v := Variable{Name: r.cut(a.Name.Pos(), a.Name.End()), Pos: r.pos(a.Name.Pos())}
	r.variable = v.Name
	b := &builder{}
	at := r.pos(a.Name.End())
	at.Col++
	if a.Value != nil {
		at = r.pos(a.Value.Pos())
		if !r.word(a.Value, b) {
			return
		}
	}
	r.store(v, b, at)
}

// declare evaluates an operand of export or readonly, NAME or NAME=value, and returns
// what sets the variable; nil if nothing is to be set.
func (r *reader) declare(w *syntax.Word) (store func()) {
	first, ok := w.Parts[0].(*syntax.Lit)
	name, _, hasValue := "", "", false
	if ok {
		name, _, hasValue = strings.Cut(r.cut(first.Pos(), first.End()), "=")
	}
	if !syntax.ValidName(name) {
		r.refuse(r.pos(w.Pos()), "not an assignment", "write NAME=value")
		return nil
	}
	if !hasValue {
		return nil
	}
	v := Variable{Name: name, Pos: r.pos(w.Pos())}
	at := v.Pos
	at.Col += len(name) + 1
	r.variable = name
	b := &builder{}
	r.literal(int(first.Pos().Offset())+len(name)+1, int(first.End().Offset()), bare, b)
	if !r.parts(w.Parts[1:], bare, b) {
		return nil
	}
	return func() { r.store(v, b, at) }
}

// cut is a piece of the source.
func (r *reader) cut(from, to syntax.Pos) string { return string(r.src[from.Offset():to.Offset()]) }

// store sets a variable.
func (r *reader) store(v Variable, b *builder, at Pos) {
	r.total += len(b.text)
	switch {
	case !syntax.ValidName(v.Name): // it had bytes that are not UTF-8
		r.refuse(v.Pos, "not the name of a variable")
	case len(b.text) > maxValue:
		r.refuse(v.Pos, fmt.Sprintf("%s: a value has at most %d bytes", v.Name, maxValue))
	case r.total > maxTotal:
		r.refuse(v.Pos, fmt.Sprintf("%s: all values together have at most %d bytes", v.Name, maxTotal))
	default:
		v.Value = b.value(at)
		r.config.set(v)
	}
}
