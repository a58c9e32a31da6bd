package show

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

// Parent prints a parent with all vhids on it, as ifconfig of FreeBSD 10 and
// later prints the physical interface that bears them:
//
//	eth0: flags=1008943<UP,BROADCAST,RUNNING,PROMISC,SIMPLEX,MULTICAST,LOWER_UP> metric 0 mtu 1500
//		ether 08:00:27:aa:bb:cc
//		inet 192.168.1.5 netmask 0xffffff00 broadcast 192.168.1.255
//		inet 192.168.1.50 netmask 0xffffffff broadcast 192.168.1.50 vhid 1
//		carp: BACKUP vhid 1 advbase 1 advskew 100
//		      peer 224.0.0.18 peer6 ff02::12
//		media: Ethernet autoselect
//		status: active
//
// LOWER_UP and the peer line are FreeBSD 14's; before, there is a peer line
// only for a unicast peer. The options and nd6 lines are left out: they tell
// of FreeBSD's drivers. The medium is not asked for.
func (l Layout) Parent(w io.Writer, parent Device, on []control.Status, opts Options) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: flags=%v metric 0 mtu %d\n", parent.Name, l.lower(parentFlags(parent), parent), parent.MTU)
	if parent.MAC != "" && opts.shows(Link) {
		fmt.Fprintf(&b, "\tether %s\n", opts.ether(parent.MAC))
	}
	for _, family := range []Family{Inet, Inet6} {
		if !opts.shows(family) {
			continue
		}
		addressLines(&b, family, control.Status{Name: parent.Name, Addresses: parent.Addresses}, parent.Index, opts)
		for _, s := range on {
			s.Name = parent.Name // the zone of its link-local addresses
			addressLines(&b, family, s, parent.Index, opts)
		}
	}
	if opts.Family == "" {
		for _, s := range on {
			l.carp(&b, s, opts)
		}
		carrier := "no carrier"
		if parent.Carrier {
			carrier = "active"
		}
		fmt.Fprintf(&b, "\tmedia: Ethernet autoselect\n\tstatus: %s\n", carrier)
	}
	_, _ = w.Write(b.Bytes())
}

// interface10 prints a carp interface that was named itself. FreeBSD has no
// such thing any more, so the block is that of a parent with one vhid and
// nothing of the parent's own.
func (l Layout) interface10(w io.Writer, s control.Status, own, parent Device, opts Options) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: flags=%v metric %d mtu %d\n", s.Name, l.lower(etherFlags(s), parent), s.Metric, s.MTU)
	describe(&b, s)
	if s.LLAddr != "" && opts.shows(Link) {
		fmt.Fprintf(&b, "\tether %s\n", opts.ether(s.LLAddr))
	}
	for _, family := range []Family{Inet, Inet6} {
		if opts.shows(family) {
			addressLines(&b, family, s, own.Index, opts)
		}
	}
	if opts.Family == "" {
		fmt.Fprintf(&b, "\tgroups: %s\n", strings.Join(allGroups(s), " "))
		l.carp(&b, s, opts)
	}
	_, _ = w.Write(b.Bytes())
}

// lower adds FreeBSD 14's flag of an interface whose link has a carrier.
func (l Layout) lower(f flags, parent Device) flags {
	if l == LayoutFreeBSD14 && parent.Carrier {
		f |= flagLowerUp
	}
	return f
}

// carp is the carp line and what belongs to it.
func (l Layout) carp(w io.Writer, s control.Status, opts Options) {
	carpLine(w, s, opts)
	if s.VHID != 0 && (l == LayoutFreeBSD14 || s.Peer.IsValid() || s.Peer6.IsValid()) {
		peerLine(w, s)
	}
	if opts.Verbose {
		verbose(w, s, opts.Now)
	}
}

// addressLines prints the addresses of one family; the vhid is 0 for the host's
// own. IPv4 comes first on FreeBSD, whatever the order of configuration.
func addressLines(w io.Writer, family Family, s control.Status, index int, opts Options) {
	of := ""
	if s.VHID != 0 {
		of = fmt.Sprintf(" vhid %d", s.VHID)
	}
	for _, prefix := range s.Addresses {
		switch {
		case !prefix.IsValid() || familyOf(prefix.Addr()) != family:
		case family == Inet:
			_, _ = fmt.Fprintf(w, "\tinet %s%s%s\n", opts.inet(prefix), withBroadcast(prefix), of)
		default:
			_, _ = fmt.Fprintf(w, "\tinet6 %s%s%s%s%s\n", opts.inet6(prefix, s.Name), properties(s, prefix.Addr()),
				scope(prefix, index), opts.lifetimes(s, prefix.Addr()), of)
		}
	}
}

// withBroadcast is the broadcast address of an IPv4 line, if it has one.
func withBroadcast(prefix netip.Prefix) string {
	if b := broadcast(prefix); b != "" {
		return " broadcast " + b
	}
	return ""
}

// scope is the interface of a link-local address once more, by its index.
func scope(prefix netip.Prefix, index int) string {
	if !prefix.Addr().IsLinkLocalUnicast() || index == 0 {
		return ""
	}
	return fmt.Sprintf(" scopeid 0x%x", index)
}
