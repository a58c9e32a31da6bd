package rcconf

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// Plan is what rc would do with the carp interfaces of a configuration.
type Plan struct {
	// Interfaces are in rc's order: the cloned ones as listed, then those that
	// are configured but not cloned, then the vhids on physical interfaces.
	Interfaces []Interface
	// Hosts are the physical interfaces that the files configure. They are
	// never touched; their addresses tell which of this host's they are.
	Hosts []Host
	// Map is carp_map: the name in the files, mangled, to the one here.
	Map map[string]string
	// Wait is carp_wait, how long to wait for parents, perhaps [Forever]; nil if it is
	// not set.
	Wait *time.Duration
	// Notes are warnings, the configuration's included.
	Notes []*Problem
}

// Interface is one carp interface.
type Interface struct {
	// Name is what it is called when all is done. It is empty for a vhid on a
	// physical interface: the carp interface with that vhid is meant, whichever
	// it is, or the next that is free.
	Name string
	// Clone is the name it is created under, another one if it is renamed.
	Clone string
	// Parent and VHID are of a vhid on a physical interface, which is called as
	// the files do, mangled.
	Parent string
	VHID   int
	// Cloned tells that start makes it: it is in cloned_interfaces, or a vhid on
	// a physical interface.
	Cloned bool
	// Sticky tells that stop leaves it there.
	Sticky bool
	// NoAuto tells that it is started only when asked for by name.
	NoAuto bool
	// Pos is where it is listed, or its first line.
	Pos Pos
	// Lines are what is done with it, one after another.
	Lines []Line
	// Problems are mistakes because of which nothing is done with it.
	Problems []*Problem
}

// Title names it, also one without a name: "em0 vhid 1".
func (i *Interface) Title() string {
	if i.Name != "" {
		return i.Name
	}
	return i.Parent + " vhid " + strconv.Itoa(i.VHID)
}

// Number is the vhid of one on a physical interface.
func (i *Interface) Number() (carp.VHID, error) { return carp.NewVHID(i.VHID) }

// Line is one call of ifconfig(8).
type Line struct {
	// Variable is where it comes from; empty for the final "up" of rc's own.
	Variable string
	// Words are what stands behind the interface's name. There is one at least.
	Words []Word
	// Pos is where the first of the words that are from the files stands.
	Pos Pos
}

// Args are the words of a call for an interface.
func (l Line) Args(name string) []string {
	args := []string{name}
	for _, w := range l.Words {
		args = append(args, w.Text)
	}
	return args
}

// planner makes a Plan.
type planner struct {
	config *Config
	plan   *Plan
	// taken are the interfaces dealt with, mangled.
	taken map[string]bool
}

// carpName are the names that the cloner makes.
var carpName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^carp(0|[1-9][0-9]{0,4})$`) })

// NewPlan says what rc would do.
func NewPlan(c *Config) *Plan {
	p := &planner{config: c, taken: map[string]bool{}, plan: &Plan{Map: map[string]string{}}}
	p.plan.Notes = c.Notes(isKnown)
	p.readMap()
	p.readWait()
	p.cloned()
	p.others()
	return p.plan
}

func (p *planner) note(pos Pos, text string, hints ...string) {
	p.plan.Notes = append(p.plan.Notes, &Problem{Pos: pos, Text: text, Hints: hints})
}

// readMap reads carp_map.
func (p *planner) readMap() {
	v, _ := p.config.Lookup(mapping)
	for _, w := range fields(v) {
		if theirs, ours, ok := strings.Cut(w.Text, "="); ok && theirs != "" && ours != "" {
			p.plan.Map[Mangle(theirs)] = ours
		} else {
			p.note(w.Pos, mapping+": not of the form fxp0=eth0")
		}
	}
}

// readWait reads carp_wait.
func (p *planner) readWait() {
	v, ok := p.config.Lookup(waiting)
	if !ok || v.Text == "" {
		return
	}
	wait, ok := ParseWait(v.Text)
	if !ok {
		p.note(v.Pos, waiting+": neither a number of seconds nor forever")
		return
	}
	p.plan.Wait = &wait
}

// fields cuts a list at its blanks.
func fields(v Value) (words []Word) {
	at := 0
	for _, f := range strings.Fields(v.Text) {
		at += strings.Index(v.Text[at:], f)
		words = append(words, Word{f, v.At(at)})
		at += len(f)
	}
	return words
}

// cloned plans what cloned_interfaces lists.
func (p *planner) cloned() {
	sticky, _ := p.config.Lookup(clonedSticky)
	list, _ := p.config.Lookup(clonedInterfaces)
	for _, w := range fields(list) {
		name, option, _ := strings.Cut(w.Text, ":")
		switch {
		case name == "carp":
			p.note(w.Pos, "carp: an interface in "+clonedInterfaces+" needs its number", "write carp0")
			continue
		case !carpName().MatchString(name):
			continue // lo1, vlan5, bridge0: not ours to make
		case p.taken[name]:
			p.note(w.Pos, name+" is listed twice")
			continue
		}
		i := Interface{Name: name, Clone: name, Cloned: true, Sticky: yes(sticky.Text), Pos: w.Pos}
		switch option {
		case "":
		case "sticky", "nosticky":
			i.Sticky = option == "sticky"
		default:
			p.note(w.Pos, name+": behind the colon goes sticky or nosticky")
		}
		p.carp(&i)
	}
}

// others plans the interfaces that variables are about and that are not cloned.
func (p *planner) others() {
	var physical []string
	for _, v := range p.config.Variables() {
		name := subject(v.Name)
		switch {
		case name == "" || p.taken[name]:
		case carpName().MatchString(name):
			p.note(v.Pos, v.Name+": "+name+" is not in "+clonedInterfaces, "start makes no interface that is not listed there")
			p.carp(&Interface{Name: name, Clone: name, Pos: v.Pos})
		default:
			p.taken[name] = true
			physical = append(physical, name)
		}
	}
	for _, name := range physical {
		p.physical(name)
	}
}

// carp plans a carpN.
func (p *planner) carp(i *Interface) {
	p.taken[i.Clone] = true
	if v, ok := p.config.Lookup(createArgs + i.Clone); ok {
		p.add(i, createArgs+i.Clone, v, []string{"create"})
	}
	if v, _ := p.config.Lookup("ifconfig_" + i.Clone + "_name"); v.Text != "" {
		p.add(i, "ifconfig_"+i.Clone+"_name", v, []string{"name"})
		i.Name = v.Text
		p.taken[Mangle(i.Name)] = true
	}
	l := p.lines(Mangle(i.Name))
	i.Lines = append(i.Lines, l.lines...)
	i.Problems = append(i.Problems, l.problems...)
	i.NoAuto = l.noAuto
	for _, w := range l.dropped {
		p.note(w.Pos, w.Text+": not done for a carp interface")
	}
	p.plan.Interfaces = append(p.plan.Interfaces, *i)
}

// add adds the line of a variable, behind words of rc's own.
func (p *planner) add(i *Interface, variable string, v Value, before []string) {
	words, problem := p.words(v)
	if problem != nil {
		i.Problems = append(i.Problems, problem)
		return
	}
	if len(words) == 0 {
		return
	}
	line := Line{Variable: variable, Pos: words[0].Pos}
	for _, text := range before {
		line.Words = append(line.Words, Word{text, line.Pos})
	}
	line.Words = append(line.Words, words...)
	i.Lines = append(i.Lines, line)
}

// Secrets are the files that have a password in them, each with the place of one.
func (p *Plan) Secrets() map[string]Pos {
	found := map[string]Pos{}
	for _, i := range p.Interfaces {
		for _, l := range i.Lines {
			for _, w := range l.Words {
				if _, ok := found[w.Pos.File]; w.Text == passWord && !ok {
					found[w.Pos.File] = w.Pos
				}
			}
		}
	}
	return found
}
