package tour

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The hosts of the tour.
var people = slices.Concat(neighbours, routers)

var (
	// neighbours are on one LAN.
	neighbours = []string{"hosta", "hostb", "provider", "client"}
	// routers are on another one, and on a third.
	routers = []string{"routera", "routerb"}
)

// The events of a tour, as the texts word them.
const (
	pull = "Pull hosta's cable."
	plug = "Plug the cable in again."
)

var events = []string{pull, plug}

// step is an event, or a command with what it prints.
type step struct {
	event         string
	host, command string
	line          int // of the text, for the reader of a failure
	output        []string
}

var (
	prompt  = regexp.MustCompile(`^(\w+)# (.*)$`)
	hereDoc = regexp.MustCompile(`<<-?'?(\w+)'?`)
)

// read finds the steps of a text in Markdown, in the section with this heading. What it does not understand
// is an error, so that nothing in the section goes untried.
func read(readme, heading string) ([]step, error) {
	var steps []step
	var prose, end string // the text since the last block; what ends a here document
	inside, found := false, false
	for n, line := range strings.Split(readme, "\n") {
		if strings.HasPrefix(line, "## ") {
			inside = line == "## "+heading
			found = found || inside
			continue
		}
		if !inside {
			continue
		}
		text, isBlock := strings.CutPrefix(line, "    ")
		if !isBlock {
			if end != "" {
				return nil, fmt.Errorf("line %d: the here document does not end", n+1)
			}
			var happened []step
			prose, happened = told(prose+" "+line, n+1)
			steps = append(steps, happened...)
			continue
		}
		last := len(steps) - 1
		typed := prompt.FindStringSubmatch(text)
		switch {
		case end != "":
			steps[last].command += "\n" + text
			if text == end {
				end = ""
			}
		case typed != nil:
			if !slices.Contains(people, typed[1]) {
				return nil, fmt.Errorf("line %d: there is no host %s", n+1, typed[1])
			}
			steps = append(steps, step{host: typed[1], command: typed[2], line: n + 1})
			if doc := hereDoc.FindStringSubmatch(typed[2]); doc != nil {
				end = doc[1]
			}
			prose = ""
		case prose != "" || last < 0 || steps[last].command == "":
			return nil, fmt.Errorf("line %d: %q: which command prints this", n+1, text)
		default:
			steps[last].output = append(steps[last].output, text)
		}
	}
	if !found {
		return nil, fmt.Errorf("there is no section %q", heading)
	}
	return steps, nil
}

// told finds an event in the text; rest is what follows it.
func told(text string, line int) (rest string, happened []step) {
	for _, e := range events {
		if _, after, ok := strings.Cut(text, e); ok {
			happened = append(happened, step{event: e, line: line})
			text = " " + after
		}
	}
	return text, happened
}

// fromPage is a manual page in the form that read takes, line by line.
func fromPage(page string) string {
	unescape := strings.NewReplacer(`\&`, "", `\-`, "-", `\e`, `\`)
	var b strings.Builder
	inside := false
	for line := range strings.Lines(page) {
		switch {
		case strings.HasPrefix(line, ".Bd -literal"):
			inside = true
			b.WriteString("\n")
		case strings.HasPrefix(line, ".Ed"):
			inside = false
			b.WriteString("\n")
		case inside:
			b.WriteString("    " + unescape.Replace(line))
		default:
			if title, ok := strings.CutPrefix(line, ".Sh "); ok {
				line = "## " + title
			}
			b.WriteString(line)
		}
	}
	return b.String()
}
