package words

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

func linkWords() []row {
	rows := []row{
		{Word{Name: "up", Family: Link,
			Help: "take part in the election"}, func(p *parser, _ string) error { return p.setUp(true) }},
		{Word{Name: "down", Family: Link,
			Help: "bow out and leave the addresses to another host"}, func(p *parser, _ string) error { return p.setUp(false) }},
		{Word{Name: "description", Synonyms: []string{"descr"}, Family: Link, Arg: "text",
			Help: "free text, shown with the interface"}, description},
		{Word{Name: "-description", Synonyms: []string{"-descr"}, Family: Link,
			Help: "take the description away"}, func(p *parser, _ string) error { return description(p, "") }},
		{Word{Name: "group", Family: Link, Arg: "name",
			Help: "join an interface group"}, func(p *parser, value string) error { return p.group(value, false) }},
		{Word{Name: "-group", Family: Link, Arg: "name",
			Help: "leave an interface group"}, func(p *parser, value string) error { return p.group(value, true) }},
		{Word{Name: "name", Family: Link, Arg: "newname",
			Help: "give the interface another name"}, rename},
		{Word{Name: "mtu", Family: Link, Arg: "bytes",
			Help: "largest packet, at most the parent's"}, mtu},
		{Word{Name: "metric", Family: Link, Arg: "number",
			Help: "kept and shown"}, metric},
	}
	return append(rows, flagWords()...)
}

// maxDescription is FreeBSD's limit (sysctl net.ifdescr_maxlen) less the NUL.
const maxDescription = 1023

func description(p *parser, value string) error {
	switch {
	case len(value) > maxDescription:
		return bsderr.Errno("ioctl (set descr)", unix.ENAMETOOLONG, p.hint("description: %d bytes, at most %d", len(value), maxDescription))
	case strings.ContainsFunc(value, unicode.IsControl), !utf8.ValidString(value):
		return p.badValue(p.hint("description: one line of UTF-8 text"))
	}
	p.line.Change.Description = &value
	return nil
}

// inherent are the groups that a carp interface is born into and stays in.
var inherent = []string{cloner, "all"}

// group follows setifgroup and unsetifgroup of ifconfig(8): a name that ends in a digit
// would be an interface's.
func (p *parser) group(name string, leave bool) error {
	word, call := p.args[p.at-1], "setifgroup"
	if leave {
		call = "unsetifgroup"
	}
	switch {
	case name != "" && name[len(name)-1] >= '0' && name[len(name)-1] <= '9':
		return bsderr.New(call+": group names may not end in a digit", p.hint("%s %s", word, p.shown()))
	case len(name) >= nameSize:
		return bsderr.New(call+": group name too long", p.hint("%s: %d bytes, a name has at most %d", word, len(name), nameSize-1))
	case !isDeviceName(name):
		return p.badValue(p.hint("%s %s: not a name", word, p.shown()))
	case slices.Contains(inherent, name) && leave:
		return bsderr.Errno("SIOCDIFGROUP", unix.EOPNOTSUPP, p.hint("%s %s: every carp interface is in it", word, name))
	case slices.Contains(inherent, name):
		return nil // to join twice is no error
	}
	p.line.Change.Groups = append(p.line.Change.Groups, control.GroupChange{Name: name, Leave: leave})
	return nil
}

// reserved are names that mean something else: behind the program's name, in
// the state folder, or under /proc/sys.
var reserved = []string{cloner, "completion", "sysctl", "netstat", "rc", "supervise", "words", "parents", "all", "default"}

func rename(p *parser, value string) error {
	refuse := func(why string) error {
		return bsderr.Errno("ioctl SIOCSIFNAME (set name)", unix.EINVAL, p.hint("name %s: %s", p.shown(), why))
	}
	switch {
	case len(value) >= nameSize:
		return bsderr.New(p.shown()+": interface name too long",
			p.hint("name: %d bytes, a name has at most %d", len(value), nameSize-1))
	case slices.Contains(reserved, value):
		return refuse("that name has a meaning of its own")
	case value == "" || strings.ContainsAny(value[:1], ".-") || strings.ContainsFunc(value, notInName):
		return refuse("must be of letters, digits, -, . and _, and begin with neither - nor .")
	}
	p.line.Change.Name = &value
	return nil
}

// notInName tells what a name that we give has none of. The kernel's rule
// allows more; ours are names of files, too, and typed.
func notInName(r rune) bool {
	return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-._", r)
}

func (p *parser) setUp(up bool) error {
	p.line.Change.Up = &up
	return nil
}
