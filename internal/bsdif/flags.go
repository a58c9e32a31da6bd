package bsdif

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Flags are the flags of an interface that an administrator sets, with the BSDs'
// values (net/if.h), which are not those of Linux.
type Flags uint32

// The flags, in the order of their bits.
const (
	// Debug has everything logged that is logged at net.inet.carp.log=2.
	Debug Flags = 0x4
	// NoARP is -arp: nobody is told which MAC has the addresses.
	NoARP Flags = 0x80
	// Promisc is kept and shown; carpN hears what is sent to its MAC all the same.
	Promisc Flags = 0x100
	// Link0, Link1 and Link2 have no meaning for carp(4) on any BSD. They are kept
	// and shown.
	Link0 Flags = 0x1000
	Link1 Flags = 0x2000
	Link2 Flags = 0x4000

	// all are those that there are.
	all = Debug | NoARP | Promisc | Link0 | Link1 | Link2
)

// flagNames has the names as the BSDs print them, in the order of the bits.
var flagNames = []struct {
	flag Flags
	name string
}{
	{Debug, "DEBUG"}, {NoARP, "NOARP"}, {Promisc, "PROMISC"},
	{Link0, "LINK0"}, {Link1, "LINK1"}, {Link2, "LINK2"},
}

// Has tells whether all of flags are set.
func (f Flags) Has(flags Flags) bool { return f&flags == flags }

// Valid tells whether there is no other bit.
func (f Flags) Valid() bool { return f&^all == 0 }

// Names are the names as the BSDs print them, in the order of the bits.
func (f Flags) Names() []string {
	names := []string{}
	for _, n := range flagNames {
		if f.Has(n.flag) {
			names = append(names, n.name)
		}
	}
	return names
}

// Words are the words of ifconfig(8) that set the flags, or clear them, in the order of
// the bits: arp is the one that clears.
func (f Flags) Words(set bool) []string {
	words := f.Names()
	for i, name := range words {
		word, plain := strings.ToLower(name), set
		if name == "NOARP" {
			word, plain = "arp", !set
		}
		if !plain {
			word = "-" + word
		}
		words[i] = word
	}
	return words
}

// String is "DEBUG,LINK0".
func (f Flags) String() string { return strings.Join(f.Names(), ",") }

// MarshalJSON makes a list of names: a number would be for the BSDs only.
func (f Flags) MarshalJSON() ([]byte, error) { return json.Marshal(f.Names()) }

// UnmarshalJSON reads such a list. A name that is none is an error.
func (f *Flags) UnmarshalJSON(data []byte) error {
	var names []string
	if err := json.Unmarshal(data, &names); err != nil {
		return err
	}
	*f = 0
	for _, name := range names {
		flag, ok := flagOf(name)
		if !ok {
			return fmt.Errorf("%q is no interface flag", name)
		}
		*f |= flag
	}
	return nil
}

func flagOf(name string) (Flags, bool) {
	for _, n := range flagNames {
		if n.name == name {
			return n.flag, true
		}
	}
	return 0, false
}
