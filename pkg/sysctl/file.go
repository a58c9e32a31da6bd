package sysctl

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
)

// The file has the form of sysctl.conf(5), name=value, in the table's order.
// A knob that has its default is not in it, so that a later version's better
// default reaches those who never chose.

// sinceComment begins the comment that says when the administrator's demotion
// was last changed.
const sinceComment = "since "

func encode(v Values) []byte {
	var b strings.Builder
	for _, k := range stored() {
		if n := k.get(&v); n != k.Default {
			fmt.Fprintf(&b, "%s=%d", k.Name, n)
			if k.Adds {
				b.WriteString(sinceWhen(v.DemotionSince))
			}
			b.WriteByte('\n')
		}
	}
	return []byte(b.String() + encodeGroups(v))
}

// sinceWhen is the comment behind a demotion; nothing for the zero time.
func sinceWhen(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return " # " + sinceComment + at.UTC().Format(time.RFC3339)
}

// parse reads what encode writes, and what a person may have made of it:
// blanks, comments, values in any of C's bases. Of several lines for a knob
// the last counts. A line that makes no sense is skipped, which leaves the
// knob its default, and is complained of with its number.
func parse(data []byte) (Values, []complaint) {
	v := Defaults()
	var bad []complaint
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		line, comment, _ := strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		a := splitOperand(line)
		if a.name == demotionKnob {
			v.DemotionSince = since(comment)
		}
		ofGroup, err := v.assignGroup(a, comment)
		if !ofGroup {
			err = v.assign(line)
		}
		if err != nil {
			text, _, _ := strings.Cut(err.Error(), "\n")
			bad = append(bad, complaint{number, printable(text)})
		}
	}
	if v.Demotion == 0 {
		v.DemotionSince = time.Time{}
	}
	return v, bad
}

// since reads the comment behind the demotion. It is for show only, so what is
// not there or no date is the zero time.
func since(comment string) time.Time {
	text, ok := strings.CutPrefix(strings.TrimSpace(comment), sinceComment)
	at, err := time.Parse(time.RFC3339, text)
	if at = at.UTC().Truncate(time.Second); !ok || err != nil || at.Year() < 1970 || at.Year() > 9999 {
		return time.Time{}
	}
	return at
}

// complaint is about a line of the file.
type complaint struct {
	line int
	text string
}

// printable makes a text out of what a damaged file may hold, fit for a
// terminal and a log line.
func printable(text string) string {
	const enough = 100
	text = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > enough {
		return string(runes[:enough]) + "..."
	}
	return text
}

func (v *Values) assign(line string) error {
	a := splitOperand(line)
	k, ok := lookup(a.name)
	if !ok {
		return unknown(a)
	}
	if !a.sets {
		return bsderr.Newf("%s: no value", a.name)
	}
	if k.get == nil {
		return readOnly(k, a)
	}
	n, err := a.integer()
	if err != nil {
		return err
	}
	if err := k.check(a.typed, n); err != nil {
		return err
	}
	k.put(v, n)
	return nil
}

func unknown(o operand) error { return bsderr.Newf("unknown oid '%s'%s", o.shown(o.name), o.at()) }

// opaqueType is the number of the type of structures in FreeBSD (sys/sysctl.h).
const opaqueType = 5

// readOnly refuses to write what cannot be written.
func readOnly(k Knob, o operand) error {
	if k.Kind == Opaque {
		return bsderr.Newf("oid '%s' is type %d, cannot set that%s", k.Name, opaqueType, o.at())
	}
	return bsderr.Newf("oid '%s' is read only%s", k.Name, o.at())
}
