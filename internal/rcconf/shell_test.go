package rcconf

import (
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// fragments are what files are put together from: all that means something to a shell
// and nothing that it could run. A ~ is left out, which stays one here.
var fragments = []string{
	"a=", "b=", "c=", "a=\"", "b='", "x", "y", "1", " ", "\t", "\n", "\n", ";", "'", "\"", "\\", "\\\n", "#", " # ",
	"$a", "${b}", "$c ", "${a:-", "${b-", "${c:=", "${a=", "${b:+", "${c+", "}", "$", "{", "=", "+", "*", "!", "é", "\xff",
	"export b=", ": ",
}

// shell gives texts, as $text, to a script each, which has no program to call, no file
// name to match and no variable set. What it prints of each comes back behind a newline.
func shell(t *rapid.T, script string, texts []string) string {
	cmd := exec.Command("/bin/sh", append([]string{"-c", `set -f
for text do
	echo
	(` + script + `)
done`, "sh"}, texts...)...)
	cmd.Env = []string{"PATH=/nonexistent"}
	cmd.Dir = "/"
	out, err := cmd.CombinedOutput()
	if _, failed := err.(*exec.ExitError); err != nil && !failed {
		t.Fatal(err)
	}
	return string(out)
}

// texts are some put together from pieces.
func texts(t *rapid.T, pieces []string) (list []string) {
	for range 10 {
		list = append(list, strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 14).Draw(t, "text"), ""))
	}
	return list
}

// What is evaluated here has the value that it has in a shell, which evaluates it for rc.
func TestValuesAreAShells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var accepted []string
		var want strings.Builder
		for _, text := range texts(t, fragments) {
			c, err := load(text)
			if err != nil {
				continue // refused, as a good deal of what a shell would do
			}
			accepted = append(accepted, text)
			want.WriteString("\n")
			for _, name := range []string{"a", "b", "c"} {
				if v, set := c.Lookup(name); set {
					want.WriteString(name + "=<" + v.Text + ">")
				}
			}
		}
		got := shell(t, `eval "$text"
for n in a b c; do eval "[ \${$n+set} ] && printf '%s=<%s>' $n \"\$$n\""; done`, accepted)
		if got != want.String() {
			t.Fatalf("%q\nhere:  %q\nshell: %q", accepted, want.String(), got)
		}
	})
}

// The words of a value are those that rc gives ifconfig(8): network.subr cuts the value
// at its blanks, joins it with one each and has the shell evaluate that.
func TestWordsAreAShells(t *testing.T) {
	pieces := []string{"vhid", " ", " ", "\t", "\n", "'", "'", "\"", "\"", "\\", "#", "x", "1", "=", "{", "}", "!", "*", "é"}
	rapid.Check(t, func(t *rapid.T) {
		var accepted []string
		var want strings.Builder
		for _, text := range texts(t, pieces) {
			list, problem := split(Value{Text: text, Pos: Pos{File: "rc.conf", Line: 1, Col: 1}})
			if problem != nil {
				continue
			}
			accepted = append(accepted, text)
			want.WriteString("\n")
			for _, w := range list {
				want.WriteString("<" + w.Text + ">")
			}
		}
		got := shell(t, `args=; for w in $text; do args="$args $w"; done
eval set -- "$args"; for w do printf '<%s>' "$w"; done`, accepted)
		if got != want.String() {
			t.Fatalf("%q\nhere:  %q\nshell: %q", accepted, want.String(), got)
		}
	})
}
