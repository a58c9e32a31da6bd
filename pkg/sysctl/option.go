package sysctl

import (
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
)

const usage = `usage: ifconfig-carp sysctl [-deiNnqtw] name[=value] ...
       ifconfig-carp sysctl [-deNnqt] -a
`

// options are sysctl(8)'s, those that make sense for integers.
type options struct {
	all           bool // -a: every knob
	describe      bool // -d: what it is instead of its value
	equals        bool // -e: "=" between name and value
	ignoreUnknown bool // -i: a name that is unknown is no failure
	nameOnly      bool // -N
	valueOnly     bool // -n
	quiet         bool // -q: a name that is unknown fails without a word
	showType      bool // -t: the type instead of the value
	ignored       bool // -w: what older systems wanted for a write
}

// parseOptions is getopt(3): bundled letters, up to the first operand or "--".
func parseOptions(args []string) (opt options, operands []string, err error) {
	letters := map[rune]*bool{
		'a': &opt.all, 'd': &opt.describe, 'e': &opt.equals, 'i': &opt.ignoreUnknown, 'N': &opt.nameOnly,
		'n': &opt.valueOnly, 'q': &opt.quiet, 't': &opt.showType, 'w': &opt.ignored,
	}
	for i, arg := range args {
		if arg == "--" {
			return opt, args[i+1:], nil
		}
		bundle, dashed := strings.CutPrefix(arg, "-")
		if !dashed || bundle == "" {
			return opt, args[i:], nil
		}
		for _, letter := range bundle {
			set, ok := letters[letter]
			if !ok {
				return opt, nil, bsderr.Newf("illegal option -- %c", letter)
			}
			*set = true
		}
	}
	return opt, nil, nil
}

// looks tells that a knob is looked up rather than read or set.
func (o options) looks() bool { return o.describe || o.showType }

func (o options) separator() string {
	if o.equals {
		return "="
	}
	return ": "
}

// line is one line of output, without its end.
func (o options) line(name, text string) string {
	switch {
	case o.nameOnly:
		return name
	case o.valueOnly:
		return text
	}
	return name + o.separator() + text
}

// about is what -t and -d say, in this order.
func (o options) about(kind, description string) string {
	switch {
	case !o.describe:
		return kind
	case !o.showType:
		return description
	}
	return kind + o.separator() + description
}
