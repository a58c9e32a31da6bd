package rcconf

import (
	"slices"
	"strconv"
	"strings"
)

// Known is a variable that means something here.
type Known struct {
	// Name has IF for an interface and N for a number in it.
	Name string
	// Help is one phrase.
	Help string
}

// The variables, by what they are about.
const (
	clonedInterfaces = "cloned_interfaces"
	clonedSticky     = "cloned_interfaces_sticky"
	createArgs       = "create_args_"
	defaultLine      = "ifconfig_DEFAULT"
	rangeMax         = "netif_ipexpand_max"
	confFiles        = "rc_conf_files"
	mapping          = "carp_map"
	waiting          = "carp_wait"
)

// KnownVariables are the variables that are read; every other one is let be.
func KnownVariables() []Known {
	return []Known{
		{clonedInterfaces, "the interfaces to make, separated by blanks"},
		{clonedSticky, "YES: stop leaves them there"},
		{"create_args_IF", "words for ifconfig IF create"},
		{"ifconfig_IF", "words for ifconfig IF"},
		{defaultLine, "what an interface without ifconfig_IF has"},
		{"ifconfig_IF_ipv6", "words for ifconfig IF that begin with inet6"},
		{"ifconfig_IF_aliasN", "one more address, in the order of N"},
		{"ifconfig_IF_aliases", "more addresses, each behind inet or inet6"},
		{"ifconfig_IF_name", "the new name; further variables go by it"},
		{"ifconfig_IF_descr", "the description"},
		{"ipv4_addrs_IF", "more IPv4 addresses"},
		{"ipv6_ifconfig_IF", "obsolete: IPv6 words without inet6"},
		{"ipv6_ifconfig_IF_aliasN", "obsolete: one more IPv6 address"},
		{confFiles, "more files to read, behind rc.conf.local"},
		{rangeMax, "how many addresses a range may be, 2048 unless set"},
		{mapping, "ours: FREEBSD=LINUX names of physical interfaces"},
		{waiting, "ours: for how many seconds start waits for parents"},
	}
}

// ConfFiles are the files that rc_conf_files lists.
func (c *Config) ConfFiles() []string {
	v, _ := c.Lookup(confFiles)
	return strings.Fields(v.Text)
}

// isKnown tells whether a variable is one of KnownVariables.
func isKnown(name string) bool {
	switch name {
	case clonedInterfaces, clonedSticky, defaultLine, rangeMax, confFiles, mapping, waiting:
		return true
	}
	return subject(name) != "" || strings.HasPrefix(name, createArgs)
}

// Mangle is the name of an interface as variables have it: sh takes no . - / or +
// in the name of a variable.
func Mangle(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(".-/+", r) {
			return '_'
		}
		return r
	}, name)
}

// suffixes are what may follow the interface in ifconfig_IF.
var suffixes = []string{"_ipv6", "_aliases", "_name", "_descr"}

// subject is the interface, mangled, that a variable is about, and empty for one
// that is about none.
func subject(name string) string {
	for _, prefix := range []string{"ipv6_ifconfig_", "ifconfig_", "ipv4_addrs_"} {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		if at := strings.LastIndex(rest, "_alias"); at >= 0 && isNumber(rest[at+len("_alias"):]) {
			return rest[:at]
		}
		for _, s := range suffixes {
			if cut, ok := strings.CutSuffix(rest, s); ok && prefix == "ifconfig_" {
				return cut
			}
		}
		if name == defaultLine {
			return ""
		}
		return rest
	}
	return ""
}

func isNumber(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// numbered are the variables PREFIX followed by a number, in the order of the
// numbers, gaps allowed. FreeBSD up to 8 stopped at the first gap, which lost
// addresses without a word.
func (c *Config) numbered(prefix string) []Variable {
	type entry struct {
		n int
		Variable
	}
	var found []entry
	for name, v := range c.vars {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok || !isNumber(rest) {
			continue
		}
		n, err := strconv.Atoi(rest)
		if err != nil { // beyond any number
			n = int(^uint(0) >> 1)
		}
		found = append(found, entry{n, v})
	}
	slices.SortFunc(found, func(a, b entry) int {
		if a.n != b.n {
			return a.n - b.n
		}
		return strings.Compare(a.Name, b.Name)
	})
	var list []Variable
	for _, e := range found {
		list = append(list, e.Variable)
	}
	return list
}

// yes is rc's checkyesno.
func yes(text string) bool {
	switch strings.ToLower(text) {
	case "yes", "true", "on", "1":
		return true
	}
	return false
}
