package sysctl

import (
	"errors"
	"strconv"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
)

// operand is one taken apart: NAME, NAME=VALUE or NAME:VALUE.
type operand struct {
	typed, name, value string
	sets               bool
}

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

// integer is strtol(3) with base 0: decimal, 0x for hexadecimal and a leading
// 0 for octal. Like strtol's, the result of what is too long is the largest
// there is, which is beyond the bounds of every knob that has any.
func integer(value string) (int64, error) {
	if value == "" {
		return 0, bsderr.New("empty numeric value")
	}
	sign, digits, base := "+", value, 10
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
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, bsderr.Newf("invalid integer '%s'", value)
	}
	return n, nil
}
