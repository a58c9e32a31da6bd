package sysctl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// reading is what the host has at one moment.
type reading struct {
	values Values
	// sum is the host's demotion, suppressed how many reasons for it are the
	// supervisors', as FreeBSD 9's net.inet.carp.suppress_preempt has it.
	sum, suppressed int
	// stats are the bytes of the structure net.inet.carp.stats.
	stats []byte
}

// count finds what the demotion with these values is made of. What could not be read
// is not in it.
func (r *reading) count(d Folder) error {
	own, err := d.Demotion()
	r.suppressed = 0
	for _, e := range own {
		if e.Value > 0 {
			r.suppressed++
		}
	}
	ledger, ledgerErr := r.values.ledger(d)
	r.sum = ledger.For(nil).Sum()
	return errors.Join(err, ledgerErr)
}

// number is a knob's value, as far as that is one.
func (r *reading) number(k Knob) int {
	switch {
	case k.Adds:
		return r.sum
	case k.Name == suppressKnob:
		return r.suppressed
	}
	return k.get(&r.values)
}

// bytes are a value as the kernel of a BSD hands it out: an int, or the structure.
func (r *reading) bytes(k Knob) []byte {
	if k.Kind == Opaque {
		return r.stats
	}
	return binary.NativeEndian.AppendUint32(nil, uint32(r.number(k)))
}

// text is what show_var() of FreeBSD's sysctl.c prints of a knob; false if that is
// nothing. With bare the name is left out.
func (o options) text(k Knob, r *reading, bare bool) (string, bool) {
	bare = bare || o.valueOnly
	switch {
	case o.tunable, o.writable && k.ReadOnly:
		return "", false
	case o.nameOnly:
		return k.Name, true
	case o.looks():
		return o.named(k.Name, o.about(k.Kind, k.Description), bare), true
	case k.Kind == Opaque && !o.binary && !o.opaque && !o.hex:
		return "", false
	}
	data := r.bytes(k)
	switch {
	case o.buffer > 0 && o.buffer < len(data), len(data) == 0:
		return "", false
	case o.binary:
		return string(data), true
	}
	value := o.value(k, r, data)
	if o.length {
		value = strconv.Itoa(len(data)) + o.separator() + value
	}
	return o.named(k.Name, value, bare), true
}

// dumped is how many bytes of a structure -o shows.
const dumped = 16

func (o options) value(k Knob, r *reading, data []byte) string {
	if k.Kind == Opaque {
		shown, more := data, ""
		if !o.hex && len(data) > dumped {
			shown, more = data[:dumped], "..."
		}
		return fmt.Sprintf("Format:%s Length:%d Dump:0x%x%s", statsFormat, len(data), shown, more)
	}
	n := r.number(k)
	switch {
	case o.hex && n == 0: // C's # adds no 0x to a 0
		return "0000000000"
	case o.hex:
		return fmt.Sprintf("0x%08x", uint32(n))
	case o.human:
		return grouped(n)
	}
	return strconv.Itoa(n)
}

// grouped is 1,234,567.
func grouped(n int) string {
	digits, sign := strings.CutPrefix(strconv.Itoa(n), "-")
	var b strings.Builder
	if sign {
		b.WriteByte('-')
	}
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// named puts the name before a text, unless bare.
func (o options) named(name, text string, bare bool) string {
	if bare {
		return text
	}
	return name + o.separator() + text
}

// about is what -t and -d say, in this order.
func (o options) about(kind, description string) string {
	switch {
	case !o.describe:
		return kind
	case !o.showType:
		return description
	}
	return kind + o.separator() + description
}
