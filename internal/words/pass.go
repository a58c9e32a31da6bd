package words

import (
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// passWord is the word whose value no error repeats; see secret.go.
const passWord = "pass"

// Stdin as a value of pass or passfile means standard input.
const Stdin = "-"

func passWords() []row {
	return []row{
		{Word{Name: passWord, Family: Carp, Arg: "phrase",
			Help: "password of the group, 19 bytes of which count"}, pass},
		{Word{Name: "passfile", Family: Carp, Arg: "file",
			Help: "read the password from the first line of a file, - for standard input"}, passFile},
	}
}

// pass keeps the phrase uncut, so that SetPass can tell its length. The empty
// one is a valid password, the one of a new interface. Of pass and passfile
// the last on the line wins.
func pass(p *parser, value string) error {
	if value == Stdin {
		return passFile(p, value)
	}
	p.line.Change.Pass, p.line.PassFile = new(control.Password(value)), ""
	return nil
}

func passFile(p *parser, value string) error {
	if value == "" {
		return p.badValue(p.hint("passfile: the name of a file, or - for standard input"))
	}
	p.line.Change.Pass, p.line.PassFile = nil, value
	return nil
}

// SetPass enters the password that the caller read from PassFile: the first
// line of text, without its line end.
func (l *Line) SetPass(text string) {
	phrase, _, _ := strings.Cut(text, "\n")
	phrase = strings.TrimSuffix(phrase, "\r")
	l.Change.Pass, l.PassFile = new(control.Password(phrase)), ""
	l.notePass()
}

// notePass warns of a password that is longer than what counts of it.
func (l *Line) notePass() {
	pass := l.Change.Pass
	if pass == nil || len(*pass) <= carp.MaxPasswordLen {
		return
	}
	p := parser{line: *l}
	l.Notes = append(l.Notes, p.hint("pass: only the first %d of %d bytes count, as on every BSD",
		carp.MaxPasswordLen, len(*pass)))
}
