package rcconf

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
)

// Want is what all lines of an interface make of it, taken together.
type Want struct {
	// Change leads from a new interface to the one wanted. Its addresses are all
	// to be added; they are in the order of the lines.
	Change control.Change
	// PassFile is where the password is to be read from, if it is.
	PassFile string
	// Notes are warnings.
	Notes []*Problem
	// words are where a word was said last, values where its value was, and
	// addresses where one was.
	words     map[string]Pos
	values    map[string]Pos
	addresses map[netip.Addr]Pos
	pos       Pos
}

// Want reads the lines of an interface; name is what hints call it. The
// problems, if there are any, keep it from being made.
func (i *Interface) Want(name string) (*Want, []*Problem) {
	w := &Want{words: map[string]Pos{}, values: map[string]Pos{}, addresses: map[netip.Addr]Pos{}, pos: i.Pos}
	problems := slices.Clone(i.Problems)
	for n, l := range i.Lines {
		called := name
		if n == 0 && l.isCreate() {
			called = i.Clone
		}
		line, at, err := words.ParseAt(l.Args(called))
		if err != nil {
			problems = append(problems, l.complaint(at, err))
			continue
		}
		for _, note := range line.Notes {
			w.Notes = append(w.Notes, &Problem{Pos: l.Pos, Text: note})
		}
		if line.Destroy || line.Create && !l.isCreate() {
			problems = append(problems, &Problem{Pos: l.Pos, Text: "create and destroy are rc's own doing",
				Hints: []string{"list the interface in " + clonedInterfaces}})
			continue
		}
		if line.PassFile == words.Stdin {
			problems = append(problems, &Problem{Pos: l.Pos, Text: "pass -: rc has no standard input",
				Hints: []string{"write passfile and the name of a file"}})
		}
		w.remember(l)
		w.merge(l, &line)
	}
	if len(i.Lines) > 0 {
		w.Change.Up = new(true) // as rc's own last word is
	}
	return w, problems
}

// isCreate tells whether the line is that of create_args_IF.
func (l Line) isCreate() bool { return strings.HasPrefix(l.Variable, createArgs) }

// complaint is an error of a line about the argument at an index.
func (l Line) complaint(at int, err error) *Problem {
	e := bsderr.From(err)
	return &Problem{Pos: l.at(at), Text: e.Text, Hints: e.Hints}
}

// at is the place of an argument as Args has them.
func (l Line) at(arg int) Pos {
	if arg < 1 || arg > len(l.Words) {
		return l.Pos
	}
	return l.Words[arg-1].Pos
}

// remember notes the places of the words.
func (w *Want) remember(l Line) {
	for n := 0; n < len(l.Words); n++ {
		text := l.Words[n].Text
		w.words[text] = l.Words[n].Pos
		if text == passWord {
			n++ // what is behind it is nobody's to compare
		}
	}
	for _, place := range words.Places(l.Args("")) {
		w.values[place.Word] = l.at(place.At)
	}
	for _, a := range addressesOf(l) {
		w.addresses[a] = addressPos(l, a)
	}
}

// At is where a word was said last, which is at its value if it takes one; the zero
// Pos if it was not.
func (w *Want) At(word string) Pos { return w.values[word] }

// AddressAt is the same of an address.
func (w *Want) AddressAt(a netip.Addr) Pos { return w.addresses[a] }

// addressPos is where an address stands on a line.
func addressPos(l Line, a netip.Addr) Pos {
	for _, word := range l.Words {
		one := Line{Words: []Word{word}}
		if slices.Contains(addressesOf(one), a) {
			return word.Pos
		}
	}
	return l.Pos
}

// merge adds what a line says.
func (w *Want) merge(l Line, line *words.Line) {
	c, all := &line.Change, &w.Change
	override(&all.VHID, c.VHID)
	override(&all.AdvBase, c.AdvBase)
	override(&all.AdvSkew, c.AdvSkew)
	override(&all.CarpDev, c.CarpDev)
	override(&all.Peer, c.Peer)
	override(&all.Peer6, c.Peer6)
	override(&all.Description, c.Description)
	override(&all.Backing, c.Backing)
	override(&all.State, c.State)
	override(&all.Metric, c.Metric)
	override(&all.MTU, c.MTU)
	all.SetFlags = all.SetFlags&^c.ClearFlags | c.SetFlags
	all.ClearFlags = all.ClearFlags&^c.SetFlags | c.ClearFlags
	all.Groups = append(all.Groups, c.Groups...)
	if c.Pass != nil {
		all.Pass, w.PassFile = c.Pass, ""
	}
	if line.PassFile != "" {
		all.Pass, w.PassFile = nil, line.PassFile
	}
	if c.Up != nil && !*c.Up {
		w.Notes = append(w.Notes, &Problem{Pos: l.Pos, Text: "down: rc sets it up all the same",
			Hints: []string{"NOAUTO keeps rc from starting it"}})
	}
	for _, a := range c.Addresses {
		w.address(l, a)
	}
}

func override[T any](field **T, value *T) {
	if value != nil {
		*field = value
	}
}

// address does what ifconfig(8) would to the addresses so far.
func (w *Want) address(l Line, a control.AddressChange) {
	list := &w.Change.Addresses
	same := func(b control.AddressChange) bool { return b.Prefix.Addr() == a.Prefix.Addr() }
	is4 := func(b control.AddressChange) bool { return b.Prefix.Addr().Is4() }
	there, first := slices.IndexFunc(*list, same), slices.IndexFunc(*list, is4)
	if !a.Prefix.IsValid() { // "delete" takes the first
		there = first
	}
	switch {
	case a.Op == control.AddressDelete:
		if there < 0 {
			w.Notes = append(w.Notes, &Problem{Pos: l.Pos, Text: "no such address to delete"})
			return
		}
		*list = slices.Delete(*list, there, there+1)
	case there >= 0:
		a.Op = control.AddressAdd
		(*list)[there] = a
	case a.Op == control.AddressSet && is4(a) && first >= 0:
		w.Notes = append(w.Notes, &Problem{Pos: l.Pos,
			Text:  fmt.Sprintf("%v takes the place of %v", a.Prefix.Addr(), (*list)[first].Prefix.Addr()),
			Hints: []string{"a further address needs the word alias, or a variable ifconfig_IF_aliasN"}})
		a.Op = control.AddressAdd
		(*list)[first] = a
	default:
		a.Op = control.AddressAdd
		*list = append(*list, a)
	}
}

// Place is where an error about the interface belongs: at the address or the word that
// it names, else where the interface is listed.
func (w *Want) Place(err error) Pos {
	e := bsderr.From(err)
	for _, hint := range e.Hints {
		for _, text := range strings.FieldsFunc(hint, func(r rune) bool { return strings.ContainsRune(" ,()", r) }) {
			text = strings.TrimSuffix(text, ":")
			host, _, _ := strings.Cut(text, "/")
			if a, err := netip.ParseAddr(host); err == nil {
				if pos, ok := w.addresses[a]; ok {
					return pos
				}
			}
			if pos, ok := w.words[text]; ok {
				return pos
			}
		}
	}
	return w.pos
}
