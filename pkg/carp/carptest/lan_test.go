package carptest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp/carptest"
)

func skew(n int) carp.Config {
	return carp.Config{Timing: carp.Timing{Base: 1, Skew: carp.AdvSkew(n)}, Ready: true}
}

// pair is the usual two hosts, the first of them MASTER.
func pair(t *testing.T) (*carptest.LAN, *carptest.Host, *carptest.Host) {
	t.Helper()
	l := carptest.New(1, carptest.Conditions{Delay: time.Millisecond}, 1)
	a, b := l.Add("a", skew(0)), l.Add("b", skew(100))
	a.Up()
	b.Up()
	l.Run(4 * time.Second)
	if m := l.Masters(); len(m) != 1 || m[0] != a {
		t.Fatalf("masters: %v", m)
	}
	return l, a, b
}

// TestPlannedSwitchHasNoGap: at every instant of a bow-out somebody answers.
func TestPlannedSwitchHasNoGap(t *testing.T) {
	for name, leave := range map[string]func(h *carptest.Host){
		"down":  (*carptest.Host).Down,
		"force": func(h *carptest.Host) { h.Force(carp.Backup) },
		"not ready": func(h *carptest.Host) {
			c := h.Config()
			c.Ready, c.NotReady = false, "no vhid"
			h.Configure(c)
		},
	} {
		l, a, b := pair(t)
		leave(a)
		for range 500 {
			l.Run(100 * time.Microsecond)
			if len(l.Answering()) == 0 {
				t.Fatalf("%s: nobody answers at %v", name, l.Now())
			}
		}
		if got := l.Answering(); len(got) != 1 || got[0] != b {
			t.Errorf("%s: %d answer at the end", name, len(got))
		}
	}
}

// TestKilledSupervisorLeavesNoGap: the kernel's lease bridges the dead time,
// and two hosts answer for a second at most.
func TestKilledSupervisorLeavesNoGap(t *testing.T) {
	for _, fault := range []func(h *carptest.Host){(*carptest.Host).Kill, (*carptest.Host).Freeze} {
		l, a, b := pair(t)
		fault(a)
		both := time.Duration(0)
		const step = time.Millisecond
		for range 6000 {
			l.Run(step)
			switch len(l.Answering()) {
			case 0:
				t.Fatalf("nobody answers at %v", l.Now())
			case 2:
				both += step
			}
		}
		if both > time.Second || both == 0 {
			t.Errorf("both answer for %v", both)
		}
		if got := l.Answering(); len(got) != 1 || got[0] != b {
			t.Errorf("%d answer at the end", len(got))
		}
	}
}

// TestPowerOffGap: the gap is what is left of the dead time.
func TestPowerOffGap(t *testing.T) {
	l, a, b := pair(t)
	l.Run(2 * time.Millisecond) // the advertisement of the fourth second is in
	a.PowerOff()
	l.Run(b.Config().Timing.DeadTime() - 2*time.Millisecond)
	if b.Machine().State() == carp.Master {
		t.Error("too soon")
	}
	l.Run(2 * time.Millisecond)
	if b.Machine().State() != carp.Master || !b.Answering() {
		t.Errorf("%v after the dead time", b.Machine().State())
	}
}

// TestOneWay: b does not hear a and becomes MASTER beside it; heard by a, it is
// the slower one and changes nothing; with the segment mended it steps down.
func TestOneWay(t *testing.T) {
	l, a, b := pair(t)
	l.Cut(a, b)
	l.Run(5 * time.Second)
	if len(l.Masters()) != 2 {
		t.Errorf("%d masters", len(l.Masters()))
	}
	if err := l.Settle(); err != nil || len(l.Masters()) != 1 || l.Masters()[0] != a {
		t.Errorf("%v, %d masters", err, len(l.Masters()))
	}
}

// TestSameSeedSameStory: what a seed does it does again.
func TestSameSeedSameStory(t *testing.T) {
	s := carptest.Schedule{
		Seed: 42, Families: 2, Hosts: []carp.Config{skew(0), skew(0), skew(100)},
		Conditions: carptest.Conditions{Delay: time.Millisecond, Jitter: 20 * time.Millisecond, Loss: 300, Duplicate: 300},
		Faults: []carptest.Fault{{Wait: 7 * time.Second, Kind: carptest.FaultKill},
			{Wait: time.Second, Kind: carptest.FaultPartition, Host: 1}, {Wait: 9 * time.Second, Kind: carptest.FaultStart}},
	}
	story := func() (lines []string) {
		if _, err := s.Run(func(line string) { lines = append(lines, line) }); err != nil {
			t.Error(err)
		}
		return lines
	}
	first := story()
	if !slices.Equal(first, story()) {
		t.Error("two runs differ")
	}
	if s.Seed++; slices.Equal(first, story()) {
		t.Error("another seed makes no difference")
	}
	if !strings.Contains(s.String(), "after 7s kill host 0") {
		t.Errorf("the schedule reads\n%v", s)
	}
}

// TestWatch: a LAN that sees nothing wrong must be able to see it.
func TestWatch(t *testing.T) {
	l, a, b := pair(t)
	// Two machines that were told the same address is theirs, and never hear
	// each other's advertisements though the segment is whole.
	l.Run(time.Second)
	c := l.Conditions()
	c.Delay = time.Hour
	l.SetConditions(c)
	l.Run(10 * time.Second)
	if len(l.Masters()) != 2 {
		t.Fatal("not two masters")
	}
	c.Delay = 0
	l.SetConditions(c)
	if err := l.Settle(); err != nil || l.Masters()[0] != a || b.Machine().State() != carp.Backup {
		t.Errorf("%v", err)
	}
	// Nobody is MASTER for longer than a dead time: a frozen clock.
	l, a, b = pair(t)
	a.PowerOff()
	b.Freeze()
	l.Run(time.Minute)
	if err := l.Err(); err != nil {
		t.Errorf("no healthy host, and yet %v", err)
	}
}
