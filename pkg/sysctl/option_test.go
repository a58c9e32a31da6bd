package sysctl

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// What is handed on to another network namespace is the same command line without -j,
// and every option of the table is one that the parser knows.
func FuzzOptions(f *testing.F) {
	f.Add("-ndj\nred\n-B16\n-f\nfile\n--\n-x=1")
	f.Add("-aB\n0x10\n-jred\n-e\nnet.inet.carp\n-n")
	f.Add("-xj")
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Split(line, "\n")
		opt, operands, err := parseOptions(args)
		if err != nil {
			return
		}
		again, rest, err := parseOptions(slices.Concat(opt.typed, []string{"--"}, operands))
		if err != nil || again.netns != nil || !slices.Equal(rest, operands) {
			t.Fatalf("%q: %+v, %q, %v", args, again, rest, err)
		}
		opt.netns = nil
		if !reflect.DeepEqual(opt, again) {
			t.Fatalf("%q: %+v became %+v", args, opt, again)
		}
	})
}

func TestEveryOption(t *testing.T) {
	for _, o := range Options() {
		args := []string{"-" + string(o.Letter)}
		if o.Argument != "" {
			if _, _, err := parseOptions(args); err == nil {
				t.Errorf("-%c without its %s", o.Letter, o.Argument)
			}
			args = append(args, "8")
		}
		opt, operands, err := parseOptions(append(args, "x"))
		if err != nil || len(operands) != 1 {
			t.Errorf("-%c: %q, %v", o.Letter, operands, err)
		}
		if opt.typed = nil; o.Letter != 'w' && reflect.DeepEqual(opt, options{}) {
			t.Errorf("-%c does nothing", o.Letter)
		}
	}
}
