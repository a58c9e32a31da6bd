package rcconf

import "strings"

// Word is one word of a line with its place. It may be a password: nothing of
// this package prints it.
type Word struct {
	Text string
	Pos  Pos
}

// split cuts a value into words as rc does, which hands it to the shell a second
// time (eval): blanks divide, and quotes in it keep blanks together, of several in a
// row one. What the shell would then do something else with is refused; one such
// character in a password would change it on FreeBSD without a word.
func split(v Value) ([]Word, *Problem) {
	if at := continued(v.Text); at >= 0 {
		return nil, &Problem{Pos: v.At(at), Text: `a \ at the end of a line within single quotes, where it stays one`,
			Hints: []string{"put the value in double quotes, or leave it out: a value may have several lines"}}
	}
	return (&splitter{value: squeezed(v)}).all()
}

// squeezed is a value with one blank for each run of them and none in front: rc takes it
// apart and joins it (network.subr, get_if_var and ifconfig_getargs) before anybody looks
// at the quotes in it.
func squeezed(v Value) Value {
	var b builder
	blank := false
	for n := range len(v.Text) {
		c := v.Text[n]
		if isBlank(c) {
			blank = true
			continue
		}
		if blank && len(b.text) > 0 {
			b.add(' ', v.At(n-1))
		}
		b.add(c, v.At(n))
		blank = false
	}
	return b.value(v.Pos)
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }

// continued is where a backslash is before the end of a line, -1 if nowhere. Of double
// quotes there is none left.
func continued(text string) int {
	for from := 0; ; {
		at := strings.Index(text[from:], "\\\n")
		if at < 0 {
			return -1
		}
		at += from
		if before := text[:at]; (len(before)-len(strings.TrimRight(before, `\`)))%2 == 0 {
			return at
		}
		from = at + 2
	}
}

// words is split, and notes where a word has lost blanks: with a password that is worth
// a word.
func (p *planner) words(v Value) ([]Word, *Problem) {
	words, problem := split(v)
	if problem != nil {
		return nil, problem
	}
	whole, _ := (&splitter{value: v}).all()
	for n, w := range words {
		if n < len(whole) && whole[n].Text != w.Text {
			p.note(w.Pos, "several blanks in a row in a word, of which rc keeps one")
			break
		}
	}
	return words, nil
}

// SplitLine is split for a line of another system's files, which is in as many pieces
// as it is continued: there a # in front of a word begins a comment.
func SplitLine(pieces ...Word) ([]Word, *Problem) {
	var b builder
	for _, piece := range pieces {
		at := piece.Pos
		for n := range len(piece.Text) {
			b.add(piece.Text[n], at)
			at = after(at, piece.Text[n])
		}
	}
	return (&splitter{value: b.value(pieces[0].Pos), comments: true}).all()
}

// splitter is at a byte of a value.
type splitter struct {
	value Value
	// comments tells that there may be one.
	comments bool
	at       int
	words    []Word
	// word is the one being read, with the place of its first byte; in tells
	// that there is one, be it empty.
	word []byte
	from Pos
	in   bool
}

func (s *splitter) all() ([]Word, *Problem) {
	for s.at < len(s.value.Text) {
		if p := s.next(); p != nil {
			return nil, p
		}
	}
	s.end()
	return s.words, nil
}

func (s *splitter) end() {
	if s.in {
		s.words = append(s.words, Word{string(s.word), s.from})
	}
	s.word, s.in = nil, false
}

// special are the characters that a shell does something with outside quotes.
const special = "$`;&|<>()"

// next reads a byte, or all that is in a pair of quotes.
func (s *splitter) next() *Problem {
	text := s.value.Text
	c := text[s.at]
	if isBlank(c) {
		s.end()
		s.at++
		return nil
	}
	if c == '#' && !s.in && s.comments {
		s.at = len(text)
		return nil
	}
	if !s.in {
		s.in, s.from = true, s.value.At(s.at)
	}
	switch {
	case strings.IndexByte(special, c) >= 0, c == '#' && len(s.word) == 0:
		return s.refuse(s.at, "a character of the shell's: rc reads this value a second time",
			"quote the word once more, in quotes of the other kind")
	case c == '\\':
		if s.at++; s.at == len(text) {
			return s.refuse(s.at-1, `nothing behind the \`)
		}
		s.word = append(s.word, text[s.at])
		s.at++
	case c == '\'', c == '"':
		return s.quoted(c)
	default:
		s.word = append(s.word, c)
		s.at++
	}
	return nil
}

// quoted reads up to the closing quote.
func (s *splitter) quoted(quote byte) *Problem {
	text, from := s.value.Text, s.at
	for s.at++; s.at < len(text); s.at++ {
		c := text[s.at]
		switch {
		case c == quote:
			s.at++
			return nil
		case quote == '"' && (c == '$' || c == '`'):
			return s.refuse(s.at, "a character of the shell's: rc reads this value a second time", "use single quotes")
		case quote == '"' && c == '\\' && s.at+1 < len(text) && strings.IndexByte("$`\"\\", text[s.at+1]) >= 0:
			s.at++
			c = text[s.at]
		}
		s.word = append(s.word, c)
	}
	return s.refuse(from, "a quote within the value that is not closed")
}

func (s *splitter) refuse(at int, text string, hints ...string) *Problem {
	return &Problem{Pos: s.value.At(at), Text: text, Hints: hints}
}
