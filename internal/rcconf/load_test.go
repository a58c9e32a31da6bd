package rcconf

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// load loads a file called rc.conf.
func load(text string) (*Config, error) {
	return Load(Source{Name: "rc.conf", Data: []byte(text)})
}

func TestLoad(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"one", `a=1`, "1"},
		{"several on a line", `x=0 a="1 2" b='3'`, "1 2"},
		{"semicolons", `x=0; a=1; b=2`, "1"},
		{"last counts", "a=1\na=2", "2"},
		{"empty", "a=", ""},
		{"empty quotes", `a=""`, ""},
		{"comment behind", `a=1 # not "this`, "1"},
		{"a comment does not go on", "a=1 # \\\nb=2", "1"},
		{"nor does one alone", "a=1\n# b \\\\\nc=2", "1"},
		{"nor one with a quote", "a=1 # it's \"\\\nb=2", "1"},
		{"nor one behind braces", "a=1 b=${x:-\"} '\" # y} c=$b # \\\nb=2", "1"},
		{"nor one behind a line that goes on", "a=1 \\\n# \\\nb=2", "1"},
		{"no comment in a word that goes on", "a=\\\n#\\\n2", "#2"},
		{"no comment in a word goes on", "a=1#\\\n2", "1#2"},
		{"no comment behind a backslash", "a=1\\ #\\\n2", "1 #2"},
		{"no comment in quotes goes on", "a=\"1 # \\\n2\"", "1 # 2"},
		{"no comment in single quotes", "a='1 # \\\n2'", "1 # \\\n2"},
		{"no comment in a word", `a=1#2`, "1#2"},
		{"no comment in quotes", `a="1 # 2"`, "1 # 2"},
		{"single quotes keep all", `a='$x \n "q"'`, `$x \n "q"`},
		{"quotes joined", `a="1 "'2 '3\ 4`, "1 2 3 4"},
		{"escapes in double quotes", `a="\"\$x\\ \n \}"`, `"$x\ \n \}`},
		{"continued in quotes", "a=\"1 \\\n2\"", "1 2"},
		{"continued bare", "a=1\\\n2", "12"},
		{"newline in quotes", "a=\"1\n2\"", "1\n2"},
		{"reference", `x=1 a=$x-${x}`, "1-1"},
		{"reference in quotes", `x="1 2" a="<$x>"`, "<1 2>"},
		{"reference in single quotes", `x=1 a='$x'`, "$x"},
		{"a lone dollar", `a="5$"`, "5$"},
		{"default", `a=${x:-"d e"}`, "d e"},
		{"default of empty", `x= a=${x:-d}`, "d"},
		{"default of unset only", `x= a=${x-d}`, ""},
		{"default in quotes", `a="${x:-d \} e}"`, "d } e"},
		{"assigning", `x=${a:=d}`, "d"},
		{"assigning by a colon", `: ${a:=d}`, "d"},
		{"assigning, set already", "a=1\n: ${a:=d}", "1"},
		{"alternative", `x=1 a=${x:+d}`, "d"},
		{"no alternative", `a=${x:+d}`, ""},
		{"demanded", `x=1 a=${x:?no}`, "1"},
		{"nested", `y=2 a=${x:-${z:-<$y>}}`, "<2>"},
		{"exported", `export x=0 a=1 y`, "1"},
		{"exported at once", `a=0 b=0; export b=1 a=$b`, "0"},
		{"readonly", `readonly a="1 2"'3'`, "1 23"},
		{"tilde stays", `a=~/x`, "~/x"},
		{"no file names", `a=/etc/*`, "/etc/*"},
		{"not UTF-8", "# caf\xe9\na=caf\xe9", "caf\xe9"},
		{"UTF-8", "a=\"café 1\"", "café 1"},
		{"no newline at the end", "a=1\nb=2", "1"},
		{"blank lines", "\n\n  a=1\n\n", "1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := load(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := c.Lookup("a"); !ok || got.Text != tt.want {
				t.Errorf("%q, %v; want %q", got.Text, ok, tt.want)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"b=1\na=\"x $(ls)\"", "rc.conf:2:6: command substitution is not evaluated"},
		{"a=`ls`", "rc.conf:1:3: command substitution is not evaluated"},
		{"a=${x:-$(ls)}", "rc.conf:1:8: command substitution is not evaluated"},
		{"a=$((1+2))", "rc.conf:1:3: arithmetic is not evaluated"},
		{"a=1\nls -l", "rc.conf:2:1: ls: a command, which is not executed"},
		{"/bin/ls", "rc.conf:1:1: a command, which is not executed"},
		{"a='vhid 1 pass' secret", "rc.conf:1:17: a command, which is not executed"},
		{". /etc/rc.more", "rc.conf:1:1: .: other files are not read from a file"},
		{"source /etc/rc.more", "rc.conf:1:1: source: other files are not read from a file"},
		{"a+=b", "rc.conf:1:1: += is not in FreeBSD's sh"},
		{"a=(1 2)", "rc.conf:1:3: syntax error: arrays are not in FreeBSD's sh"},
		{"a=1 > f", "rc.conf:1:5: redirection is not done"},
		{"a=1 &", "rc.conf:1:5: nothing is run in the background"},
		{"! a=1", "rc.conf:1:1: a command is not executed"},
		{"true && a=1", "rc.conf:1:1: a list of commands is not executed"},
		{"if true; then a=1; fi", "rc.conf:1:1: if is not executed"},
		{"for x in 1; do a=1; done", "rc.conf:1:1: for is not executed"},
		{"while true; do a=1; done", "rc.conf:1:1: a loop is not executed"},
		{"case x in x) a=1;; esac", "rc.conf:1:1: case is not executed"},
		{"f() { a=1; }", "rc.conf:1:1: a function is not executed"},
		{"{ a=1; }", "rc.conf:1:1: a group of commands is not executed"},
		{"(a=1)", "rc.conf:1:1: a group of commands is not executed"},
		{"a=$1", "rc.conf:1:3: only variables of the file are evaluated"},
		{"a=$$", "rc.conf:1:3: only variables of the file are evaluated"},
		{"a=\"$@\"", "rc.conf:1:4: only variables of the file are evaluated"},
		{"a=${#x}", "rc.conf:1:3: of ${...} only the forms :- := :+ :? are evaluated"},
		{"a=${x%y}", "rc.conf:1:3: of ${...} only the forms :- := :+ :? are evaluated"},
		{"a=${x##y}", "rc.conf:1:3: of ${...} only the forms :- := :+ :? are evaluated"},
		{"a=${x:?}", "rc.conf:1:3: x is not set"},
		{"a=$'x'", "rc.conf:1:4: $ before a quote is not evaluated"},
		{"a=\"${x:-'y'}\"", "rc.conf:1:9: ' inside ${...} inside double quotes is not evaluated"},
		{"a=b=$\\\n$", "rc.conf:1:5: $ before the end of a line that goes on is not evaluated"},
		{"export 1=2", "rc.conf:1:8: not an assignment"},
		{"a='1\nb=2", "rc.conf:1:3: syntax error: reached EOF without closing quote '''"},
		{"a=\"1\nb=2", "rc.conf:1:3: syntax error: reached EOF without closing quote '\"'"},
		{"a=1\r\n", "rc.conf:1:4: carriage return"},
		{"a=1\x00", "rc.conf:1:4: not a text file"},
		{"\uFEFFa=1\n", "rc.conf:1:1: byte order mark"},
		{"v\xe9r=1", "rc.conf:1:1: not the name of a variable"},
		{strings.Repeat("a=1\n", MaxFile/4) + "#", "rc.conf: too large, an rc.conf has at most 262144 bytes"},
		{"a=" + strings.Repeat("1", maxValue+1), "rc.conf:1:1: a: a value has at most 65536 bytes"},
		{"a=1\n" + strings.Repeat("a=$a$a\n", 17), "rc.conf:18:1: a: a value has at most 65536 bytes"},
		{"b=" + strings.Repeat("1", maxValue) + strings.Repeat(" a=$b", maxTotal/maxValue),
			"rc.conf:1:65855: a: all values together have at most 4194304 bytes"},
		{"ls\nls\n", "rc.conf:1:1: ls: a command, which is not executed\nrc.conf:2:1: ls: a command, which is not executed"},
	} {
		c, err := load(tt.in)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%.60q: %v; want %s", tt.in, err, tt.want)
		}
		if c != nil {
			t.Errorf("%.60q: refused, but there is a configuration", tt.in)
		}
	}
}

func TestLoadReportsNotWithoutEnd(t *testing.T) {
	_, err := load(strings.Repeat("ls\n", 100))
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != maxProblems+1 || lines[maxProblems] != "rc.conf: 80 more problems" {
		t.Errorf("%d lines, the last is %q", len(lines), lines[len(lines)-1])
	}
}

// A variable of one file counts in the next.
func TestLoadFiles(t *testing.T) {
	c, err := Load(
		Source{"defaults", []byte("a=1 b=1 c=$a\nif [ -z \"${source_rc_confs_defined}\" ]; then\nsource_rc_confs() { . $i; }\nfi\n" +
			"if [ -r /etc/defaults/vendor.conf ]; then\n. /etc/defaults/vendor.conf\nfi\n")},
		Source{"rc.conf", []byte("a=2 d=$a$b")},
		Source{"rc.conf.local", []byte("a=3")})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range c.Variables() {
		got = append(got, v.Pos.String()+" "+v.Name+"="+v.Value.Text)
	}
	want := []string{"rc.conf.local:1:1 a=3", "defaults:1:5 b=1", "defaults:1:9 c=1", "rc.conf:1:5 d=21"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLoadNotesWhatIsNotSet(t *testing.T) {
	c, err := load("a=$x\nb=${x:-1}\nc=${a}")
	if err != nil {
		t.Fatal(err)
	}
	if notes := c.Notes(nil); len(notes) != 1 || notes[0].Error() != "rc.conf:1:3: a variable that is not set, taken as empty" {
		t.Errorf("%v", notes)
	}
	if notes := c.Notes(isKnown); len(notes) != 0 {
		t.Errorf("a is not ours, but %v", notes)
	}
	if c, err = load(`cloned_interfaces="$cloned_interfaces carp0" rc_conf_files="$rc_conf_files /etc/rc.more"`); err != nil {
		t.Fatal(err)
	}
	if notes := c.Notes(nil); len(notes) != 0 {
		t.Errorf("FreeBSD sets these, but %v", notes)
	}
}

// Every byte of a value is found in the file again.
func TestValueAt(t *testing.T) {
	for _, tt := range []struct {
		in     string
		offset int
		want   string
	}{
		{`a=xyz`, 0, "rc.conf:1:3"},
		{`a=xyz`, 2, "rc.conf:1:5"},
		{`a="xyz"`, 0, "rc.conf:1:4"},
		{`b=1 a="x 'y' z"`, 7, "rc.conf:1:15"},
		{`a="x "'y '\z`, 4, "rc.conf:1:12"},
		{"a=\"x \\\n  y\"", 4, "rc.conf:2:3"},
		{"a='x\ny'", 2, "rc.conf:2:1"},
		{`a="\"q"`, 0, "rc.conf:1:5"},
		{`a="\"q"`, 1, "rc.conf:1:6"},
		{`v=long a="1 $v 2"`, 2, "rc.conf:1:13"},
		{`v=long a="1 $v 2"`, 5, "rc.conf:1:13"},
		{`v=long a="1 $v 2"`, 7, "rc.conf:1:16"},
		{`a="${v:-1 2}"`, 2, "rc.conf:1:11"},
		{`export a="1 2"`, 2, "rc.conf:1:13"},
		{`export a=1"2"`, 1, "rc.conf:1:12"},
		{"a=" + strings.Repeat("x", 40000), 39999, "rc.conf:1:40002"},
		{`a=`, 0, "rc.conf:1:3"},
	} {
		c, err := load(tt.in)
		if err != nil {
			t.Fatal(err)
		}
		v, _ := c.Lookup("a")
		if got := v.At(tt.offset).String(); got != tt.want {
			t.Errorf("%.40q, byte %d: %s, want %s", tt.in, tt.offset, got, tt.want)
		}
	}
}

// The handbook's three files are read as printed.
func TestHandbook(t *testing.T) {
	for file, want := range map[string]string{
		"hosta.rc.conf":    "vhid 1 pass testpast 192.168.1.50/24",
		"hostb.rc.conf":    "vhid 2 pass testpass 192.168.1.51/24",
		"provider.rc.conf": "vhid 1 advskew 100 pass testpass 192.168.1.50/24",
	} {
		data, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Load(Source{file, data})
		if err != nil {
			t.Fatal(err)
		}
		v, _ := c.Lookup("ifconfig_carp0")
		if v.Text != want {
			t.Errorf("%s: %q", file, v.Text)
		}
		// The word behind pass is where the file has it.
		key := strings.Index(v.Text, "testpas")
		if at := v.At(key); at.Line != 1 || !strings.HasPrefix(string(data[at.Col-1:]), v.Text[key:]) {
			t.Errorf("%s: the key is not at %v", file, at)
		}
	}
}

// Whatever a file is, it is read or refused; what is read has its bytes in it.
func FuzzLoad(f *testing.F) {
	for _, s := range []string{`a=1 b="x $a" c=${a:-2}`, "a='x\ny' \\\n b=2 # c", `a="\"$b` + "`ls`", "export a=1", ": ${a:=x}", "a=\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Load(Source{"f", data})
		if (c == nil) == (err == nil) {
			t.Fatalf("%v, %v", c, err)
		}
		if c == nil {
			return
		}
		lines := strings.Split(string(data), "\n")
		for _, v := range c.Variables() {
			for n := range len(v.Value.Text) {
				at := v.Value.At(n)
				if at.Line < 1 || at.Line > len(lines) || at.Col < 1 || at.Col > len(lines[at.Line-1])+1 {
					t.Fatalf("%s: byte %d is at %v, which is not in the file", v.Name, n, at)
				}
				line := lines[at.Line-1] + "\n"
				if c, in := v.Value.Text[n], line[at.Col-1]; c != in && in != '$' {
					t.Fatalf("%s: byte %d, %q, is at %v, where there is %q", v.Name, n, c, at, in)
				}
			}
		}
	})
}
