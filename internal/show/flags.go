package show

import (
	"fmt"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsdif"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// flags are the interface flags with the BSDs' values (net/if.h), which are
// not those of Linux. The layouts print the BSDs'.
type flags uint32

const (
	flagUp        flags = 0x1
	flagBroadcast flags = 0x2
	flagLoopback  flags = 0x8
	flagRunning   flags = 0x40
	flagPromisc         = flags(bsdif.Promisc)
	flagSimplex   flags = 0x800
	flagMulticast flags = 0x8000
	// flagLowerUp is IFF_NETLINK_1 of FreeBSD 14: the link has a carrier.
	flagLowerUp flags = 0x1000000

	// flagsEthernet are those of every Ethernet interface.
	flagsEthernet = flagBroadcast | flagSimplex | flagMulticast
)

// flagNames has the printed names in the order of the bits.
var flagNames = []struct {
	flag flags
	name string
}{
	{flagUp, "UP"},
	{flagBroadcast, "BROADCAST"},
	{flags(bsdif.Debug), "DEBUG"},
	{flagLoopback, "LOOPBACK"},
	{flagRunning, "RUNNING"},
	{flags(bsdif.NoARP), "NOARP"},
	{flagPromisc, "PROMISC"},
	{flagSimplex, "SIMPLEX"},
	{flags(bsdif.Link0), "LINK0"},
	{flags(bsdif.Link1), "LINK1"},
	{flags(bsdif.Link2), "LINK2"},
	{flagMulticast, "MULTICAST"},
	{flagLowerUp, "LOWER_UP"},
}

// upFlags are those that the administrator has set, UP among them, and RUNNING
// while the interface takes part in an election.
func upFlags(s control.Status) (f flags) {
	f = flags(s.Flags)
	if s.Up {
		f |= flagUp
		if s.State == carp.Backup.String() || s.State == carp.Master.String() {
			f |= flagRunning
		}
	}
	return f
}

// freebsd9Flags are the flags that carp(4) of FreeBSD 8 and 9 would have: it
// is made of a loopback interface.
func freebsd9Flags(s control.Status) flags { return flagLoopback | upFlags(s) }

// etherFlags are those of a carp interface where it is an Ethernet one: on
// OpenBSD.
func etherFlags(s control.Status) flags { return flagsEthernet | upFlags(s) }

// parentFlags are those of a parent as FreeBSD 10 shows it. There it is
// promiscuous for as long as it has a vhid.
func parentFlags(d Device) flags {
	f := flagsEthernet | flagPromisc
	if d.Up {
		f |= flagUp | flagRunning
	}
	return f
}

// String is "49<UP,LOOPBACK,RUNNING>".
func (f flags) String() string {
	var names []string
	for _, n := range flagNames {
		if f&n.flag != 0 {
			names = append(names, n.name)
		}
	}
	return fmt.Sprintf("%x<%s>", uint32(f), strings.Join(names, ","))
}
