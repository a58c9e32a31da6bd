package show

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

// Options are what a layout shows besides the usual.
type Options struct {
	// Key appends the key to the carp line (-k). It does nothing where the
	// Status has no key or the key is empty, as on FreeBSD 10 and later; 9
	// itself never shows one.
	Key bool
	// Verbose appends why the interface is in its state, what the host's
	// demotion is made of, each family's health and the peers heard (-v).
	Verbose bool
	// Now is what ages are reckoned from.
	Now time.Time
}

// FreeBSD9 prints one interface as ifconfig of FreeBSD 8 and 9 does:
//
//	carp0: flags=49<UP,LOOPBACK,RUNNING> metric 0 mtu 1500
//		inet 192.168.1.50 netmask 0xffffff00
//		carp: MASTER vhid 1 advbase 1 advskew 100
//
// The address lines end with a blank, as on that generation. The carp line is
// there once a vhid is. A state that nobody could be asked for is UNKNOWN.
//
// A link-local IPv6 address carries its interface as its zone; the scopeid
// that FreeBSD repeats behind it is an interface index, which Linux numbers
// otherwise and a BACKUP's record does not have, so it is left out.
func FreeBSD9(w io.Writer, s control.Status, opts Options) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: flags=%v metric 0 mtu %d\n", s.Name, freebsd9Flags(s), s.MTU)
	if s.Description != "" {
		fmt.Fprintf(&b, "\tdescription: %s\n", s.Description)
	}
	for _, prefix := range s.Addresses {
		freebsd9Address(&b, s.Name, prefix)
	}
	if s.VHID != 0 {
		fmt.Fprintf(&b, "\tcarp: %s vhid %d advbase %d advskew %d", s.State, s.VHID, s.AdvBase, s.AdvSkew)
		if opts.Key && s.Key != nil && *s.Key != "" {
			fmt.Fprintf(&b, " key \"%s\"", *s.Key)
		}
		b.WriteByte('\n')
		if s.Peer.IsValid() || s.Peer6.IsValid() {
			fmt.Fprintf(&b, "%speer %s peer6 %s\n", below, orGroup(s.Peer, "224.0.0.18"), orGroup(s.Peer6, "ff02::12"))
		}
	}
	if opts.Verbose {
		verbose(&b, s, opts.Now)
	}
	if len(s.Groups) > 0 {
		fmt.Fprintf(&b, "\tgroups: %s\n", strings.Join(s.Groups, " "))
	}
	_, _ = w.Write(b.Bytes())
}

// below begins a line that belongs to the carp line, as in FreeBSD 14.
const below = "\t      "

// orGroup is the unicast peer, or the group that is advertised to without one.
func orGroup(peer netip.Addr, group string) string {
	if peer.IsValid() {
		return peer.String()
	}
	return group
}

func freebsd9Address(b *bytes.Buffer, name string, prefix netip.Prefix) {
	addr := prefix.Addr()
	switch {
	case !prefix.IsValid():
	case addr.Is4():
		// No leading zeros: a mask of /0 is 0x0.
		mask := ^uint32(0) << (32 - prefix.Bits())
		fmt.Fprintf(b, "\tinet %s netmask 0x%x \n", addr, mask)
	case addr.IsLinkLocalUnicast():
		fmt.Fprintf(b, "\tinet6 %s prefixlen %d \n", addr.WithZone(name), prefix.Bits())
	default:
		fmt.Fprintf(b, "\tinet6 %s prefixlen %d \n", addr, prefix.Bits())
	}
}
