package migrate

import (
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
)

// dialect is whose file it is.
type dialect int

const (
	openBSD dialect = iota
	netBSD
)

// maxFile is the size of a file that is not read any more, in bytes: 255 addresses
// need half of it.
const maxFile = 32 << 10

// fileName is what the files of the two systems are called.
var fileName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(hostname|ifconfig)\.(carp(?:0|[1-9][0-9]{0,4}))$`)
})

// variableName is NetBSD's variable in rc.conf.
var variableName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^ifconfig_(carp(?:0|[1-9][0-9]{0,4}))$`) })

// logical is one line of a file in as many pieces as it is continued.
type logical []rcconf.Word

// text is all of the line.
func (l logical) text() string {
	var b strings.Builder
	for _, piece := range l {
		b.WriteString(piece.Text)
	}
	return strings.Trim(b.String(), " \t\n")
}

// description is an interface as one of the systems describes it.
type description struct {
	name    string
	dialect dialect
	// from is the file, for people.
	from  string
	lines []logical
}

// read finds the interfaces that a file describes, or says why there is none.
func read(s rcconf.Source) ([]description, *rcconf.Problem) {
	refuse := func(text string, hints ...string) ([]description, *rcconf.Problem) {
		return nil, &rcconf.Problem{Pos: rcconf.Pos{File: s.Name}, Text: text, Hints: hints}
	}
	base := path.Base(s.Name)
	switch {
	case len(s.Data) > maxFile:
		return refuse("too big for the file of an interface", "is this the right file?")
	case strings.ContainsAny(string(s.Data), "\x00\r"):
		return refuse("it has a byte 0 or a carriage return", "is it a text file?")
	case base == "rc.conf" || strings.HasSuffix(base, ".rc.conf"):
		return readVariables(s)
	}
	m := fileName().FindStringSubmatch(base)
	if m == nil {
		return refuse("the name of the file tells the interface, and this one tells none of carp's",
			"call it hostname.carp0 as on OpenBSD, or ifconfig.carp0 as on NetBSD, or rc.conf if it is NetBSD's")
	}
	d := description{name: m[2], dialect: openBSD, from: s.Name}
	if m[1] == "ifconfig" {
		d.dialect = netBSD
	}
	d.lines = logicalLines(s)
	return []description{d}, nil
}

// logicalLines cuts a file into lines, of which one that ends in a backslash goes on.
func logicalLines(s rcconf.Source) (lines []logical) {
	var line logical
	number := 0
	for text := range strings.Lines(string(s.Data)) {
		number++
		text = strings.TrimSuffix(text, "\n")
		more := strings.HasSuffix(text, `\`) && !strings.HasSuffix(text, `\\`)
		line = append(line, rcconf.Word{Text: strings.TrimSuffix(text, `\`), Pos: rcconf.Pos{File: s.Name, Line: number, Col: 1}})
		if !more {
			line[len(line)-1].Text = text
			lines = append(lines, line)
			line = nil
		}
	}
	if line != nil {
		lines = append(lines, line)
	}
	return lines
}

// readVariables finds NetBSD's ifconfig_carpN in an rc.conf: lines divided by newlines
// if there are any, else by semicolons.
func readVariables(s rcconf.Source) (all []description, refused *rcconf.Problem) {
	config, err := rcconf.Load(s)
	if err != nil {
		return nil, firstProblem(err, s.Name)
	}
	if v, ok := config.Lookup("cloned_interfaces"); ok {
		return nil, &rcconf.Problem{Pos: v.Pos, Text: "this is FreeBSD's rc.conf, which is read as it is", Hints: []string{"use it with rc start -f"}}
	}
	for _, v := range config.Variables() {
		m := variableName().FindStringSubmatch(v.Name)
		if m == nil {
			continue
		}
		d := description{name: m[1], dialect: netBSD, from: s.Name}
		divider := ";"
		if strings.Contains(v.Value.Text, "\n") {
			divider = "\n"
		}
		at := 0
		for _, text := range strings.Split(v.Value.Text, divider) {
			d.lines = append(d.lines, logical{{Text: text, Pos: v.Value.At(at)}})
			at += len(text) + 1
		}
		all = append(all, d)
	}
	if len(all) == 0 {
		return nil, &rcconf.Problem{Pos: rcconf.Pos{File: s.Name}, Text: "it has no ifconfig_carpN"}
	}
	return all, nil
}

// firstProblem is the first of the reader's problems.
func firstProblem(err error, file string) *rcconf.Problem {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		err = joined.Unwrap()[0]
	}
	if p, ok := err.(*rcconf.Problem); ok {
		return p
	}
	return &rcconf.Problem{Pos: rcconf.Pos{File: file}, Text: err.Error()}
}
