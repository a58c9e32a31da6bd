package carp

import "time"

// HandoverTime is how long a MASTER that bows out goes on answering while it
// waits for its successor's first advertisement.
const HandoverTime = 20 * time.Millisecond

// Machine is one host's part in the election of one vhid. Feed it events with
// Step, do what it answers, and call again at Deadline at the latest. The zero
// Machine is ready: down, INIT, without link and settings.
//
// Times must come from one monotonic clock and never go back.
type Machine struct {
	state    State
	reason   string
	config   Config
	demotion int
	up, link bool

	deadAt  time.Time // BACKUP: when it becomes MASTER, by silence mostly,
	deadWhy string    // and for what reason
	adAt    time.Time // MASTER: the next advertisement
	lastAd  time.Time // MASTER: the latest one, or the promotion

	announcements announcements
	// releaseAt ends the time in which the kernel still answers though the
	// machine is not MASTER; zero: the kernel holds nothing.
	releaseAt time.Time
	// handover says that it does so after a bow-out.
	handover bool
	ties     uint64        // how many there have been
	tieWait  time.Duration // what the latest one adds to the dead time,
	tieEnd   time.Time     // and until when
	sending  sendHealth

	actions []Action
}

// State is the machine's state now.
func (m *Machine) State() State { return m.state }

// Reason is why it is in that state, in a few words.
func (m *Machine) Reason() string { return m.reason }

// Answering tells whether the kernel holds the addresses: as MASTER, and for
// the handover afterwards.
func (m *Machine) Answering() bool { return m.state == Master || !m.releaseAt.IsZero() }

// inherited tells whether the kernel answers in the stead of a supervisor that
// died, and no other host has taken over since: to the segment this host is
// still MASTER, and it leaves like one.
func (m *Machine) inherited() bool { return m.state != Master && !m.releaseAt.IsZero() && !m.handover }

// HandingOver tells whether the machine has bowed out and waits, for
// HandoverTime at most, for its successor.
func (m *Machine) HandingOver() bool { return m.handover }

// Advertised is the timing that goes, or would go, on the wire.
func (m *Machine) Advertised() Timing { return m.config.Timing.Demoted(m.demotion) }

// Deadline is when Step is to be called at the latest; false if nothing is due
// ever.
func (m *Machine) Deadline() (time.Time, bool) {
	var d time.Time
	for _, t := range [...]time.Time{m.stateDeadline(), m.releaseAt, m.sending.forgetAt} {
		if !t.IsZero() && (d.IsZero() || t.Before(d)) {
			d = t
		}
	}
	return d, !d.IsZero()
}

// listening is the timing by which a BACKUP judges silence: its own, whatever
// its demotion, as in every BSD. With advbase 0 the skew is the whole interval,
// and a demoted host must be patient to match: by its configured skew it would
// depose slower masters for ever without being able to replace them.
func (m *Machine) listening() Timing {
	if m.config.Timing.Base == 0 {
		return m.Advertised()
	}
	return m.config.Timing
}

func (m *Machine) stateDeadline() time.Time {
	switch m.state {
	case Backup:
		return m.deadAt
	case Master:
		return m.adAt
	}
	return time.Time{}
}

// Step takes one event that happened at now and returns what is to be done, in
// order. The slice is the machine's own: it is good until the next Step.
func (m *Machine) Step(now time.Time, ev Event) []Action {
	m.actions = m.actions[:0]
	m.checkOverslept(now)
	switch ev.Kind {
	case EventUp:
		m.up = true
	case EventDown:
		m.up = false
	case EventLinkUp:
		m.link = true
	case EventLinkDown:
		m.link = false
	case EventConfigured:
		m.configure(now, ev.Config)
	case EventDemoted:
		m.demote(now, ev.Demotion)
	case EventHeard:
		m.heard(now, ev.Timing)
	case EventSent:
		m.do(m.sending.sent())
	case EventSendFailed:
		// Whoever has left MASTER sends nothing more, so could never prove
		// that sending works again: a failed bow-out does not count.
		if m.state == Master {
			m.do(m.sending.failed())
		}
	case EventForce:
		m.force(now, ev.State)
	case EventSlept:
		m.slept(now)
	case EventInherited:
		if m.state != Master {
			m.releaseAt = now.Add(m.config.Timing.Lease())
		}
	}
	m.settle(now)
	if ev.Kind == EventDeadline {
		m.expire(now)
	}
	return m.actions
}

// settle moves between INIT and the election: a machine takes part while it is
// up, its settings are complete and the parent has carrier.
func (m *Machine) settle(now time.Time) {
	able, why := m.able()
	switch {
	case able && m.state == Init:
		m.become(Backup, now, why)
	case !able && m.state != Init:
		m.leave(now, Init, why, m.link)
	case !able:
		m.reason = why
	}
}

// NoCarrier is the reason of INIT while the parent has no link.
const NoCarrier = "no carrier"

// able tells whether the machine can take part, and why or why not.
func (m *Machine) able() (bool, string) {
	switch {
	case !m.up:
		return false, "down"
	case !m.config.Ready:
		return false, m.config.NotReady
	case !m.link:
		return false, NoCarrier
	}
	return true, "up"
}

// expire acts on every deadline that has passed.
func (m *Machine) expire(now time.Time) {
	if !m.releaseAt.IsZero() && !now.Before(m.releaseAt) {
		m.release()
	}
	if !m.sending.forgetAt.IsZero() && !now.Before(m.sending.forgetAt) {
		m.do(m.sending.forget())
	}
	switch {
	case m.state == Backup && now.Sub(m.deadAt) > m.listening().DeadTime():
		// The whole host slept, or its packet queue would have told of a master
		// by now: what it missed is not silence.
		m.listen(now)
	case m.state == Backup && !now.Before(m.deadAt):
		m.become(Master, now, m.deadWhy)
	case m.state == Master && !now.Before(m.adAt):
		m.advertise(now)
		if due, asking := m.announcements.afterAdvertisement(now); due {
			m.do(Action{Kind: ActionAnnounce, Request: asking}, true)
		}
	}
}

// napTime is the longest sleep from which a MASTER with a shorter dead time
// wakes up as MASTER. Busy hosts keep even a real-time process waiting for
// hundredths of a second, which is a whole dead time with advbase 0: whoever was
// elected meanwhile tells so within milliseconds, and stepping back from nobody
// would leave the addresses without a host for a dead time and more.
const napTime = 100 * time.Millisecond

// checkOverslept makes a MASTER that has been silent for a whole dead time a
// BACKUP before it looks at anything else: its peers have long elected another
// (a stopped process, a paused virtual machine). The kernel's lease has
// released the addresses meanwhile, or does so now.
func (m *Machine) checkOverslept(now time.Time) {
	if m.state == Master && now.Sub(m.lastAd) > max(m.Advertised().DeadTime(), napTime) {
		m.leave(now, Backup, "overslept", false)
	}
}

// slept starts a MASTER and a BACKUP anew with a dead time of listening: what
// they know of the segment is of before.
func (m *Machine) slept(now time.Time) {
	switch m.state {
	case Master:
		m.leave(now, Backup, "overslept", false)
	case Backup:
		m.listen(now)
	}
}

// heard is the election proper; the comparisons are those of carp_input_c.
func (m *Machine) heard(now time.Time, theirs Timing) {
	mine := m.Advertised().Interval()
	switch m.state {
	case Backup:
		switch {
		case m.config.Preempt && mine < theirs.Interval() && m.tieWaitLeft(now) > 0:
			// So do the hosts with which it was tied, in the same instant.
			if d := now.Add(m.tieWaitLeft(now)); d.Before(m.deadAt) {
				m.deadAt, m.deadWhy = d, preempting
			}
		case m.config.Preempt && mine < theirs.Interval():
			m.become(Master, now, preempting)
		case m.listening().patience() < theirs.Interval():
			m.become(Master, now, "master will time out")
		default:
			m.listen(now)
		}
	case Master:
		if mine >= theirs.Interval() {
			if mine == theirs.Interval() {
				m.tieWait = m.tieDelay()
				m.tieEnd = now.Add(2 * m.listening().DeadTime())
			}
			m.leave(now, Backup, "more frequent advertisement received", false)
			return
		}
		m.announcements.conflict(now, m.config.Timing.Lease())
		return
	}
	// Whoever advertises has claimed the addresses already: let go.
	if m.state != Master && !m.releaseAt.IsZero() {
		m.release()
	}
}

// listen starts the dead time of a BACKUP. The delay after a tie counts for two
// dead times: were it gone with the next advertisement, those of the other
// family, of a third equal host or of another pair in lockstep would bring the
// hosts that have just parted together again.
func (m *Machine) listen(now time.Time) {
	m.deadAt = now.Add(m.listening().DeadTime() + m.tieWaitLeft(now))
	m.deadWhy = "master timed out"
}

// tieWaitLeft is the delay after a tie, while it counts; never more than a dead
// time, which may have become shorter since.
func (m *Machine) tieWaitLeft(now time.Time) time.Duration {
	if now.Before(m.tieEnd) {
		return min(m.tieWait, m.listening().DeadTime())
	}
	return 0
}

// preempting is the reason of a BACKUP that does not wait for silence.
const preempting = "preempting a slower master"

// tieDelay is what a BACKUP that stepped down on a tie waits longer, up to a
// quarter second or another dead time. Without it two hosts with the same
// timing that started in the same instant depose each other for ever; it stays
// within what the protocol allows, since a BACKUP may wait as long as it likes.
func (m *Machine) tieDelay() time.Duration {
	m.ties++
	// splitmix64: spreads neighbouring seeds over the whole range.
	z := m.config.TieBreak + m.ties*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	// With a short dead time the delays must still differ: no cutting off.
	choices := min(64, uint64(m.listening().DeadTime()/tick)+1)
	return time.Duration(z%choices) * tick
}

func (m *Machine) configure(now time.Time, c Config) {
	old, before := m.config, m.listening().DeadTime()
	m.config = c
	switch {
	case !c.Ready:
		// settle takes it from here.
	case m.state == Master && old.Generation != c.Generation:
		m.takeOver(now)
	case m.state == Master && old.Timing != c.Timing:
		m.advertise(now)
	case m.state == Backup:
		// The silence so far counts: from what was heard last.
		m.deadAt = m.deadAt.Add(m.listening().DeadTime() - before)
	}
}

// takeOver makes the segment send to this host: claim, advertise, announce.
func (m *Machine) takeOver(now time.Time) {
	m.do(Action{Kind: ActionClaim}, true)
	m.advertise(now)
	m.do(Action{Kind: ActionAnnounce}, true)
	m.announcements.promoted(now, m.config.Timing.Lease())
}

// demote takes over the host's demotion. A MASTER says so at once, so that its
// peers judge it now and not an interval later (FreeBSD, carp_demote_adj).
func (m *Machine) demote(now time.Time, sum int) {
	before, listened := m.Advertised(), m.listening().DeadTime()
	m.demotion = sum
	switch {
	case m.state == Master && m.Advertised() != before:
		m.advertise(now)
	case m.state == Backup:
		m.deadAt = m.deadAt.Add(m.listening().DeadTime() - listened)
	}
}

func (m *Machine) force(now time.Time, to State) {
	switch {
	case m.state == Init || m.state == to:
	case to == Backup:
		m.leave(now, Backup, "forced", true)
	case to == Master:
		m.become(Master, now, "forced")
	}
}

// become enters BACKUP from INIT, or MASTER from BACKUP.
func (m *Machine) become(to State, now time.Time, why string) {
	m.transition(to, why)
	switch to {
	case Backup:
		m.listen(now)
	case Master:
		m.releaseAt, m.handover = time.Time{}, false
		m.sending.enterMaster()
		m.takeOver(now)
	}
}

// leave goes from any state to BACKUP or INIT. With bowOut a MASTER says
// goodbye and lets the kernel answer until the successor is heard: make before
// break. Without, it releases at once, before anything else.
func (m *Machine) leave(now time.Time, to State, why string, bowOut bool) {
	switch {
	case bowOut && (m.state == Master || m.inherited()):
		m.do(Action{Kind: ActionAdvertise, Timing: Timing{Base: bowOutBase, Skew: bowOutSkew}}, true)
		m.releaseAt, m.handover = now.Add(HandoverTime), true
	case m.Answering():
		m.release()
	}
	if m.state == Master {
		m.sending.leaveMaster(now)
	}
	m.transition(to, why)
	if to == Backup {
		m.listen(now)
	}
}

func (m *Machine) advertise(now time.Time) {
	t := m.Advertised()
	m.lastAd = now
	m.adAt = now.Add(t.Interval())
	m.do(Action{Kind: ActionAdvertise, Timing: t}, true)
}

func (m *Machine) release() {
	m.releaseAt, m.handover = time.Time{}, false
	m.do(Action{Kind: ActionRelease}, true)
}

func (m *Machine) transition(to State, why string) {
	m.do(Action{Kind: ActionTransition, From: m.state, To: to, Reason: why}, true)
	m.state, m.reason = to, why
}

// do appends an action if there is one.
func (m *Machine) do(a Action, ok bool) {
	if ok {
		m.actions = append(m.actions, a)
	}
}
