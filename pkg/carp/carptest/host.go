package carptest

import (
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// socketSize is how many events wait for a stopped process; a full socket
// drops what comes.
const socketSize = 64

// sendErrorFactor is what failing advertisements demote a host by, the default
// of net.inet.carp.senderr_demotion_factor.
const sendErrorFactor = 240

// Host is one machine with what surrounds it: a supervisor process that can be
// killed or stopped, a kernel that holds addresses under a lease, a cable.
type Host struct {
	// Name is for the log.
	Name string

	lan    *LAN
	index  int
	m      carp.Machine
	config carp.Config
	up     bool // what the administrator wants
	// due is the machine's deadline, never while nobody looks at it.
	due time.Duration
	// longest is the longest dead time that it has had.
	longest time.Duration

	powered, running, frozen, plugged, mute bool

	waiting []carp.Event // for a stopped process
	follow  []carp.Event // what the actions just done lead to
	// lease is when the kernel stops answering; 0 when it holds nothing.
	lease time.Duration
	// demotion is the administrator's; failing is what send errors add.
	demotion, failing int
}

// Add puts a host on the LAN, with power, carrier and a running supervisor,
// not yet up. Its TieBreak is its own unless one is given.
func (l *LAN) Add(name string, c carp.Config) *Host {
	if len(l.hosts) == MaxHosts {
		panic("carptest: the LAN is full")
	}
	h := &Host{Name: name, lan: l, index: len(l.hosts), config: c, due: never,
		powered: true, plugged: true}
	if h.config.TieBreak == 0 {
		h.config.TieBreak = l.rng.Uint64()
	}
	l.hosts = append(l.hosts, h)
	h.Start()
	return h
}

// Machine is the host's machine, for reading.
func (h *Host) Machine() *carp.Machine { return &h.m }

// Config is the host's settings.
func (h *Host) Config() carp.Config { return h.config }

// Running tells whether the host has a supervisor, stopped or not.
func (h *Host) Running() bool { return h.running }

// Frozen tells whether the supervisor is stopped.
func (h *Host) Frozen() bool { return h.frozen }

// Answering tells whether the segment gets answers from the host's kernel.
func (h *Host) Answering() bool { return h.powered && h.plugged && h.lan.now < h.lease }

// Healthy tells whether the host can take part and nothing is wrong with it.
func (h *Host) Healthy() bool {
	return h.powered && h.running && !h.frozen && h.plugged && !h.mute && h.up && h.config.Ready
}

// dead is how long the host waits in silence.
func (h *Host) dead() time.Duration {
	if h.config.Timing.Base == 0 {
		return h.m.Advertised().DeadTime() // demotion included
	}
	return h.config.Timing.DeadTime()
}

// Up and Down are the administrator's words.
func (h *Host) Up() { h.command(carp.Event{Kind: carp.EventUp}) }

// Down is Up's opposite.
func (h *Host) Down() { h.command(carp.Event{Kind: carp.EventDown}) }

// Configure hands over other settings.
func (h *Host) Configure(c carp.Config) { h.command(carp.Configured(c)) }

// Demote is the administrator's number.
func (h *Host) Demote(n int) {
	h.demotion = n
	h.command(carp.Demoted(h.demotion + h.failing))
}

// Force is `state backup` and `state master`.
func (h *Host) Force(s carp.State) { h.command(carp.Force(s)) }

// command gives the supervisor an order; one that is dead takes none, but what
// the record says counts when it comes back.
func (h *Host) command(ev carp.Event) {
	switch ev.Kind {
	case carp.EventUp, carp.EventDown:
		h.up = ev.Kind == carp.EventUp
	case carp.EventConfigured:
		h.config = ev.Config
	}
	h.lan.fault("%s: %v", h.Name, ev)
	h.give(ev)
	h.lan.check()
}

// Start starts the supervisor, and before it the host if it has no power.
func (h *Host) Start() {
	if h.running {
		return
	}
	h.powered, h.running, h.frozen = true, true, false
	h.m, h.waiting, h.failing = carp.Machine{}, h.waiting[:0], 0
	h.lan.fault("%s: started", h.Name)
	inherited := h.lan.now < h.lease
	left := h.lease
	h.lease = 0
	h.feed(carp.Configured(h.config))
	h.feed(carp.Demoted(h.demotion))
	if inherited {
		h.lease = left
		h.feed(carp.Event{Kind: carp.EventInherited})
	}
	if h.plugged {
		h.feed(carp.Event{Kind: carp.EventLinkUp})
	}
	if h.up {
		h.feed(carp.Event{Kind: carp.EventUp})
	}
	h.lan.check()
}

// Kill ends the supervisor as SIGKILL does: the kernel goes on answering until
// the lease ends.
func (h *Host) Kill() {
	h.running, h.due = false, never
	h.lan.fault("%s: supervisor killed", h.Name)
}

// PowerOff ends everything at once.
func (h *Host) PowerOff() {
	h.running, h.powered, h.due, h.lease = false, false, never, 0
	h.lan.fault("%s: power off", h.Name)
}

// Freeze stops the supervisor as SIGSTOP does; what arrives waits.
func (h *Host) Freeze() {
	if h.running && !h.frozen {
		h.frozen, h.due = true, never
		h.lan.fault("%s: stopped", h.Name)
	}
}

// Thaw lets it continue: it reads what has arrived, then looks at the time.
func (h *Host) Thaw() {
	if !h.frozen {
		return
	}
	h.frozen = false
	if !h.running {
		return
	}
	h.lan.fault("%s: continues", h.Name)
	for _, ev := range h.waiting {
		h.feed(ev)
	}
	h.waiting = h.waiting[:0]
	h.feed(carp.Event{Kind: carp.EventDeadline})
	h.lan.check()
}

// Unplug pulls the cable; the supervisor notices.
func (h *Host) Unplug() {
	h.plugged = false
	h.lan.fault("%s: unplugged", h.Name)
	h.give(carp.Event{Kind: carp.EventLinkDown})
	h.lan.check()
}

// Plug puts it back.
func (h *Host) Plug() {
	h.plugged = true
	h.lan.fault("%s: plugged in", h.Name)
	h.give(carp.Event{Kind: carp.EventLinkUp})
	h.lan.check()
}

// Mute makes sending fail, with an error, while receiving works.
func (h *Host) Mute(on bool) {
	h.mute = on
	h.lan.fault("%s: sending fails: %t", h.Name, on)
}

// give hands an event to the supervisor, or leaves it where it will find it.
func (h *Host) give(ev carp.Event) {
	switch {
	case !h.running:
	case !h.frozen:
		h.feed(ev)
	case len(h.waiting) < socketSize || ev.Kind != carp.EventHeard:
		h.waiting = append(h.waiting, ev)
	}
}

// receive takes a frame off the segment. A supervisor that takes no part and
// does not wait for a successor does not look at it (carp.Group.Judge).
func (h *Host) receive(f frame) {
	if !h.plugged || !h.running {
		return
	}
	if !h.frozen && h.m.State() == carp.Init && !h.m.Answering() {
		return
	}
	h.give(carp.Heard(f.timing))
}

// feed steps the machine and does what it asks for.
func (h *Host) feed(ev carp.Event) {
	h.one(ev)
	for len(h.follow) > 0 {
		ev := h.follow[0]
		h.follow = append(h.follow[:0], h.follow[1:]...)
		h.one(ev)
	}
}

func (h *Host) one(ev carp.Event) {
	l := h.lan
	before := h.m.State()
	actions := h.m.Step(epoch.Add(l.now), ev)
	if l.Log != nil && (len(actions) > 0 || ev.Kind == carp.EventHeard) {
		l.logf("%s: %v", h.Name, ev)
		for _, a := range actions {
			l.Log("    " + a.String())
		}
	}
	state := before
	for _, a := range actions {
		if a.Kind == carp.ActionTransition {
			state = a.To
			l.changed()
		}
		l.checkAction(h, state, a)
		h.do(a, state)
	}
	h.longest = max(h.longest, h.dead())
	h.due = never
	if d, ok := h.m.Deadline(); ok {
		h.due = d.Sub(epoch)
	}
	l.checkStep(h, ev, state)
}

// do does what the machine asks for.
func (h *Host) do(a carp.Action, state carp.State) {
	switch a.Kind {
	case carp.ActionClaim:
		h.renew()
	case carp.ActionRelease:
		h.lease = 0
	case carp.ActionAdvertise:
		if h.mute || !h.plugged {
			h.follow = append(h.follow, carp.Event{Kind: carp.EventSendFailed})
			return
		}
		h.lan.broadcast(h, a.Timing)
		h.follow = append(h.follow, carp.Event{Kind: carp.EventSent})
		if state == carp.Master {
			h.renew()
		}
	case carp.ActionDemote:
		h.lan.changed()
		h.failing = 0
		if a.On {
			h.failing = sendErrorFactor
		}
		h.follow = append(h.follow, carp.Demoted(h.demotion+h.failing))
	}
}

// renew gives the kernel another lease.
func (h *Host) renew() { h.lease = h.lan.now + h.config.Timing.Lease() }
