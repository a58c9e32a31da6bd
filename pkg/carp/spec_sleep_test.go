package carp_test

import (
	"testing"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// "A MASTER that overslept a whole dead time goes to BACKUP first."
func TestSpecOverslept(t *testing.T) {
	overslept := "MASTER -> BACKUP (overslept)"
	// Exactly a dead time is not overslept: the peers wait at least as long.
	h := newMaster(t, 1, 0)
	h.now += 3 * s1
	h.want(evDeadline, "advertise advbase 1 advskew 0")
	// Longer is, whatever comes first.
	for name, c := range map[string]struct {
		ev   carp.Event
		want []string
	}{
		"timer":      {evDeadline, nil},
		"better":     {carp.Heard(timing(1, 0)), nil},
		"worse":      {carp.Heard(timing(1, 200)), nil},
		"bow-out":    {carp.Heard(timing(255, 255)), []string{"BACKUP -> MASTER (master will time out)", "claim", "advertise advbase 1 advskew 100", "announce"}},
		"demoted":    {carp.Demoted(20), nil},
		"sent":       {evSent, nil},
		"down":       {evDown, []string{"BACKUP -> INIT (down)"}},
		"no carrier": {evLinkDown, []string{"BACKUP -> INIT (no carrier)"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newMaster(t, 1, 100)
			h.now += 3*s1 + skews(100) + 1
			h.want(c.ev, append([]string{"release", overslept}, c.want...)...)
		})
	}
	// Then a whole dead time of listening.
	h = newMaster(t, 1, 0)
	h.now = 10 * s1
	h.want(evDeadline, "release", overslept)
	h.until(13*s1, "13s: BACKUP -> MASTER (master timed out), claim, advertise advbase 1 advskew 0, announce")
	h.until(14*s1, "14s: advertise advbase 1 advskew 0")
}

// With advbase 0 a dead time is what a busy host's scheduler may keep anybody
// waiting: up to 100 ms a MASTER wakes up as MASTER, and the first frame it hears
// decides.
func TestSpecNap(t *testing.T) {
	const nap = 100 * ms
	for name, c := range map[string]struct {
		ev   carp.Event
		want []string
	}{
		"timer":  {evDeadline, []string{"advertise advbase 0 advskew 2"}},
		"better": {carp.Heard(timing(0, 1)), []string{"release", "MASTER -> BACKUP (more frequent advertisement received)"}},
		"worse":  {carp.Heard(timing(0, 3)), nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := newMaster(t, 0, 2)
			h.now += nap
			h.want(c.ev, c.want...)
		})
	}
	h := newMaster(t, 0, 2)
	h.now += nap + 1
	h.want(evDeadline, "release", "MASTER -> BACKUP (overslept)")
	// A longer dead time is what counts.
	h = newMaster(t, 0, 100)
	h.now += skews(300)
	h.want(evDeadline, "advertise advbase 0 advskew 100")
	h = newMaster(t, 0, 100)
	h.now += skews(300) + 1
	h.want(evDeadline, "release", "MASTER -> BACKUP (overslept)")
}

// A host that was suspended knows nothing of the segment, though its monotonic
// clock says that no time has passed.
func TestSpecSlept(t *testing.T) {
	slept := carp.Event{Kind: carp.EventSlept}
	h := newMaster(t, 1, 0)
	h.want(slept, "release", "MASTER -> BACKUP (overslept)")
	h = newHost(t, 1, 0).up()
	h.now = 2 * s1
	h.want(slept)
	h.until(5*s1, "5s: BACKUP -> MASTER (master timed out), claim, advertise advbase 1 advskew 0, announce")
	newHost(t, 1, 0).want(slept) // INIT has nothing to forget
}

// A BACKUP that wakes more than a dead time late, with nothing in the socket,
// was not listening to silence: the host slept. It listens for another one.
func TestSpecBackupOverslept(t *testing.T) {
	h := newHost(t, 1, 0).up()
	h.now = 6 * s1 // exactly a dead time late: still believed
	h.want(evDeadline, "BACKUP -> MASTER (master timed out)", "claim", "advertise advbase 1 advskew 0", "announce")
	h = newHost(t, 1, 0).up()
	h.now = 6*s1 + 1
	h.want(evDeadline)
	h.until(9*s1+1, "9.000000001s: BACKUP -> MASTER (master timed out), claim, advertise advbase 1 advskew 0, announce")
}
