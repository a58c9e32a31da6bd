package rcconf

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// defaultRangeMax is how many addresses a range may be (FreeBSD network.subr).
const defaultRangeMax = 2048

// range4 and range6 are addresses with a range in one of their parts.
var (
	range4 = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^((?:\d+\.)*)(\d+)-(\d+)((?:\.\d+)*)(/\d+)?$`)
	})
	range6 = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^([0-9a-fA-F:]*:)([0-9a-fA-F]{1,4})-([0-9a-fA-F]{1,4})((?::[0-9a-fA-F:]*)?)(/\d+)?$`)
	})
)

// expand makes the aliases of a line out of its range, if it has one, and adds
// rc's own word alias.
func (p *planner) expand(l *lines, line Line) []Line {
	at := slices.IndexFunc(line.Words, func(w Word) bool { return strings.Contains(w.Text, "-") && isRange(line, w) })
	if at < 0 {
		line.Words = append(line.Words, Word{"alias", line.Pos})
		return []Line{line}
	}
	addresses, problem := p.addresses(line, line.Words[at])
	if problem != nil {
		l.problems = append(l.problems, problem)
	}
	var all []Line
	for _, address := range addresses {
		one := line
		one.Words = slices.Clone(line.Words)
		one.Words[at].Text = address
		one.Words = append(one.Words, Word{"alias", line.Pos})
		all = append(all, one)
	}
	return all
}

// isRange tells whether a word of the line is a range of its family.
func isRange(line Line, w Word) bool {
	n := slices.Index(line.Words, w)
	if n > 0 && line.Words[n-1].Text == passWord {
		return false
	}
	if line.Words[0].Text == "inet6" {
		return range6().MatchString(w.Text)
	}
	return range4().MatchString(w.Text) && strings.Contains(w.Text, ".")
}

// addresses are those of a range. Of IPv4 ones the first has the length written
// and all others 32, unless a netmask on the line says another.
func (p *planner) addresses(line Line, w Word) ([]string, *Problem) {
	family, pattern, base, format := "inet", range4, 10, "%s%d%s%s"
	if line.Words[0].Text == "inet6" {
		family, pattern, base, format = "inet6", range6, 16, "%s%x%s%s"
	}
	part := pattern().FindStringSubmatch(w.Text)
	low, err := strconv.ParseUint(part[2], base, 16)
	high, err2 := strconv.ParseUint(part[3], base, 16)
	limit := p.rangeMax()
	switch {
	case err != nil || err2 != nil || high < low:
		return nil, &Problem{Pos: w.Pos, Text: "not a range of addresses", Hints: []string{"write the smaller number first"}}
	case high-low >= uint64(limit):
		return nil, &Problem{Pos: w.Pos, Text: fmt.Sprintf("Range specification is too large: %d addresses", high-low+1),
			Hints: []string{fmt.Sprintf("at most %d; increase %s if so many are meant", limit, rangeMax)}}
	}
	length := part[5]
	masked := slices.ContainsFunc(line.Words, func(w Word) bool { return w.Text == "netmask" || w.Text == "prefixlen" })
	switch {
	case masked:
		length = ""
	case length == "" && family == "inet":
		length = "/32"
	case length == "":
		length = "/64"
	}
	var all []string
	for n := low; n <= high; n++ {
		all = append(all, fmt.Sprintf(format, part[1], n, part[4], length))
		if family == "inet" && !masked {
			length = "/32"
		}
	}
	return all, nil
}

// rangeMax is netif_ipexpand_max.
func (p *planner) rangeMax() int {
	v, ok := p.config.Lookup(rangeMax)
	if n, err := strconv.Atoi(v.Text); ok && err == nil && n > 0 {
		return min(n, 1<<16)
	}
	return defaultRangeMax
}
