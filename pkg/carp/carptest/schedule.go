package carptest

import (
	"fmt"
	"strings"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// FaultKind says what goes wrong, or is done.
type FaultKind uint8

// The kinds. Each has its opposite; doing what is done already is harmless.
const (
	FaultNone FaultKind = iota // only time passes
	FaultKill
	FaultPowerOff
	FaultStart
	FaultFreeze
	FaultThaw
	FaultUnplug
	FaultPlug
	FaultMute
	FaultUnmute
	FaultCut  // the host no longer hears Other
	FaultHeal // it does again
	FaultPartition
	FaultHealAll
	FaultDown
	FaultUp
	FaultDemote    // by N
	FaultSkew      // another advskew, N
	FaultReaddress // another address list
	FaultPreempt   // on with N odd, off with N even
	FaultForceBackup
	FaultForceMaster
	FaultLoss // N of 1000 frames

	NumFaults
)

var faultNames = [NumFaults]string{"none", "kill", "power-off", "start", "freeze", "thaw", "unplug", "plug",
	"mute", "unmute", "cut", "heal", "partition", "heal-all", "down", "up", "demote", "skew", "readdress",
	"preempt", "force-backup", "force-master", "loss"}

// String is the fault's name.
func (k FaultKind) String() string { return faultNames[k] }

// Fault is one thing that happens in a Schedule, after Wait has passed.
type Fault struct {
	Wait        time.Duration
	Kind        FaultKind
	Host, Other int
	N           int
}

// String is for the report of a failure.
func (f Fault) String() string {
	return fmt.Sprintf("after %v %v host %d other %d n %d", f.Wait, f.Kind, f.Host, f.Other, f.N)
}

// Schedule is a whole experiment.
type Schedule struct {
	Seed       uint64
	Families   int
	Conditions Conditions
	Hosts      []carp.Config
	// Stagger is the time between the hosts' starts; with 0 they start in
	// lockstep.
	Stagger time.Duration
	Faults  []Fault
}

// String is the schedule in a form that can be read.
func (s Schedule) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, %d families, %+v, stagger %v\n", s.Seed, s.Families, s.Conditions, s.Stagger)
	for i, c := range s.Hosts {
		fmt.Fprintf(&b, "  host %d: %v preempt %t\n", i, c.Timing, c.Preempt)
	}
	for _, f := range s.Faults {
		fmt.Fprintf(&b, "  %v\n", f)
	}
	return b.String()
}

// Run does the experiment: the hosts come up, the faults happen, the segment
// is mended and settles. It returns the virtual time that this took; the error
// is the first thing that was not as it must be. A log takes every line of what
// happened; nil for none.
func (s Schedule) Run(log func(string)) (time.Duration, error) {
	l := New(s.Seed, s.Conditions, s.Families)
	l.Log = log
	for i, c := range s.Hosts {
		c.Ready = true
		l.Add(string(rune('a'+i)), c).Up()
		l.Run(s.Stagger)
	}
	for _, f := range s.Faults {
		l.Run(f.Wait)
		l.Inject(f)
		if l.Err() != nil {
			return l.Now(), l.Err()
		}
	}
	err := l.Settle()
	return l.Now(), err
}

// Inject makes a fault happen now.
func (l *LAN) Inject(f Fault) {
	h, other := l.hosts[f.Host%len(l.hosts)], l.hosts[f.Other%len(l.hosts)]
	switch f.Kind {
	case FaultKill:
		h.Kill()
	case FaultPowerOff:
		h.PowerOff()
	case FaultStart:
		h.Start()
	case FaultFreeze:
		h.Freeze()
	case FaultThaw:
		h.Thaw()
	case FaultUnplug:
		h.Unplug()
	case FaultPlug:
		h.Plug()
	case FaultMute, FaultUnmute:
		h.Mute(f.Kind == FaultMute)
	case FaultCut:
		l.Cut(other, h)
	case FaultHeal:
		l.Heal(other, h)
	case FaultPartition:
		l.Partition(l.hosts[:1+f.Host%len(l.hosts)]...)
	case FaultHealAll:
		l.HealAll()
	case FaultDown:
		h.Down()
	case FaultUp:
		h.Up()
	case FaultDemote:
		h.Demote(f.N)
	case FaultSkew, FaultReaddress, FaultPreempt:
		c := h.config
		switch f.Kind {
		case FaultSkew:
			c.Timing.Skew = carp.AdvSkew(min(max(f.N, 0), int(carp.MaxAdvSkew)))
		case FaultReaddress:
			c.Generation++
		case FaultPreempt:
			c.Preempt = f.N%2 != 0
		}
		h.Configure(c)
	case FaultForceBackup:
		h.Force(carp.Backup)
	case FaultForceMaster:
		h.Force(carp.Master)
	case FaultLoss:
		c := l.conditions
		c.Loss = min(max(f.N, 0), 1000)
		l.SetConditions(c)
	}
}
