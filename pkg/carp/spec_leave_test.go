package carp_test

// The sentences about leaving, demotion, sleep and change; spec_test.go has the
// election itself.

import (
	"testing"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// "any, down, parent lost, carrier lost: INIT." Carrier loss releases at once
// and says nothing: nobody would hear it.
func TestSpecCarrierLost(t *testing.T) {
	h := newMaster(t, 1, 0)
	h.want(evLinkDown, "release", "MASTER -> INIT (no carrier)")
	if h.m.Answering() {
		t.Error("still answering")
	}
	if d, ok := h.m.Deadline(); ok {
		t.Errorf("a deadline at %v", d.Sub(start))
	}
	h.now += s1
	h.want(evLinkUp, "INIT -> BACKUP (up)")
	h.want(evLinkDown, "BACKUP -> INIT (no carrier)")
}

// "MASTER, down: one advertisement with advbase 255 and advskew 255; release
// when [the successor's] advertisement is heard or after 20 ms, then INIT."
func TestSpecBowOut(t *testing.T) {
	h := newMaster(t, 1, 0)
	h.want(evDown, bowOut, "MASTER -> INIT (down)")
	if !h.m.Answering() {
		t.Error("not answering while the successor is awaited")
	}
	h.until(h.now + 20*ms - 1)
	h.until(h.now+1, "3.02s: release")
	if h.m.Answering() {
		t.Error("still answering")
	}

	h = newMaster(t, 1, 0)
	h.want(evDown, bowOut, "MASTER -> INIT (down)")
	h.now += ms
	h.want(carp.Heard(timing(1, 100)), "release")
	h.until(h.now + s1)

	// Up again within the handover: the kernel is let go all the same.
	h = newMaster(t, 1, 0)
	h.want(evDown, bowOut, "MASTER -> INIT (down)")
	h.now += ms
	h.want(evUp, "INIT -> BACKUP (up)")
	h.until(h.now+s1, "3.02s: release")

	// A BACKUP has nothing to say.
	h = newHost(t, 1, 0).up()
	h.want(evDown, "BACKUP -> INIT (down)")
	// No address, no vhid, net.inet.carp.allow=0: leaving is leaving.
	h = newMaster(t, 1, 0)
	h.want(carp.Configured(carp.Config{Timing: timing(1, 0), NotReady: "not allowed"}), bowOut, "MASTER -> INIT (not allowed)")
}

// The nudge, `down && up`: with a peer that takes over, the nudged host comes
// back as BACKUP and stays it without preempt.
func TestSpecNudge(t *testing.T) {
	h := newMaster(t, 1, 0)
	h.want(evDown, bowOut, "MASTER -> INIT (down)")
	h.now += ms
	h.want(evUp, "INIT -> BACKUP (up)")
	h.now += ms
	h.want(carp.Heard(timing(1, 100)), "release")
	for range 10 {
		h.until(h.now + s1 + skews(100))
		h.want(carp.Heard(timing(1, 100)))
	}
	h.state(carp.Backup)
}

// "A change of demotion makes every MASTER advertise at once."
func TestSpecDemotionAdvertises(t *testing.T) {
	h := newMaster(t, 1, 100)
	h.until(4*s1, nil...)
	h.want(carp.Demoted(50), "advertise advbase 1 advskew 150")
	h.want(carp.Demoted(50)) // no change, no advertisement
	h.until(5*s1+skews(150), "5.5859375s: advertise advbase 1 advskew 150")
	h.want(carp.Demoted(0), "advertise advbase 1 advskew 100")
	h.want(carp.Demoted(400), "advertise advbase 1 advskew 240")
	h.want(carp.Demoted(500)) // nothing to see on the wire
	h = newHost(t, 1, 100).up()
	h.want(carp.Demoted(50)) // a BACKUP is silent
}

// "Demotion may be negative (FreeBSD PR 259528: must never make two masters)."
// Whatever two hosts are demoted by, of two masters that hear each other one
// steps down.
func TestSpecNegativeDemotion(t *testing.T) {
	for _, pair := range [][2]int{{0, 100}, {100, 0}, {0, 0}, {254, 254}, {100, 100}} {
		for demotion := -300; demotion <= 300; demotion += 7 {
			a, b := newMaster(t, 1, pair[0], preempt), newMaster(t, 1, pair[1], preempt)
			a.do(carp.Demoted(demotion))
			b.do(carp.Heard(a.m.Advertised()))
			if b.m.State() == carp.Master {
				a.do(carp.Heard(b.m.Advertised()))
			}
			if a.m.State() == carp.Master && b.m.State() == carp.Master {
				t.Fatalf("two masters: advskew %d demoted by %d sends %v, the other %v", pair[0], demotion,
					a.m.Advertised(), b.m.Advertised())
			}
		}
	}
	h := newMaster(t, 1, 0)
	h.want(carp.Demoted(-20)) // 0 stays 0, and is no news
	h.want(carp.Heard(timing(1, 1)))
	h.state(carp.Master)
}

// "Late is not dead": what waits in the socket comes before the timer, and an
// advertisement heard before the deadline is looked at restarts the dead time,
// however late it is.
func TestSpecLateIsNotDead(t *testing.T) {
	h := newHost(t, 1, 0).up()
	h.now = 60 * s1 // a stopped process; the socket kept the master's frames
	h.want(carp.Heard(timing(1, 0)))
	if d, _ := h.m.Deadline(); d != at(63*s1) {
		t.Errorf("deadline %v, want 1m3s", d.Sub(start))
	}
	h.want(evDeadline)
	h.state(carp.Backup)
	h.until(63*s1-1, nil...)
	h.state(carp.Backup)
}

// A timer that fires early changes nothing.
func TestSpecEarlyDeadline(t *testing.T) {
	h := newHost(t, 1, 0).up()
	h.now = s1
	h.want(evDeadline)
	h = newMaster(t, 1, 0)
	h.now += 999 * ms
	h.want(evDeadline)
}

// "Adding or removing a virtual address changes the digest: ours stays what it
// is": it claims, advertises and announces anew.
func TestSpecAddressChange(t *testing.T) {
	h := newMaster(t, 1, 100)
	h.now = 5 * s1
	h.config.Generation++
	h.want(carp.Configured(h.config), "claim", "advertise advbase 1 advskew 100", "announce")
	h.state(carp.Master)
	h.want(carp.Configured(h.config)) // the same again is no change
	h = newHost(t, 1, 100).up()
	h.config.Generation++
	h.want(carp.Configured(h.config))
	h.state(carp.Backup)
	if d, _ := h.m.Deadline(); d != at(3*s1+skews(100)) {
		t.Errorf("an address change moved the deadline to %v", d.Sub(start))
	}
}

// Other timing takes effect at once: a MASTER says so, a BACKUP counts the
// silence so far.
func TestSpecTimingChange(t *testing.T) {
	h := newMaster(t, 1, 100)
	h.now = 4 * s1
	h.config.Timing = timing(2, 10)
	h.want(carp.Configured(h.config), "advertise advbase 2 advskew 10")
	h.until(6*s1+skews(10), "6.0390625s: advertise advbase 2 advskew 10")
	h = newHost(t, 1, 100).up()
	h.now = 2 * s1
	h.config.Timing = timing(1, 0)
	h.want(carp.Configured(h.config))
	h.until(3*s1, "3s: BACKUP -> MASTER (master timed out), claim, advertise advbase 1 advskew 0, announce")
	// Turning preempt on is no news until a slower master is heard.
	h = newHost(t, 1, 0).up()
	h.want(carp.Heard(timing(1, 100)))
	h.config.Preempt = true
	h.want(carp.Configured(h.config))
	h.want(carp.Heard(timing(1, 100)), "BACKUP -> MASTER (preempting a slower master)", "claim",
		"advertise advbase 1 advskew 0", "announce")
}

// Addresses inherited from a supervisor that died are released when a MASTER
// is heard, or after the lease; becoming MASTER keeps them.
func TestSpecInherited(t *testing.T) {
	h := newHost(t, 1, 254)
	h.want(evInherited)
	h.up()
	if !h.m.Answering() {
		t.Error("not answering with inherited addresses")
	}
	h.now = s1
	h.want(carp.Heard(timing(1, 0)), "release")
	h.want(carp.Heard(timing(1, 0)))

	h = newHost(t, 1, 254)
	h.want(evInherited) // and the administrator says down
	h.until(10*s1, "4s: release")

	// A slower host takes over inside the lease and never lets go.
	h = newHost(t, 1, 254)
	h.want(evInherited)
	h.up()
	h.until(4*s1, "3.9921875s: BACKUP -> MASTER (master timed out), claim, advertise advbase 1 advskew 254, announce")
	h.until(5*s1, nil...)

	// Down leaves like a MASTER, which it is to the segment: with a bow-out, or
	// the client would wait for the rest of somebody's dead time.
	h = newHost(t, 1, 0)
	h.want(evInherited)
	h.up()
	h.want(evDown, "advertise advbase 255 advskew 255", "BACKUP -> INIT (down)")
	if !h.m.HandingOver() {
		t.Error("does not wait for a successor")
	}
	h.until(s1, "20ms: release")

	// But not when somebody has taken over: then nothing is inherited.
	h = newHost(t, 1, 0)
	h.want(evInherited)
	h.up()
	h.want(carp.Heard(timing(1, 0)), "release")
	h.want(evDown, "BACKUP -> INIT (down)")

	// A MASTER has its own claim; there is nothing to inherit.
	h = newMaster(t, 1, 0)
	h.want(evInherited)
	h.until(6*s1, "4s: advertise advbase 1 advskew 0", "5s: advertise advbase 1 advskew 0, announce", "6s: advertise advbase 1 advskew 0")
	h.until(7*s1, "7s: advertise advbase 1 advskew 0, announce, asking too")
}

// Send errors demote after 3 in a row and are forgiven after 3 in a row that
// went out, or 30 s after leaving MASTER ("a demoted BACKUP never sends, so
// cannot recover. Do not copy it").
func TestSpecSendErrors(t *testing.T) {
	on, off := "demote for send errors: true", "demote for send errors: false"
	h := newMaster(t, 1, 0)
	h.want(evSendFailed)
	h.want(evSendFailed)
	h.want(evSent) // in a row: this starts the count again
	h.want(evSendFailed)
	h.want(evSendFailed)
	h.want(evSendFailed, on)
	h.want(evSendFailed)
	h.want(evSent)
	h.want(evSent)
	h.want(evSendFailed) // in a row, here too
	h.want(evSent)
	h.want(evSent)
	h.want(evSent, off)
	h.want(evSent)

	fail := func(h *host) {
		h.want(evSendFailed)
		h.want(evSendFailed)
		h.want(evSendFailed, on)
		h.want(carp.Demoted(240), "advertise advbase 1 advskew 240")
	}
	h = newMaster(t, 1, 0)
	fail(h)
	h.want(carp.Heard(timing(1, 100)), "release", better)
	for h.now < 32*s1 {
		h.until(min(h.now+2*s1, 33*s1-1))
		h.do(carp.Heard(timing(1, 100)))
	}
	h.until(33*s1, "33s: "+off)
	h.until(34 * s1)

	// Also in INIT; and MASTER again within the 30 s must prove itself.
	h = newMaster(t, 1, 0)
	fail(h)
	h.want(evLinkDown, "release", "MASTER -> INIT (no carrier)")
	h.until(33*s1, "33s: "+off)
	h = newMaster(t, 1, 0)
	fail(h)
	h.want(evLinkDown, "release", "MASTER -> INIT (no carrier)")
	h.want(evLinkUp, "INIT -> BACKUP (up)")
	h.now += 3 * s1
	h.do(evDeadline)
	h.state(carp.Master)
	h.want(evSent)
	h.want(evSent)
	h.want(evSent, off)

	// Failures reported to a host that has left MASTER, a bow-out's say, cannot
	// demote it: it could never prove itself.
	h = newHost(t, 1, 0).up()
	for range 5 {
		h.want(evSendFailed)
	}
	h.now = 3 * s1
	h.do(evDeadline)
	h.want(evSendFailed)
	h.want(evSendFailed)
	h.want(evSendFailed, on)
}

// `state backup` and `state master`: a MASTER hands over, a BACKUP takes over.
func TestSpecForce(t *testing.T) {
	h := newHost(t, 1, 100)
	h.want(carp.Force(carp.Master))
	h.state(carp.Init)
	h.up()
	h.want(carp.Force(carp.Backup))
	h.want(carp.Force(carp.Master), "BACKUP -> MASTER (forced)", "claim", "advertise advbase 1 advskew 100", "announce")
	h.want(carp.Force(carp.Master))
	h.want(carp.Force(carp.Backup), bowOut, "MASTER -> BACKUP (forced)")
	h.now += ms
	h.want(carp.Heard(timing(1, 200)), "release")
	h.until(3*s1+skews(100), nil...)
	h.state(carp.Backup)
	// Nobody takes over: it lets go and comes back by itself.
	h = newMaster(t, 1, 100)
	h.want(carp.Force(carp.Backup), bowOut, "MASTER -> BACKUP (forced)")
	h.until(7*s1, "3.410625s: release",
		"6.78125s: BACKUP -> MASTER (master timed out), claim, advertise advbase 1 advskew 100, announce")
}
