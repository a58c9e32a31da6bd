package cli

import (
	"slices"
	"strings"
)

// optstring has the options of one letter, as getopt(3) takes them: what stands
// before a colon has a value.
const optstring = "aACdf:G:g:hj:kLlmNnuv"

// longValues are the long options that have a value.
var longValues = []string{"--exclude", "--format", "--group", "--layout", "--netns"}

// undemote is OpenBSD's word behind -g that looks like options.
const undemote = "-carpdemote"

// option is one option as it was typed.
type option struct {
	// name is "-j", or "--netns" of a long one.
	name string
	// arg and end are the indices of its first argument and of the one behind
	// its last; from is where a letter stands in its bundle.
	arg, end, from int
	value          string
}

// scanOptions reads the options up to the first operand, as getopt(3) would:
// bundled letters, and a value either behind its letter or as the next argument.
// It returns what getopt says of the first that is none or that lacks its value,
// and the index of the first operand. Long options are read as far as their
// values go; whether they exist is for kong to say.
func scanOptions(args []string) (found []option, operand int, complaint string) {
	n := 0
	for n < len(args) {
		if args[n] == "--" {
			return found, n + 1, ""
		}
		bundle, dashed := strings.CutPrefix(args[n], "-")
		if !dashed || bundle == "" || behindGroup(found, args[n], n) {
			break
		}
		if strings.HasPrefix(bundle, "-") {
			o, complaint := longOption(args, n)
			if complaint != "" {
				return found, n, complaint
			}
			found, n = append(found, o), o.end
			continue
		}
		letters, complaint := scanBundle(args, n)
		if complaint != "" {
			return found, n, complaint
		}
		found = append(found, letters...)
		n = letters[len(letters)-1].end
	}
	return found, n, ""
}

// behindGroup tells that an argument is undemote where that is a word: behind -g
// and its value.
func behindGroup(found []option, arg string, n int) bool {
	if arg != undemote || len(found) == 0 {
		return false
	}
	last := found[len(found)-1]
	return last.end == n && (last.name == "-g" || last.name == "--group")
}

func longOption(args []string, n int) (o option, complaint string) {
	name, value, found := strings.Cut(args[n], "=")
	o = option{name: name, arg: n, end: n + 1, value: value}
	switch {
	case found || !slices.Contains(longValues, name):
	case n+1 == len(args):
		return o, "option requires an argument -- " + strings.TrimPrefix(name, "--")
	default:
		o.value, o.end = args[n+1], n+2
	}
	return o, ""
}

// scanBundle reads the letters of args[n].
func scanBundle(args []string, n int) (found []option, complaint string) {
	bundle := args[n]
	for at, letter := range bundle {
		if at == 0 {
			continue // the dash
		}
		place := strings.IndexRune(optstring, letter)
		if place < 0 || letter == ':' {
			return nil, "illegal option -- " + string(letter)
		}
		o := option{name: "-" + string(letter), arg: n, end: n + 1, from: at}
		if !strings.HasPrefix(optstring[place+1:], ":") {
			found = append(found, o)
			continue
		}
		switch o.value = bundle[at+1:]; {
		case o.value != "":
		case n+1 == len(args):
			return nil, "option requires an argument -- " + string(letter)
		default:
			o.value, o.end = args[n+1], n+2
		}
		return append(found, o), ""
	}
	return found, ""
}

// withoutNetns takes -j and its value, in whatever form they were typed, out of
// the options.
func withoutNetns(args []string) []string {
	found, _, _ := scanOptions(args)
	for _, o := range found {
		if o.name != "-j" && o.name != "--netns" {
			continue
		}
		out := slices.Clone(args[:o.arg])
		if o.from > 1 { // the letters before it
			out = append(out, args[o.arg][:o.from])
		}
		return append(out, args[o.end:]...)
	}
	return args
}
