package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// The letters and the long options with values that the scan knows are those of
// the model.
func TestScanKnowsTheModel(t *testing.T) {
	parser, err := kong.New(&model{}, kong.NoDefaultHelp())
	if err != nil {
		t.Fatal(err)
	}
	letters, long := "", []string{}
	for _, f := range parser.Model.Flags {
		value := !f.IsBool()
		if f.Short != 0 {
			letters += string(f.Short)
			if value {
				letters += ":"
			}
		}
		if value {
			long = append(long, "--"+f.Name)
		}
	}
	for place, letter := range optstring {
		with := string(letter)
		if strings.HasPrefix(optstring[place+1:], ":") {
			with += ":"
		}
		if letter != ':' && !strings.Contains(letters, with) {
			t.Errorf("optstring has %s, the model %s", with, letters)
		}
	}
	if len(letters) != len(optstring) {
		t.Errorf("optstring is %s, the model has %s", optstring, letters)
	}
	if slices.Sort(long); !slices.Equal(long, longValues) {
		t.Errorf("the scan knows %q, the model has %q", longValues, long)
	}
}

// Where the operands begin.
func TestFirstOperand(t *testing.T) {
	for in, want := range map[string]string{
		"":                            "",
		"carp0":                       "carp0",
		"-a inet":                     "inet",
		"-akf inet:cidr carp0 -v":     "carp0 -v",
		"-v -- -x":                    "-x",
		"-g carp -carpdemote 5":       "-carpdemote 5",
		"--layout openbsd -gcarp x":   "x",
		"--json --netns=red - create": "- create",
	} {
		args := strings.Fields(in)
		_, operand, complaint := scanOptions(args)
		if got := strings.Join(args[operand:], " "); got != want || complaint != "" {
			t.Errorf("%s: operands %q, want %q; %s", in, got, want, complaint)
		}
	}
}
