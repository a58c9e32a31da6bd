package show

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Formats are how addresses are written: ifconfig -f of FreeBSD 11 and later,
// and IFCONFIG_FORMAT. An empty field is the default.
type Formats struct {
	Addr, Ether, Inet, Inet6 string
}

// FormatType is one kind of address that -f is about.
type FormatType struct {
	// Name is what stands before the colon.
	Name string
	// Formats are what may stand behind it.
	Formats []string
	field   func(*Formats) *string
}

// FormatTypes are all there are, in the order of the manual.
func FormatTypes() []FormatType {
	return []FormatType{
		{"addr", []string{"default", "fqdn", "host", "numeric"}, func(f *Formats) *string { return &f.Addr }},
		{"ether", []string{"colon", "dash", "default", "dotted"}, func(f *Formats) *string { return &f.Ether }},
		{"inet", []string{"cidr", "default", "dotted", "hex"}, func(f *Formats) *string { return &f.Inet }},
		{"inet6", []string{"cidr", "default", "numeric"}, func(f *Formats) *string { return &f.Inet6 }},
	}
}

// Set reads type:format[,type:format...] and returns the parts that make no
// sense and were skipped.
func (f *Formats) Set(spec string) (skipped []string) {
	for part := range strings.SplitSeq(spec, ",") {
		if !f.set(part) {
			skipped = append(skipped, part)
		}
	}
	return skipped
}

func (f *Formats) set(part string) bool {
	name, format, _ := strings.Cut(part, ":")
	for _, t := range FormatTypes() {
		if t.Name == name && slices.Contains(t.Formats, format) {
			*t.field(f) = format
			return true
		}
	}
	return false
}

// WantNames tells whether addresses are to be shown by name: with fqdn in full,
// with host up to the first dot.
func (f Formats) WantNames() bool { return f.Addr == "fqdn" || f.Addr == "host" }

// address is an address as Formats have it; zone is the interface of a
// link-local one.
func (o Options) address(addr netip.Addr, zone string) string {
	if o.Formats.WantNames() && o.Names != nil {
		if name := o.Names(addr); name != "" {
			if o.Formats.Addr == "host" {
				name, _, _ = strings.Cut(name, ".")
			}
			return name
		}
	}
	if addr.Is6() && addr.IsLinkLocalUnicast() {
		addr = addr.WithZone(zone)
	}
	return addr.String()
}

// inet is an IPv4 address with its mask.
func (o Options) inet(prefix netip.Prefix) string {
	text := o.address(prefix.Addr(), "")
	switch o.Formats.Inet {
	case "cidr":
		return fmt.Sprintf("%s/%d", text, prefix.Bits())
	case "dotted":
		return text + " netmask " + fromNumber(mask(prefix)).String()
	}
	// No leading zeros: a mask of /0 is 0x0.
	return fmt.Sprintf("%s netmask 0x%x", text, mask(prefix))
}

// inet6 is an IPv6 address with the length of its prefix.
func (o Options) inet6(prefix netip.Prefix, zone string) string {
	text := o.address(prefix.Addr(), zone)
	if o.Formats.Inet6 == "cidr" {
		return fmt.Sprintf("%s/%d", text, prefix.Bits())
	}
	return fmt.Sprintf("%s prefixlen %d", text, prefix.Bits())
}

// ether is an Ethernet address, given with colons.
func (o Options) ether(mac string) string {
	switch o.Formats.Ether {
	case "dash":
		return strings.ReplaceAll(mac, ":", "-")
	case "dotted": // 0000.5e00.0101
		digits := strings.ReplaceAll(mac, ":", "")
		if len(digits) == 12 {
			return digits[:4] + "." + digits[4:8] + "." + digits[8:]
		}
	}
	return mac
}

// mask is the mask of an IPv4 prefix.
func mask(prefix netip.Prefix) uint32 { return ^uint32(0) << (32 - prefix.Bits()) }

// broadcast is the broadcast address of an IPv4 prefix as the BSD kernels
// choose it: of a /31 the limited one (RFC 3021), and none for /0.
func broadcast(prefix netip.Prefix) string {
	switch prefix.Bits() {
	case 0:
		return ""
	case 31:
		return "255.255.255.255"
	}
	b := prefix.Addr().As4()
	return fromNumber(binary.BigEndian.Uint32(b[:]) | ^mask(prefix)).String()
}

func fromNumber(n uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	return netip.AddrFrom4(b)
}
