package show

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

const (
	// openbsdPriority is the routing priority of carp interfaces, and
	// openbsdLLPrio the priority of the packets they send (OpenBSD net/if.h,
	// IF_CARP_DEFAULT_PRIORITY and IFQ_DEFPRIO).
	openbsdPriority = 15
	openbsdLLPrio   = 3
)

// OpenBSD prints one interface as ifconfig of OpenBSD 7 does:
//
//	carp5: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> mtu 1500
//		lladdr 00:00:5e:00:01:05
//		index 9 priority 15 llprio 3
//		carp: MASTER carpdev eth0 vhid 5 advbase 1 advskew 0
//		groups: carp
//		status: master
//		inet 192.0.2.5 netmask 0xffffff00 broadcast 192.0.2.255
//
// A family leaves out address lines only. OpenBSD has no unicast peer for IPv6,
// so carppeer6 is our word.
func OpenBSD(w io.Writer, s control.Status, own Device, opts Options) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: flags=%v mtu %d\n", s.Name, etherFlags(s), s.MTU)
	if s.LLAddr != "" {
		fmt.Fprintf(&b, "\tlladdr %s\n", opts.ether(s.LLAddr))
	}
	describe(&b, s)
	fmt.Fprintf(&b, "\tindex %d priority %d llprio %d\n", own.Index, openbsdPriority, openbsdLLPrio)
	openbsdCarp(&b, s, opts)
	if opts.Verbose {
		verbose(&b, s, opts.Now)
	}
	fmt.Fprintf(&b, "\tgroups: %s\n", strings.Join(allGroups(s), " "))
	fmt.Fprintf(&b, "\tstatus: %s\n", openbsdStatus(s))
	for _, prefix := range s.Addresses {
		switch {
		case !prefix.IsValid() || !opts.shows(familyOf(prefix.Addr())):
		case prefix.Addr().Is4():
			fmt.Fprintf(&b, "\tinet %s%s\n", opts.inet(prefix), withBroadcast(prefix))
		default:
			fmt.Fprintf(&b, "\tinet6 %s%s%s%s\n", opts.inet6(prefix, s.Name), properties(s, prefix.Addr()),
				scope(prefix, own.Index), opts.lifetimes(s, prefix.Addr()))
		}
	}
	_, _ = w.Write(b.Bytes())
}

func openbsdCarp(w io.Writer, s control.Status, opts Options) {
	if s.VHID == 0 {
		return
	}
	parent := s.CarpDev
	if parent == "" {
		parent = "none"
	}
	_, _ = fmt.Fprintf(w, "\tcarp: %s carpdev %s vhid %d advbase %d advskew %d", s.State, parent, s.VHID, s.AdvBase, s.AdvSkew)
	if s.Peer.IsValid() {
		_, _ = fmt.Fprintf(w, " carppeer %s", s.Peer)
	}
	if s.Peer6.IsValid() {
		_, _ = fmt.Fprintf(w, " carppeer6 %s", s.Peer6)
	}
	_, _ = fmt.Fprintln(w, opts.key(s))
}

// openbsdStatus is the link state of a carp interface (OpenBSD net/if.h,
// LINK_STATE_DESCRIPTIONS; ip_carp.c, carp_set_state).
func openbsdStatus(s control.Status) string {
	switch s.State {
	case carp.Master.String():
		return "master"
	case carp.Backup.String():
		return "backup"
	case carp.Init.String():
		return "invalid"
	}
	return "unknown"
}
