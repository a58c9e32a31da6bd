package tour

import (
	"regexp"
	"strings"
)

// varies is what may differ from the text in an output: how it looks there, and what
// else it may be. A count or a time that is not here must be as printed.
var varies = []struct{ there, may string }{
	{`, for \d\S*s$`, `, for \d\S*s`}, // since when it is in its state
	{`: sent \d+,`, `: sent \d+,`},    // advertisements
	{`, heard [1-9]\d*, last \d\S*s ago$`, `, heard [1-9]\d*, last \d\S*s ago`},
	{`, heard \d\S*s ago, accepted [1-9]\d*`, `, heard \d\S*s ago, accepted [1-9]\d*`},
	{`/run/ifconfig-carp/`, `/run/ifconfig-carp/(netns-\d+/)?`},      // hosts of a lab are namespaces of one machine
	{`^\t[1-9]\d* packets received`, `\t[1-9]\d* packets? received`}, // of netstat
	{`^\t[1-9]\d* packets sent`, `\t[1-9]\d* packets? sent`},
	{`, bad authentication [1-9]\d*`, `, bad authentication [1-9]\d*`},
}

// pattern is what a line of output may be.
func pattern(line string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("^")
	for line != "" {
		at, end, may := len(line), len(line), ""
		for _, v := range varies {
			if found := regexp.MustCompile(v.there).FindStringIndex(line); found != nil && found[0] < at {
				at, end, may = found[0], found[1], v.may
			}
		}
		b.WriteString(regexp.QuoteMeta(line[:at]) + may)
		line = line[end:]
	}
	b.WriteString("$")
	return regexp.MustCompile(b.String())
}

// difference lists the lines in which an output is not what the README says, or is
// empty.
func difference(want []string, printed string) string {
	var got []string
	if printed != "" {
		got = strings.Split(strings.TrimSuffix(printed, "\n"), "\n")
	}
	var b strings.Builder
	for n := range max(len(want), len(got)) {
		switch {
		case n >= len(got):
			b.WriteString("- " + want[n] + "\n")
		case n >= len(want):
			b.WriteString("+ " + got[n] + "\n")
		case !pattern(want[n]).MatchString(got[n]):
			b.WriteString("- " + want[n] + "\n+ " + got[n] + "\n")
		}
	}
	return b.String()
}

// failing are the commands of the tour that are there to be refused, with the exit
// status.
var failing = map[string]int{
	"ifconfig-carp carp0 advskew 300 vhid 7":         1,
	"ifconfig-carp rc lint hosta.conf provider.conf": 2,
}

// looking is what a command is like that changes nothing.
var looking = regexp.MustCompile(`^(ifconfig-carp( -\S+| --layout \S+)*( [a-z]+\d*)?|(ifconfig-carp sysctl|sysctl-carp) [^=:]+|ifconfig-carp netstat -ss|ip neigh show \S+)( \| (grep|sed) .+)?$`)
