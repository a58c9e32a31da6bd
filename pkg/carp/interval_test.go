package carp_test

import (
	"math"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

func TestBounds(t *testing.T) {
	for _, tt := range []struct {
		n                   int
		vhid, advBase, skew string // the error, "" where there is none
	}{
		{-1, "vhid -1: must be 1 to 255", "advbase -1: must be 0 to 255", "advskew -1: must be 0 to 254"},
		{0, "vhid 0: must be 1 to 255", "", ""},
		{1, "", "", ""},
		{254, "", "", ""},
		{255, "", "", "advskew 255: must be 0 to 254"},
		{256, "vhid 256: must be 1 to 255", "advbase 256: must be 0 to 255", "advskew 256: must be 0 to 254"},
		{math.MaxInt, "vhid 9223372036854775807: must be 1 to 255",
			"advbase 9223372036854775807: must be 0 to 255", "advskew 9223372036854775807: must be 0 to 254"},
	} {
		vhid, err := carp.NewVHID(tt.n)
		checkNumber(t, "NewVHID", tt.n, int(vhid), err, tt.vhid)
		base, err := carp.NewAdvBase(tt.n)
		checkNumber(t, "NewAdvBase", tt.n, int(base), err, tt.advBase)
		skew, err := carp.NewAdvSkew(tt.n)
		checkNumber(t, "NewAdvSkew", tt.n, int(skew), err, tt.skew)
	}
}

func checkNumber(t *testing.T, what string, n, got int, err error, want string) {
	t.Helper()
	switch {
	case want == "" && (err != nil || got != n):
		t.Errorf("%s(%d) = %d, %v", what, n, got, err)
	case want != "" && (err == nil || err.Error() != want || got != 0):
		t.Errorf("%s(%d) = %d, %v; want 0, %s", what, n, got, err, want)
	}
}

func TestVHIDMAC(t *testing.T) {
	for vhid, want := range map[carp.VHID][6]byte{
		1:   {0, 0, 0x5e, 0, 1, 1},
		254: {0, 0, 0x5e, 0, 1, 254},
		255: {0, 0, 0x5e, 0, 1, 255},
	} {
		if got := vhid.MAC(); got != want {
			t.Errorf("vhid %v: MAC %x, want %x", vhid, got, want)
		}
	}
}

// skews is n/256 s, for expectations that read like the specification.
func skews(n int) time.Duration { return time.Duration(n) * time.Second / 256 }

func TestTiming(t *testing.T) {
	const s = time.Second
	for _, tt := range []struct {
		base           carp.AdvBase
		skew           carp.AdvSkew
		interval, dead time.Duration
		lease          time.Duration
	}{
		{1, 0, s, 3 * s, 4 * s},
		{1, 1, s + skews(1), 3*s + skews(1), 4 * s},
		{1, 100, s + skews(100), 3*s + skews(100), 4 * s},
		{1, 254, s + skews(254), 3*s + skews(254), 4 * s},
		{2, 128, 2*s + skews(128), 6*s + skews(128), 7 * s},
		{255, 0, 255 * s, 765 * s, 766 * s},
		{255, 254, 255*s + skews(254), 765*s + skews(254), 766 * s},
		{255, 255, 255*s + skews(255), 765*s + skews(255), 766 * s}, // a bow-out
		// OpenBSD's sub-second form, with its floor of one 1/256 s.
		{0, 0, skews(1), 3 * skews(1), 2 * s},
		{0, 1, skews(1), 3 * skews(1), 2 * s},
		{0, 85, skews(85), 3 * skews(85), 2 * s},
		{0, 86, skews(86), 3 * skews(86), 3 * s},
		{0, 254, skews(254), 3 * skews(254), 4 * s},
	} {
		timing := carp.Timing{Base: tt.base, Skew: tt.skew}
		if got := timing.Interval(); got != tt.interval {
			t.Errorf("%v: interval %v, want %v", timing, got, tt.interval)
		}
		if got := timing.DeadTime(); got != tt.dead {
			t.Errorf("%v: dead time %v, want %v", timing, got, tt.dead)
		}
		if got := timing.Lease(); got != tt.lease {
			t.Errorf("%v: lease %v, want %v", timing, got, tt.lease)
		}
	}
}

// TestLeaseBridgesTheGap: a client sees no gap when the supervisor dies, and
// the old kernel stops soon after the new master began.
func TestLeaseBridgesTheGap(t *testing.T) {
	for base := range 256 {
		for skew := range 255 {
			timing := carp.Timing{Base: carp.AdvBase(base), Skew: carp.AdvSkew(skew)}
			slowest := timing // the slowest BACKUP with this base
			if base > 0 {
				slowest.Skew = carp.MaxAdvSkew
			}
			lease := timing.Lease()
			if lease <= slowest.DeadTime() {
				t.Fatalf("%v: lease %v ends before the dead time %v", timing, lease, slowest.DeadTime())
			}
			if lease-timing.DeadTime() > 2*time.Second || lease%time.Second != 0 {
				t.Fatalf("%v: lease %v for a dead time of %v", timing, lease, timing.DeadTime())
			}
		}
	}
}

func TestDemoted(t *testing.T) {
	for _, tt := range []struct{ skew, demotion, want int }{
		{0, 0, 0}, {100, 0, 100}, {254, 0, 254}, {241, 0, 241},
		{0, 1, 1}, {0, 240, 240}, {0, 241, 240}, {100, 50, 150}, {100, 140, 240}, {100, 141, 240},
		{239, 1, 240}, {240, 1, 240},
		// Configured above 240: kept, and demotion cannot add to it.
		{241, 1, 241}, {254, 240, 254}, {254, -10, 244},
		// Negative sums end at 0 (FreeBSD 13 sends such a sum as 236).
		{100, -1, 99}, {100, -100, 0}, {100, -101, 0}, {0, -1, 0}, {0, -20, 0}, {254, -254, 0},
		{0, math.MaxInt, 240}, {254, math.MaxInt, 254}, {0, math.MinInt, 0}, {254, math.MinInt, 0},
	} {
		got := carp.Timing{Base: 3, Skew: carp.AdvSkew(tt.skew)}.Demoted(tt.demotion)
		if want := (carp.Timing{Base: 3, Skew: carp.AdvSkew(tt.want)}); got != want {
			t.Errorf("advskew %d demoted by %d: %v, want %v", tt.skew, tt.demotion, got, want)
		}
	}
}

// TestDemotedIsMonotonic: the more demoted, the later in the election; never
// is the bow-out's 255 reached.
func TestDemotedIsMonotonic(t *testing.T) {
	for skew := range 255 {
		last := -1
		for demotion := -600; demotion <= 600; demotion++ {
			got := int(carp.Timing{Base: 1, Skew: carp.AdvSkew(skew)}.Demoted(demotion).Skew)
			if got < last || got > 254 {
				t.Fatalf("advskew %d demoted by %d: %d after %d", skew, demotion, got, last)
			}
			last = got
		}
	}
}
