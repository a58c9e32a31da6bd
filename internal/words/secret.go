package words

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode"
)

// hidden stands for an argument that is, or may be part of, a password.
const hidden = "********"

// shown is the argument being read as an error may repeat it.
func (p *parser) shown() string { return p.shownPart(p.args[p.at]) }

// shownPart is the same for a part of that argument.
func (p *parser) shownPart(part string) string {
	if p.secret(p.at) {
		return hidden
	}
	return visible(part)
}

// secret tells whether an argument may give a password away. Errors end up in
// logs and over shoulders, and a password is on the line also where the parser
// does not take it for one: behind `carpdev pass`, pasted twice, with unquoted
// blanks, or as pass=phrase.
func (p *parser) secret(at int) bool {
	text := p.args[at]
	for i := 1; i < len(p.args); i++ {
		if phrase := p.args[i]; p.isPass(i-1) && phrase != "" &&
			(text == phrase || len(phrase) > 3 && strings.Contains(text, phrase)) {
			return true
		}
	}
	if len(text) > len(passWord) && strings.EqualFold(text[:len(passWord)], passWord) &&
		strings.ContainsRune("=:", rune(text[len(passWord)])) {
		return true
	}
	_, known := refused(text)
	return p.behindPhrase(at) && !known && !looksNumeric(text) && nearest(text) == ""
}

// behindPhrase tells whether an argument may be a further part of a phrase with blanks:
// between it and what pass has taken stand only words that take no value.
func (p *parser) behindPhrase(at int) bool {
	for n := at - 2; n >= 1; n-- {
		if p.isPass(n) {
			return true
		}
		if word, ok := find(p.args[n+1]); !ok || word.Arg != "" {
			return false
		}
	}
	return false
}

func (p *parser) isPass(at int) bool { return strings.EqualFold(p.args[at], passWord) }

// Visible is an argument as it may stand in one line of text: one that is empty or
// has what does not print, or a blank at an end, is quoted.
func Visible(text string) string { return visible(text) }

func visible(text string) string {
	switch {
	case text == "":
		return "''"
	case strings.TrimSpace(text) != text, strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }):
		return strconv.Quote(text)
	}
	return text
}

// looksNumeric tells whether a word was meant to be an address, rightly or not.
func looksNumeric(text string) bool {
	if address, _, zoned := strings.Cut(text, "%"); zoned {
		if _, err := netip.ParseAddr(address); err == nil {
			return true
		}
	}
	return strings.ContainsAny(text, ".:/") && strings.Trim(text, "0123456789abcdefABCDEF.:/") == ""
}
