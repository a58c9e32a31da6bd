package show

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

// Statistics are what netstat shows.
type Statistics struct {
	// Interfaces are those there are. One with an Error has no counters.
	Interfaces []control.Status
	// Ended are the sums of interfaces and supervisors that are no more.
	Ended map[string]uint64
	// NonZero leaves out what is 0 (-ss).
	NonZero bool
	// Verbose shows each interface and each peer too, and counters that no BSD
	// has (-v).
	Verbose bool
}

// Total is the sum of all.
func (s Statistics) Total() map[string]uint64 {
	all := []map[string]uint64{s.Ended}
	for _, i := range s.Interfaces {
		all = append(all, i.Counters)
	}
	return Sum(all...)
}

// told are the interfaces that have counters to tell.
func (s Statistics) told() (list []control.Status) {
	for _, i := range s.Interfaces {
		if i.Error == "" {
			list = append(list, i)
		}
	}
	return list
}

// Text prints the layout of FreeBSD's `netstat -s -p carp`; with Verbose the same
// below it for each interface and peer.
func (s Statistics) Text(w io.Writer) {
	var b bytes.Buffer
	b.WriteString("carp:\n")
	s.lines(&b, "", table(s.Verbose), s.Total())
	if s.Verbose {
		for _, i := range s.told() {
			vhid := ""
			if i.VHID != 0 {
				vhid = fmt.Sprintf(" vhid %d", i.VHID)
			}
			fmt.Fprintf(&b, "%s:%s carpdev %s\n", i.Name, vhid, orNone(i.CarpDev))
			s.lines(&b, "", table(true), i.Counters)
			for _, p := range i.Peers {
				fmt.Fprintf(&b, "\tpeer %v\n", p.Address)
				s.lines(&b, "\t", tableOfPeer(p), ofPeer(p))
			}
		}
		if len(s.Ended) > 0 {
			b.WriteString("ended:\n")
			s.lines(&b, "", table(true), s.Ended)
		}
	}
	_, _ = w.Write(b.Bytes())
}

func (s Statistics) lines(b *bytes.Buffer, indent string, list []Counter, counts map[string]uint64) {
	for _, c := range list {
		if n := c.of(counts); n > 0 || !s.NonZero {
			fmt.Fprintf(b, "%s%s%d %s\n", indent, strings.Repeat("\t", c.depth), n, c.plural(n))
		}
	}
}

// orNone is a parent's name, or "none", as OpenBSD prints it.
func orNone(parent string) string {
	if parent == "" {
		return "none"
	}
	return parent
}

// JSON prints what FreeBSD's `netstat --libxo json -s -p carp` does; with Verbose the
// object carp also has an array interface of objects, each with an array peer, and an
// object ended. Pretty breaks and indents the lines.
func (s Statistics) JSON(w io.Writer, pretty bool) error {
	sums := s.members(table(s.Verbose), s.Total())
	if s.Verbose {
		interfaces := []object{}
		for _, i := range s.told() {
			peers := []object{}
			for _, p := range i.Peers {
				peers = append(peers, append(object{{"address", p.Address}}, s.members(tableOfPeer(p), ofPeer(p))...))
			}
			one := object{{"name", i.Name}, {"vhid", i.VHID}, {"carpdev", i.CarpDev}}
			one = append(one, s.members(table(true), i.Counters)...)
			interfaces = append(interfaces, append(one, member{"peer", peers}))
		}
		sums = append(sums, member{"interface", interfaces}, member{"ended", s.members(table(true), s.Ended)})
	}
	enc := json.NewEncoder(w)
	if pretty {
		enc.SetIndent("", "  ")
	}
	return enc.Encode(object{{"statistics", object{{"carp", sums}}}})
}

func (s Statistics) members(list []Counter, counts map[string]uint64) object {
	all := object{}
	for _, c := range list {
		if n := c.of(counts); n > 0 || !s.NonZero {
			all = append(all, member{c.Key, n})
		}
	}
	return all
}

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for n, m := range o {
		if n > 0 {
			b.WriteByte(',')
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q:%s", m.key, value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
