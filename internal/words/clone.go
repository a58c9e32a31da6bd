package words

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
)

const (
	// cloner is the only kind of interface that can be made.
	cloner = "carp"
	// maxUnit is the highest unit number (FreeBSD if.h, IF_MAXUNIT).
	maxUnit = 0x7fff
	// nameSize is the room for a name and its NUL (IFNAMSIZ, here and on BSD).
	nameSize = 16
)

func cloneWords() []row {
	return []row{
		{Word{Name: "create", Synonyms: []string{"plumb"}, Family: Clone,
			Help: "make the interface; behind the bare name carp, the lowest free one"}, create},
		{Word{Name: "destroy", Synonyms: []string{"unplumb"}, Family: Clone,
			Help: "bow out and remove the interface"}, destroy},
	}
}

func create(p *parser, _ string) error {
	if p.at != 1 {
		return p.misplaced("goes right behind the interface name")
	}
	p.line.Create = true
	return nil
}

func destroy(p *parser, _ string) error {
	if len(p.args) != 2 {
		return p.misplaced("must be the only word")
	}
	p.line.Destroy = true
	return nil
}

// checkName refuses a name that cannot be an interface's before it gets
// anywhere near a path, and on create one that the cloner does not make.
func (p *parser) checkName() error {
	name, creating := p.line.Name, false
	if len(p.args) > 1 {
		word, _ := find(p.args[1])
		creating = word.Name == "create"
	}
	switch {
	case len(name) >= nameSize && creating:
		return bsderr.New(visible(name)+": cloning name too long", p.nameHint())
	case len(name) >= nameSize:
		return bsderr.New(visible(name)+": interface name too long", p.nameHint())
	case creating && name != cloner && !isUnit(name):
		why := "the only cloner is carp, which makes carp0 to carp%d"
		if strings.HasPrefix(name, cloner) {
			why = "must be carp or carp0 to carp%d, without leading zeros"
		}
		return bsderr.Errno("SIOCIFCREATE2", unix.EINVAL, p.hint(why, maxUnit))
	case !isDeviceName(name):
		return &bsderr.Error{Text: "interface " + visible(name) + " does not exist", Errno: unix.ENOENT}
	}
	return nil
}

func (p *parser) nameHint() string {
	return p.hint("%d bytes, a name has at most %d", len(p.line.Name), nameSize-1)
}

// isUnit tells whether name is carp0 to carp32767 as the cloner writes it: a
// second spelling of a unit would be a second interface in the state folder.
func isUnit(name string) bool {
	digits, ok := strings.CutPrefix(name, cloner)
	if !ok {
		return false
	}
	unit, ok := decimal(digits)
	return ok && unit >= 0 && unit <= maxUnit && strconv.Itoa(unit) == digits
}

// IsParent tells whether name is that of an interface which is not a carp
// one: on FreeBSD 10 and later, what bears a vhid.
func IsParent(name string) bool { return isDeviceName(name) && name != cloner && !isUnit(name) }

// isDeviceName is the Linux kernel's own test of an interface name
// (net/core/dev.c, dev_valid_name), control characters refused besides.
func isDeviceName(name string) bool {
	return name != "" && len(name) < nameSize && name != "." && name != ".." &&
		!strings.ContainsFunc(name, func(r rune) bool {
			return r == '/' || r == ':' || unicode.IsSpace(r) || !unicode.IsPrint(r)
		})
}
