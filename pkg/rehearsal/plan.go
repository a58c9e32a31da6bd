package rehearsal

import "fmt"

// plan is what has happened, in order: the kernel's operations as the commands for
// them, all else as comments.
type plan struct {
	lines []string
	muted bool
	// heading stands before the next line, if there is one.
	heading string
}

// operate notes an operation of the kernel's.
func (p *plan) operate(command string) {
	p.add(command)
}

func (p *plan) add(line string) {
	switch {
	case p.muted:
		return
	case p.heading != "":
		p.lines = append(p.lines, p.heading)
		p.heading = ""
	}
	p.lines = append(p.lines, line)
}

// note notes something else. What happens twice in a row, as an advertisement for a
// former list of addresses does, is told once.
func (p *plan) note(format string, args ...any) {
	line := "# " + fmt.Sprintf(format, args...)
	if n := len(p.lines); n == 0 || p.lines[n-1] != line {
		p.add(line)
	}
}

// under does what happens at a later time, which the heading names.
func (p *plan) under(heading string, f func()) {
	p.heading = "# " + heading
	f()
	p.heading = ""
}

// take is what has happened since the last call.
func (p *plan) take() []string {
	lines := p.lines
	p.lines = nil
	return lines
}

// quietly does what is no part of the plan.
func (p *plan) quietly(f func()) {
	p.muted = true
	f()
	p.muted = false
}
