package sysctl

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
)

// operand is one taken apart: NAME, NAME=VALUE or NAME:VALUE.
type operand struct {
	typed, name, value string
	sets               bool
	line               int // in a file; 0 if it was typed
}

// at is what an error says of the place.
func (o operand) at() string {
	if o.line == 0 {
		return ""
	}
	return fmt.Sprintf(" at line %d", o.line)
}

// shown is a part of it in an error: a file may hold what is not for a terminal.
func (o operand) shown(part string) string {
	if o.line == 0 {
		return part
	}
	return printable(part)
}

// oid is the name to look up: as in name2oid() of FreeBSD's kernel one point may stand
// behind it, which a shell's completion leaves there.
func (o operand) oid() string { return strings.TrimSuffix(o.name, ".") }

// resets tells whether the value is the word that puts a knob back. No BSD has it.
func (o operand) resets() bool { return o.sets && o.value == "default" }

// blanks are C's isspace().
const blanks = " \t\n\v\f\r"

// splitOperand is the first half of parse() in FreeBSD's sysctl.c: either sign
// divides, blanks round it do not count, and quotes round the value go.
func splitOperand(typed string) operand {
	o := operand{typed: typed, name: typed}
	if i := strings.IndexAny(typed, "=:"); i >= 0 {
		o.sets = true
		o.name, o.value = typed[:i], strings.TrimLeft(typed[i+1:], blanks)
		if v := o.value; v != "" && (v[0] == '"' || v[0] == '\'') {
			o.value = strings.TrimSuffix(v[1:], v[:1])
		}
	}
	o.name = strings.TrimRight(o.name, blanks)
	return o
}

// integer is the value as a number. As in sysctl(8) blanks and commas divide several,
// of which a knob takes one.
func (o operand) integer() (int64, error) {
	fields := strings.FieldsFunc(o.value, func(r rune) bool { return r == ' ' || r == ',' })
	var numbers []int64
	for _, field := range fields {
		n, ok := strtol(field)
		if !ok {
			return 0, bsderr.Newf("invalid integer '%s'%s", o.shown(field), o.at())
		}
		numbers = append(numbers, n)
	}
	switch len(numbers) {
	case 0:
		return 0, bsderr.New("empty numeric value")
	case 1:
		return numbers[0], nil
	}
	return 0, bsderr.Errno(o.shown(o.typed)+o.at(), unix.EINVAL, fmt.Sprintf("%s: %s: must be one number", o.name, o.shown(o.value)))
}

// strtol is strtol(3) with base 0: decimal, 0x for hexadecimal and a leading 0 for
// octal. What is too long is no number.
func strtol(text string) (int64, bool) {
	text = strings.TrimLeft(text, blanks)
	if text == "" {
		return 0, false
	}
	sign, digits, base := "+", text, 10
	if digits[0] == '+' || digits[0] == '-' {
		sign, digits = digits[:1], digits[1:]
	}
	switch {
	case strings.HasPrefix(digits, "0x"), strings.HasPrefix(digits, "0X"):
		digits, base = digits[2:], 16
	case strings.HasPrefix(digits, "0"):
		base = 8
	}
	n, err := strconv.ParseInt(sign+digits, base, 64)
	return n, err == nil
}
