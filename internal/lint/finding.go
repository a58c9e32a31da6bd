package lint

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// Severity is how bad a finding is; its number is the exit status.
type Severity int

const (
	// Warning is for what works, but not as well or as long as it seems to.
	Warning Severity = 1
	// Error is for what does not work.
	Error Severity = 2
)

// String is the severity's name.
func (s Severity) String() string {
	if s == Error {
		return "error"
	}
	return "warning"
}

// Rule is one kind of finding.
type Rule struct {
	// Code names it, for ever.
	Code     string
	Severity Severity
	// Help is what is found, one phrase.
	Help string
}

// Codes of the findings.
const (
	codeUnreadable  = "unreadable"
	codeUnparsable  = "unparsable"
	codeOdd         = "odd"
	codeExposed     = "exposed"
	codeWords       = "words"
	codeUnlisted    = "unlisted"
	codeUnused      = "unused"
	codeNoVHID      = "no-vhid"
	codeNoAddress   = "no-address"
	codeNoKey       = "no-key"
	codeKeyCut      = "key-cut"
	codeKeyDiffers  = "key-differs"
	codeKeyTail     = "key-tail"
	codeAddresses   = "addresses-differ"
	codeOutside     = "outside"
	codeMask        = "mask"
	codeOwn         = "own-address"
	codeOwnTwice    = "own-twice"
	codeTwice       = "address-twice"
	codeVHIDTwice   = "vhid-twice"
	codeVHIDClash   = "vhid-clash"
	codeSkewEqual   = "advskew-equal"
	codeBaseDiffers = "advbase-differs"
	codeAlone       = "alone"
)

// Rules are all the kinds of findings there are.
func Rules() []Rule {
	return []Rule{
		{codeUnreadable, Error, "the file cannot be read; the others are looked at all the same"},
		{codeUnparsable, Error, "the file has what is not evaluated, or is no shell text"},
		{codeOdd, Warning, "valid, but hardly what was meant"},
		{codeExposed, Warning, "everybody on the host can read a file that has a password"},
		{codeWords, Error, "words that the command line would refuse"},
		{codeUnlisted, Error, "lines about an interface that cloned_interfaces does not list"},
		{codeUnused, Warning, "cloned_interfaces lists an interface that has no lines"},
		{codeNoVHID, Error, "addresses, but no vhid"},
		{codeNoAddress, Error, "a vhid, but no address"},
		{codeNoKey, Warning, "no password: everybody on the segment can take the addresses over"},
		{codeKeyCut, Warning, "a password of more than 19 bytes, of which 19 count"},
		{codeKeyDiffers, Error, "one vhid with different passwords"},
		{codeKeyTail, Warning, "passwords that differ behind byte 19 only, which is no difference on the wire"},
		{codeAddresses, Error, "one vhid with different lists of addresses"},
		{codeOutside, Error, "an address that is in no subnet of the parent; a warning where the parent is named"},
		{codeMask, Warning, "an address whose mask is not that of the parent's subnet"},
		{codeOwn, Error, "a virtual address that is also a host's own"},
		{codeOwnTwice, Error, "two hosts of a group with one own address on the segment"},
		{codeTwice, Error, "one address in two vhids; a warning where that may be load sharing"},
		{codeVHIDTwice, Error, "two interfaces of a host with one vhid on one segment"},
		{codeVHIDClash, Error, "one vhid for two groups on one segment"},
		{codeSkewEqual, Warning, "two hosts that advertise equally often, so that none is preferred"},
		{codeBaseDiffers, Warning, "one vhid with different advbase"},
		{codeAlone, Warning, "a vhid that no other host has, of several given"},
	}
}

// Finding is one mistake, or what looks like one.
type Finding struct {
	Code     string
	Severity Severity
	Pos      rcconf.Pos
	// Host is the host's name; VHID is 0 where it is about none.
	Host string
	VHID carp.VHID
	// Message says what is wrong, Remedy what to do.
	Message, Remedy string
	// Related are the other places to look at.
	Related []Related
}

// Related is a place with what is there.
type Related struct {
	Pos     rcconf.Pos
	Host    string
	Message string
}

// finding makes a finding of a rule.
func finding(code string, pos rcconf.Pos, host string, format string, args ...any) Finding {
	rules := Rules()
	at := slices.IndexFunc(rules, func(r Rule) bool { return r.Code == code })
	return Finding{Code: code, Severity: rules[at].Severity, Pos: pos, Host: host, Message: fmt.Sprintf(format, args...)}
}

// about makes a finding about an interface.
func (c *iface) about(code string, place rcconf.Pos, format string, args ...any) Finding {
	f := finding(code, c.at(place), c.host.Name, "%s: %s", c.title(), fmt.Sprintf(format, args...))
	f.VHID = c.vhid.value
	return f
}

// title names an interface in a message.
func (c *iface) title() string {
	if c.vhid.value == 0 || c.onParent {
		return words.Visible(c.name)
	}
	return fmt.Sprintf("%s vhid %d", words.Visible(c.name), c.vhid.value)
}

func (f Finding) remedy(format string, args ...any) Finding {
	f.Remedy = fmt.Sprintf(format, args...)
	return f
}

// see adds a place of another interface's.
func (f Finding) see(c *iface, place rcconf.Pos, format string, args ...any) Finding {
	f.Related = append(f.Related, Related{c.at(place), c.host.Name, fmt.Sprintf(format, args...)})
	return f
}

// sorted sorts findings by file, as the hosts were given, and place.
func sorted(hosts []*Host, all []Finding) []Finding {
	order := map[string]int{}
	for _, h := range hosts {
		for _, file := range h.files {
			if _, ok := order[file]; !ok {
				order[file] = len(order)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(order[a.Pos.File], order[b.Pos.File]),
			cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col), cmp.Compare(a.Code, b.Code))
	})
	return all
}

// Worst is the exit status for findings: 0 if there are none.
func Worst(all []Finding) int {
	worst := 0
	for _, f := range all {
		worst = max(worst, int(f.Severity))
	}
	return worst
}
