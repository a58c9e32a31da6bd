package carptest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// MaxHosts is how many hosts fit on a LAN.
const MaxHosts = 8

// epoch is when virtual time begins. Any time but the zero one would do.
var epoch = time.Unix(1_000_000_000, 0)

// never is a virtual time that does not come.
const never = time.Duration(math.MaxInt64)

// maxAtOnce is how much may happen in one instant: more is hosts answering each
// other without end.
const maxAtOnce = 10_000

// Conditions are what the segment does to frames.
type Conditions struct {
	// Delay is the least time that a frame takes, Jitter what is added at
	// random. With Jitter frames overtake each other.
	Delay, Jitter time.Duration
	// Loss and Duplicate are shares of 1000.
	Loss, Duplicate int
}

// slowest is the longest way of a frame.
func (c Conditions) slowest() time.Duration { return c.Delay + c.Jitter }

// LAN is a segment with its hosts. Make one with New.
type LAN struct {
	// Log takes a line for everything that happens; nil for none.
	Log func(line string)

	now        time.Duration
	hosts      []*Host
	conditions Conditions
	rng        *rand.Rand
	frames     frameHeap
	sent       uint64
	// families is how many advertisements an ActionAdvertise becomes.
	families int
	// cut tells which host does not hear which: [from][to].
	cut  [MaxHosts][MaxHosts]bool
	cuts int
	watch
}

// New makes an empty LAN. Families is 1, or 2 for a group with IPv4 and IPv6
// addresses, each of which has advertisements of its own.
func New(seed uint64, c Conditions, families int) *LAN {
	return &LAN{
		conditions: c,
		families:   families,
		rng:        rand.New(rand.NewPCG(seed, 0x636172702d74)),
		watch:      watch{lastChange: 0, masterless: 0},
	}
}

// Now is the virtual time since the beginning.
func (l *LAN) Now() time.Duration { return l.now }

// Hosts are all hosts, in the order in which they were added.
func (l *LAN) Hosts() []*Host { return l.hosts }

// SetConditions changes what the segment does to frames from now on.
func (l *LAN) SetConditions(c Conditions) {
	l.fault("conditions: %+v", c)
	l.conditions = c
}

// Conditions are those of now.
func (l *LAN) Conditions() Conditions { return l.conditions }

// Cut keeps the frames of one host from another; the other direction is cut
// separately. Heal mends it.
func (l *LAN) Cut(from, to *Host) {
	if !l.cut[from.index][to.index] && from != to {
		l.cut[from.index][to.index] = true
		l.cuts++
	}
	l.fault("%s no longer hears %s", to.Name, from.Name)
}

// Heal mends what Cut has cut.
func (l *LAN) Heal(from, to *Host) {
	if l.cut[from.index][to.index] {
		l.cut[from.index][to.index] = false
		l.cuts--
	}
	l.fault("%s hears %s", to.Name, from.Name)
}

// Partition cuts both directions between the hosts named and all others.
func (l *LAN) Partition(side ...*Host) {
	var in [MaxHosts]bool
	for _, h := range side {
		in[h.index] = true
	}
	for _, a := range l.hosts {
		for _, b := range l.hosts {
			if in[a.index] != in[b.index] {
				l.Cut(a, b)
			}
		}
	}
}

// HealAll mends all cuts.
func (l *LAN) HealAll() {
	if l.cuts > 0 {
		l.cut, l.cuts = [MaxHosts][MaxHosts]bool{}, 0
		l.fault("all hear each other")
	}
}

// Run lets d pass, unless something goes wrong.
func (l *LAN) Run(d time.Duration) {
	end, before, steps := l.now+d, l.now, 0
	for l.err == nil {
		if !l.step(end) {
			l.now = end
			l.check()
			return
		}
		if steps++; l.now > before {
			before, steps = l.now, 0
		} else if steps > maxAtOnce {
			l.failf("a storm: more than %d things at once", maxAtOnce)
		}
	}
}

// step does the next thing that is due, if it is due until end. What has
// arrived is read before a timer is believed.
func (l *LAN) step(end time.Duration) bool {
	due, who := never, -1
	for i, h := range l.hosts {
		if h.due < due {
			due, who = h.due, i
		}
	}
	if len(l.frames) > 0 && l.frames[0].at <= due {
		if l.frames[0].at > end {
			return false
		}
		f := l.frames.pop()
		l.now = max(l.now, f.at)
		l.hosts[f.to].receive(f)
		l.check()
		return true
	}
	if due > end {
		return false
	}
	l.now = max(l.now, due)
	l.hosts[who].feed(carp.Event{Kind: carp.EventDeadline})
	l.check()
	return true
}

// broadcast puts a host's advertisement on the segment, once for each family.
func (l *LAN) broadcast(from *Host, t carp.Timing) {
	for range l.families {
		for to := range l.hosts {
			if to == from.index || l.cut[from.index][to] || l.chance(l.conditions.Loss) {
				continue
			}
			l.transmit(from.index, to, t)
			if l.chance(l.conditions.Duplicate) {
				l.transmit(from.index, to, t)
			}
		}
	}
}

func (l *LAN) transmit(from, to int, t carp.Timing) {
	at := l.now + l.conditions.Delay
	if l.conditions.Jitter > 0 {
		at += time.Duration(l.rng.Int64N(int64(l.conditions.Jitter)))
	}
	l.sent++
	l.frames.push(frame{at: at, n: l.sent, from: from, to: to, timing: t})
}

// chance is true in n of 1000 cases.
func (l *LAN) chance(n int) bool { return n > 0 && l.rng.IntN(1000) < n }

// Masters are the hosts whose machines are MASTER, stopped ones included.
func (l *LAN) Masters() (masters []*Host) {
	for _, h := range l.hosts {
		if h.running && h.m.State() == carp.Master {
			masters = append(masters, h)
		}
	}
	return masters
}

// Answering are the hosts whose kernels answer for the addresses, whatever
// has become of their supervisors.
func (l *LAN) Answering() (answering []*Host) {
	for _, h := range l.hosts {
		if h.Answering() {
			answering = append(answering, h)
		}
	}
	return answering
}

func (l *LAN) logf(format string, args ...any) {
	if l.Log != nil {
		l.Log(fmt.Sprintf("%v ", l.now) + fmt.Sprintf(format, args...))
	}
}

// frame is an advertisement on its way to one host.
type frame struct {
	at       time.Duration
	n        uint64
	from, to int
	timing   carp.Timing
}

// frameHeap is a binary heap of frames, the next first; of two at the same
// time the one sent first.
type frameHeap []frame

func (a frame) before(b frame) bool { return a.at < b.at || a.at == b.at && a.n < b.n }

func (q *frameHeap) push(f frame) {
	*q = append(*q, f)
	s := *q
	for i := len(s) - 1; i > 0; {
		up := (i - 1) / 2
		if !s[i].before(s[up]) {
			break
		}
		s[i], s[up] = s[up], s[i]
		i = up
	}
}

func (q *frameHeap) pop() frame {
	s := *q
	first := s[0]
	last := len(s) - 1
	s[0] = s[last]
	s = s[:last]
	*q = s
	for i := 0; ; {
		least := i
		for _, c := range [...]int{2*i + 1, 2*i + 2} {
			if c < last && s[c].before(s[least]) {
				least = c
			}
		}
		if least == i {
			return first
		}
		s[i], s[least] = s[least], s[i]
		i = least
	}
}
