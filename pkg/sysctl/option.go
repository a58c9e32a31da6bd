package sysctl

import (
	"math"
	"slices"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
)

// Option is one of the command's options.
type Option struct {
	Letter rune
	// Argument names the option's argument in the usage; empty: it has none.
	Argument string
	// All tells whether the option makes sense with -a.
	All bool

	set func(*options, string)
}

// optionTable has sysctl(8)'s options that make sense here. -A, -X and -w are for
// fingers that know older systems.
var optionTable = []Option{
	{Letter: 'A', All: true, set: func(o *options, _ string) { o.all, o.opaque = true, true }},
	{Letter: 'a', All: true, set: func(o *options, _ string) { o.all = true }},
	{Letter: 'B', Argument: "bufsize", All: true, set: func(o *options, v string) { o.buffer = bufferSize(v) }},
	{Letter: 'b', All: true, set: func(o *options, _ string) { o.binary = true }},
	{Letter: 'd', All: true, set: func(o *options, _ string) { o.describe = true }},
	{Letter: 'e', All: true, set: func(o *options, _ string) { o.equals = true }},
	{Letter: 'f', Argument: "file", set: func(o *options, v string) { o.file = v }},
	{Letter: 'h', All: true, set: func(o *options, _ string) { o.human = true }},
	{Letter: 'i', set: func(o *options, _ string) { o.ignoreUnknown = true }},
	{Letter: 'j', Argument: "netns", All: true, set: func(o *options, v string) { o.netns = &v }},
	{Letter: 'l', All: true, set: func(o *options, _ string) { o.length = true }},
	{Letter: 'N', All: true, set: func(o *options, _ string) { o.nameOnly = true }},
	{Letter: 'n', All: true, set: func(o *options, _ string) { o.valueOnly = true }},
	{Letter: 'o', All: true, set: func(o *options, _ string) { o.opaque = true }},
	{Letter: 'q', All: true, set: func(o *options, _ string) { o.quiet = true }},
	{Letter: 'T', All: true, set: func(o *options, _ string) { o.tunable = true }},
	{Letter: 't', All: true, set: func(o *options, _ string) { o.showType = true }},
	{Letter: 'W', All: true, set: func(o *options, _ string) { o.writable = true }},
	{Letter: 'w', set: func(*options, string) {}},
	{Letter: 'X', All: true, set: func(o *options, _ string) { o.all, o.hex = true, true }},
	{Letter: 'x', All: true, set: func(o *options, _ string) { o.hex = true }},
}

// Options is the table of the options, by their letters.
func Options() []Option { return slices.Clone(optionTable) }

// options are those that were given.
type options struct {
	all           bool    // -a: all there is
	binary        bool    // -b: the value's bytes and nothing else
	buffer        int     // -B: what is longer than this is not shown; 0: all is
	describe      bool    // -d: what it is instead of its value
	equals        bool    // -e: "=" between name and value
	file          string  // -f: a file of operands, done before those typed
	human         bool    // -h: digits in groups
	ignoreUnknown bool    // -i: a name that is unknown is no failure
	netns         *string // -j: the network namespace to go to first
	length        bool    // -l: the length in bytes before the value
	nameOnly      bool    // -N
	valueOnly     bool    // -n
	opaque        bool    // -o: structures too, their beginning
	quiet         bool    // -q: a name that is unknown fails without a word
	tunable       bool    // -T: only what the boot loader can set, which is nothing
	showType      bool    // -t: the type instead of the value
	writable      bool    // -W: only what can be written
	hex           bool    // -x: hexadecimal, and structures whole

	// typed are the options without -j.
	typed []string
}

// parseOptions is getopt(3): bundled letters, up to the first operand or "--"; what
// follows a letter with an argument in its bundle is that argument.
func parseOptions(args []string) (opt options, operands []string, err error) {
	for n := 0; n < len(args); n++ {
		if args[n] == "--" {
			return opt, args[n+1:], nil
		}
		bundle, dashed := strings.CutPrefix(args[n], "-")
		if !dashed || bundle == "" {
			return opt, args[n:], nil
		}
		for at, letter := range bundle {
			i := slices.IndexFunc(optionTable, func(o Option) bool { return o.Letter == letter })
			if i < 0 {
				return opt, nil, bsderr.Newf("illegal option -- %c", letter)
			}
			o, value := optionTable[i], ""
			if o.Argument != "" {
				if value = bundle[at+1:]; value == "" {
					if n++; n == len(args) {
						return opt, nil, bsderr.Newf("option requires an argument -- %c", letter)
					}
					value = args[n]
				}
			}
			o.set(&opt, value)
			switch {
			case letter == 'j':
			case o.Argument == "":
				opt.typed = append(opt.typed, "-"+string(letter))
			default:
				opt.typed = append(opt.typed, "-"+string(letter), value)
			}
			if o.Argument != "" {
				break
			}
		}
	}
	return opt, nil, nil
}

// bufferSize is -B's argument as strtol(3) reads it; what is no number is none.
func bufferSize(text string) int {
	n, ok := strtol(text)
	if !ok || n < 0 {
		return 0
	}
	return int(min(n, math.MaxInt32))
}

// Forms are the forms of the command under a name by which it is called, as a usage has
// them: with operands, and with -a.
func Forms(program string) []string {
	letters := func(all bool) string {
		var plain, arguments string
		for _, o := range optionTable {
			switch {
			case strings.ContainsRune("AaX", o.Letter), all && !o.All:
			case o.Argument != "":
				arguments += " [-" + string(o.Letter) + " " + o.Argument + "]"
			default:
				plain += string(o.Letter)
			}
		}
		return program + " [-" + plain + "]" + arguments
	}
	return []string{letters(false) + " name[=value] ...", letters(true) + " -a"}
}

// usageOf is the usage under the name by which the command was called.
func usageOf(program string) string {
	return "usage: " + strings.Join(Forms(program), "\n       ") + "\n"
}

// looks tells that a knob is looked up rather than read.
func (o options) looks() bool { return o.describe || o.showType }

func (o options) separator() string {
	if o.equals {
		return "="
	}
	return ": "
}
