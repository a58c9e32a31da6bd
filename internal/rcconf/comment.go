package rcconf

import (
	"bytes"
	"strings"
)

// withoutContinuedComments replaces the backslash at the end of a comment, which means
// nothing there. The parser takes it for a line that goes on: of
//
//	cloned_interfaces="carp0" # for now \
//	ifconfig_carp0="vhid 1"
//
// it makes one value. The text is returned as it is if there is no such comment.
func withoutContinuedComments(src []byte) []byte {
	if !bytes.Contains(src, []byte("\\\n")) {
		return src
	}
	out := bytes.Clone(src)
	s := commentScanner{text: src}
	for {
		end, ok := s.next()
		if !ok {
			return out
		}
		if out[end-1] == '\\' {
			out[end-1] = 'x'
		}
	}
}

// commentScanner finds the comments of a file. What a shell would have to run it does not
// see through: such a file is refused anyway.
type commentScanner struct {
	text []byte
	at   int
	// open are the double quotes and braces that are open, each by what closes it.
	open []byte
	// word tells that a word has begun, in which a # is one.
	word bool
}

// next is where the next comment ends, which is not where it begins.
func (s *commentScanner) next() (end int, ok bool) {
	for ; s.at < len(s.text); s.at++ {
		if s.text[s.at] == '#' && !s.word {
			end := bytes.IndexByte(s.text[s.at:], '\n')
			if end < 0 {
				return 0, false
			}
			s.at += end
			return s.at, true
		}
		s.step(s.text[s.at])
	}
	return 0, false
}

// step takes a byte, and what belongs to it.
func (s *commentScanner) step(c byte) {
	rest := s.text[s.at+1:]
	switch {
	case c == '\\' && bytes.HasPrefix(rest, []byte("\n")):
		s.at++ // neither is there for the shell
		return
	case c == '\\':
		s.at++
	case len(s.open) > 0 && c == s.open[len(s.open)-1]:
		s.open = s.open[:len(s.open)-1]
	case c == '"':
		s.open = append(s.open, '"')
	case c == '$' && bytes.HasPrefix(rest, []byte("{")):
		s.at++
		s.open = append(s.open, '}')
	case c == '\'' && bytes.IndexByte(s.open, '"') < 0:
		s.at += 1 + max(bytes.IndexByte(rest, '\''), 0)
	}
	s.word = len(s.open) > 0 || strings.IndexByte(" \t\n;&|()", c) < 0
}
