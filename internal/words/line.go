package words

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

// Line is what one command line asks for.
type Line struct {
	// Name is the interface; with Create it may also be the cloner, "carp",
	// which asks for the lowest free unit.
	Name string
	// Create and Destroy are never both set. Create may come with a Change,
	// Destroy never does.
	Create, Destroy bool
	// Change is the rest. With neither Create nor Destroy an empty one asks to
	// show the interface.
	Change control.Change
	// PassFile is where the password is to be read from, Stdin for standard
	// input, empty if it is not: this package reads nothing. SetPass takes it.
	PassFile string
	// Unnumbered is, where Name may be a parent, the first carp word that stands before
	// vhid or on a line without one. FreeBSD 10 and later refuse that.
	Unnumbered string
	// Notes are warnings for stderr about a line that is valid nonetheless.
	Notes []string
}

// Parse reads the words of one command line; args[0] is the interface name.
// The error is a *[bsderr.Error] with FreeBSD's text first.
func Parse(args []string) (Line, error) {
	p, err := parse(args)
	if err != nil {
		return Line{}, err
	}
	return p.line, nil
}

// parse reads the words; the parser tells how far it came.
func parse(args []string) (*parser, error) {
	p := &parser{args: args}
	if len(args) == 0 {
		return p, bsderr.New("no interface named")
	}
	p.line.Name = args[0]
	for _, step := range []func() error{p.checkName, p.readWords, p.finishAddress} {
		if err := step(); err != nil {
			return p, p.explain(err)
		}
	}
	p.line.notePass()
	return p, nil
}

// parser is a line on its way from text to type.
type parser struct {
	args []string
	// at is the index of the argument being read.
	at      int
	line    Line
	address address
	// took is the last word that took another word of the grammar for its
	// value: most likely its own value was forgotten.
	took string
}

func (p *parser) readWords() error {
	for p.at = 1; p.at < len(p.args); p.at++ {
		name := p.args[p.at]
		word, ok := find(name)
		if !ok {
			if err := p.unknown(); err != nil {
				return err
			}
			continue
		}
		value := ""
		if word.Arg != "" {
			if p.at+1 == len(p.args) {
				return bsderr.New(fmt.Sprintf("'%s' requires argument", name),
					p.hint("%s %s: %s", name, word.Arg, word.Help))
			}
			p.at++
			value = p.args[p.at]
			// Never so for a password: the hint would tell that it is a word.
			if _, ok := find(value); ok && name != passWord {
				p.took = name
			}
		}
		p.noteUnnumbered(word.Word)
		if err := word.apply(p, value); err != nil {
			return err
		}
	}
	return nil
}

// noteUnnumbered looks for the words that FreeBSD 10's ifconfig wants a vhid for
// (ifcarp.c).
func (p *parser) noteUnnumbered(word Word) {
	if !IsParent(p.line.Name) || p.line.Unnumbered != "" || p.line.Change.VHID != nil {
		return
	}
	switch word.Name {
	case "advbase", "advskew", "state", "peer", "peer6", "mcast", "mcast6", "carpver":
		p.line.Unnumbered = word.Name
	case passWord, "passfile":
		p.line.Unnumbered = "passwd"
	}
}

// unknown deals with a word that is in no table: it is an address, and most
// often a slip when it does not look like one.
func (p *parser) unknown() error {
	text := p.args[p.at]
	if why, ok := refused(text); ok && !p.secret(p.at) {
		return bsderr.Errno(text, unix.EOPNOTSUPP, p.hint("%s %s", text, why))
	}
	return p.takeAddress(text)
}

// misplaced is the error about a word of the grammar where it may not stand.
// FreeBSD takes it for an address there, hence the text.
func (p *parser) misplaced(where string) error {
	word := p.args[p.at]
	return bsderr.New(word+": bad value", p.hint("%s %s", word, where))
}

// badValue is the error about the argument being read.
func (p *parser) badValue(hints ...string) error {
	return bsderr.New(p.shown()+": bad value", hints...)
}

// hint is a hint about the interface.
func (p *parser) hint(format string, args ...any) string {
	return visible(p.line.Name) + ": " + fmt.Sprintf(format, args...)
}

// explain adds what the parser knows about how it may have come to err.
func (p *parser) explain(err error) error {
	if p.took != "" {
		return bsderr.Hint(err, "%s", p.hint("%s takes the word after it as its value, whatever it is", p.took))
	}
	return err
}
