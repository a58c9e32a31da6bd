package show

import (
	"fmt"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// flags are the interface flags with FreeBSD's values (net/if.h), which are
// not those of Linux. The layouts print FreeBSD's.
type flags uint32

const (
	flagUp       flags = 0x1
	flagLoopback flags = 0x8
	flagRunning  flags = 0x40
)

// flagNames has the printed names in the order of the bits.
var flagNames = []struct {
	flag flags
	name string
}{
	{flagUp, "UP"},
	{flagLoopback, "LOOPBACK"},
	{flagRunning, "RUNNING"},
}

// freebsd9Flags are the flags that carp(4) of FreeBSD 8 and 9 would have: it
// is made of a loopback interface, and it runs while it takes part in an
// election.
func freebsd9Flags(s control.Status) flags {
	f := flagLoopback
	if s.Up {
		f |= flagUp
		if s.State == carp.Backup.String() || s.State == carp.Master.String() {
			f |= flagRunning
		}
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
