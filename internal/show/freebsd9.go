package show

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

// FreeBSD9 prints one interface as ifconfig of FreeBSD 8 and 9 does:
//
//	carp0: flags=49<UP,LOOPBACK,RUNNING> metric 0 mtu 1500
//		inet 192.168.1.50 netmask 0xffffff00
//		carp: MASTER vhid 1 advbase 1 advskew 100
//
// The address lines end with a blank, as on that generation. The carp line is
// there once a vhid is. A state that nobody could be asked for is UNKNOWN. A
// family leaves its addresses and nothing behind them; Ether and Link leave the
// first lines only, since a carp interface had no Ethernet address there.
//
// A link-local IPv6 address carries its interface as its zone and, where the kernel
// has it, once more by its index.
func FreeBSD9(w io.Writer, s control.Status, own Device, opts Options) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: flags=%v metric %d mtu %d\n", s.Name, freebsd9Flags(s), s.Metric, s.MTU)
	describe(&b, s)
	for _, prefix := range s.Addresses {
		switch {
		case !prefix.IsValid() || !opts.shows(familyOf(prefix.Addr())):
		case prefix.Addr().Is4():
			fmt.Fprintf(&b, "\tinet %s \n", opts.inet(prefix))
		default:
			fmt.Fprintf(&b, "\tinet6 %s%s%s%s \n", opts.inet6(prefix, s.Name),
				properties(s, prefix.Addr()), scope(prefix, own.Index), opts.lifetimes(s, prefix.Addr()))
		}
	}
	if opts.Family == "" {
		carpLine(&b, s, opts)
		if s.VHID != 0 && (s.Peer.IsValid() || s.Peer6.IsValid()) {
			peerLine(&b, s)
		}
		if opts.Verbose {
			verbose(&b, s, opts.Now)
		}
		if len(s.Groups) > 0 {
			fmt.Fprintf(&b, "\tgroups: %s\n", strings.Join(s.Groups, " "))
		}
	}
	_, _ = w.Write(b.Bytes())
}

// describe is the line of the description, if there is one.
func describe(w io.Writer, s control.Status) {
	if s.Description != "" {
		_, _ = fmt.Fprintf(w, "\tdescription: %s\n", s.Description)
	}
}

// carpLine is FreeBSD's line about the vhid, the same in all its releases.
func carpLine(w io.Writer, s control.Status, opts Options) {
	if s.VHID == 0 {
		return
	}
	_, _ = fmt.Fprintf(w, "\tcarp: %s vhid %d advbase %d advskew %d%s\n", s.State, s.VHID, s.AdvBase, s.AdvSkew, opts.key(s))
}

// key is what ends a carp line with -k.
func (o Options) key(s control.Status) string {
	if !o.Key || s.Key == nil || *s.Key == "" {
		return ""
	}
	return fmt.Sprintf(" key \"%s\"", *s.Key)
}

// below begins a line that belongs to the carp line, as in FreeBSD 14.
const below = "\t      "

// peerLine is whom FreeBSD 14 says that it advertises to.
func peerLine(w io.Writer, s control.Status) {
	_, _ = fmt.Fprintf(w, "%speer %s peer6 %s\n", below, orGroup(s.Peer, "224.0.0.18"), orGroup(s.Peer6, "ff02::12"))
}

// orGroup is the unicast peer, or the group that is advertised to without one.
func orGroup(peer netip.Addr, group string) string {
	if peer.IsValid() {
		return peer.String()
	}
	return group
}
