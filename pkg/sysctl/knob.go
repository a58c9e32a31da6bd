package sysctl

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
)

// Prefix is the node that all knobs are below.
const Prefix = "net.inet.carp"

// MaxDemotion bounds what one may add to the demotion, either way: far beyond
// the 240 at which the advertised skew ends, and far from an overflow.
const MaxDemotion = 1_000_000

// What `sysctl -t` names the types of what there is.
const (
	Integer = "integer"
	// Opaque is a structure, shown only if asked for.
	Opaque = "opaque"
)

// Knob is one row of the table.
type Knob struct {
	// Name is the whole name, net.inet.carp.preempt.
	Name string
	// Description is one line, as `sysctl -d` prints it.
	Description string
	// Kind is Integer or Opaque.
	Kind string
	// ReadOnly marks what is no setting but tells of the host.
	ReadOnly bool
	// Min and Max bound the value, Default is where it begins.
	Min, Max, Default int
	// Switch marks a knob that is on or off. As in FreeBSD any integer can be
	// written; what is not 0 is on, and reads as 1.
	Switch bool
	// Adds marks the demotion: a write adds to the administrator's own part,
	// and a read gives the host's sum.
	Adds bool

	// get and set are nil for what is not among the Values.
	get func(*Values) int
	set func(*Values, int)
}

const (
	demotionKnob = Prefix + ".demotion"
	suppressKnob = Prefix + ".suppress_preempt"
)

// statsFormat is how FreeBSD 9 calls the structure of net.inet.carp.stats.
const statsFormat = "S,carpstats"

// table has FreeBSD's order and, where the knob does the same, its descriptions:
// those of 13 (ip_carp.c), among them arpbalance of 9, and behind them what else
// there is in 9.
var table = []Knob{
	{
		Name: Prefix + ".ifdown_demotion_factor", Description: "Interface down demotion factor adjustment", Kind: Integer,
		Min: -MaxDemotion, Max: MaxDemotion, Default: 240,
		get: func(v *Values) int { return v.IfDownFactor }, set: func(v *Values, n int) { v.IfDownFactor = n },
	},
	{
		Name: Prefix + ".senderr_demotion_factor", Description: "Send error demotion factor adjustment", Kind: Integer,
		Min: -MaxDemotion, Max: MaxDemotion, Default: 240,
		get: func(v *Values) int { return v.SendErrFactor }, set: func(v *Values, n int) { v.SendErrFactor = n },
	},
	{
		Name: demotionKnob, Description: "Adjust demotion factor (skew of advskew)", Kind: Integer,
		Min: -MaxDemotion, Max: MaxDemotion, Default: 0, Adds: true,
		get: func(v *Values) int { return v.Demotion }, set: func(v *Values, n int) { v.Demotion = n },
	},
	{
		Name: Prefix + ".log", Description: "CARP log level", Kind: Integer,
		Min: 0, Max: math.MaxInt32, Default: 1,
		get: func(v *Values) int { return v.Log }, set: func(v *Values, n int) { v.Log = n },
	},
	{
		Name: Prefix + ".preempt", Description: "High-priority backup preemption mode", Kind: Integer,
		Min: 0, Max: 1, Default: 0, Switch: true,
		get: func(v *Values) int { return number(v.Preempt) }, set: func(v *Values, n int) { v.Preempt = n != 0 },
	},
	{
		Name: Prefix + ".dscp", Description: "DSCP value for carp packets", Kind: Integer,
		Min: 0, Max: 63, Default: 56, // CS6, network control
		get: func(v *Values) int { return v.DSCP }, set: func(v *Values, n int) { v.DSCP = n },
	},
	{
		Name: Prefix + ".arpbalance", Description: "balance arp responses", Kind: Integer,
		Min: 0, Max: 1, Default: 0, Switch: true,
		get: func(v *Values) int { return number(v.ARPBalance) }, set: func(v *Values, n int) { v.ARPBalance = n != 0 },
	},
	{
		Name: Prefix + ".allow", Description: "Accept incoming CARP packets", Kind: Integer,
		Min: 0, Max: 1, Default: 1, Switch: true,
		get: func(v *Values) int { return number(v.Allow) }, set: func(v *Values, n int) { v.Allow = n != 0 },
	},
	{
		Name: suppressKnob, Description: "Preemption is suppressed", Kind: Integer, ReadOnly: true,
	},
	{
		// Not ReadOnly: netstat -z writes it. A person's write is refused for its Kind.
		Name: Prefix + ".stats", Description: "CARP statistics (struct carpstats, netinet/ip_carp.h)", Kind: Opaque,
	},
}

// nodes are the names above the knobs, which stand for all below them.
var nodes = map[string]string{
	"net":      "Network, (see socket.h)",
	"net.inet": "Internet Family",
	Prefix:     "CARP",
}

// stored are the knobs that have a value of their own.
func stored() []Knob {
	return slices.DeleteFunc(Knobs(), func(k Knob) bool { return k.get == nil })
}

// Knobs is the table, in the order in which they are printed.
func Knobs() []Knob { return slices.Clone(table) }

func lookup(name string) (Knob, bool) {
	for _, k := range table {
		if k.Name == name {
			return k, true
		}
	}
	return Knob{}, false
}

// below are the knobs under a node.
func below(node string) []Knob {
	var knobs []Knob
	for _, k := range table {
		if strings.HasPrefix(k.Name, node+".") {
			knobs = append(knobs, k)
		}
	}
	return knobs
}

// Accepts is what may be written, for people: "0 to 63", "read only".
func (k Knob) Accepts() string {
	switch {
	case k.get == nil:
		return "read only"
	case k.Switch:
		return "0 or 1"
	case k.Max == math.MaxInt32:
		return fmt.Sprintf("%d or more", k.Min)
	}
	return fmt.Sprintf("%d to %d", k.Min, k.Max)
}

// check holds n to the bounds; typed is what the person wrote.
func (k Knob) check(typed string, n int64) error {
	if k.Switch || int64(k.Min) <= n && n <= int64(k.Max) {
		return nil
	}
	accepts := k.Accepts()
	if n > int64(k.Max) { // which is not "or more" then
		accepts = fmt.Sprintf("%d to %d", k.Min, k.Max)
	}
	return bsderr.Errno(typed, unix.EINVAL, fmt.Sprintf("%s: %d: must be %s", k.Name, n, accepts))
}

// put stores an n that has passed check.
func (k Knob) put(v *Values, n int64) {
	if k.Switch && n != 0 {
		n = 1 // before the conversion below can make it 0
	}
	k.set(v, int(n))
}

func number(on bool) int {
	if on {
		return 1
	}
	return 0
}
