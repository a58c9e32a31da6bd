package carp

import (
	"fmt"
	"time"
)

// AdvBase is the whole-second part of the advertisement interval, 0 to 255
// seconds. Zero is OpenBSD's sub-second form, in which AdvSkew alone counts;
// FreeBSD takes 1 to 255. 255 stands on the wire in a bow-out.
type AdvBase uint8

// AdvSkew is the fraction of the interval in 1/256 s, 0 to 254. The smaller
// the skew, the better the host's claim to be MASTER. 255 is never configured:
// it stands on the wire in a bow-out only.
type AdvSkew uint8

const (
	// DefaultAdvBase is 1 s, as in every BSD (ip_carp.h, CARP_DFLTINTV).
	DefaultAdvBase AdvBase = 1
	// MaxAdvSkew is the largest skew that can be configured; the kernels
	// refuse 255 with EINVAL.
	MaxAdvSkew AdvSkew = 254
	// MaxDemotedSkew is the largest skew that demotion leads to (FreeBSD,
	// CARP_MAXSKEW): a demoted host still beats one that bows out with 255.
	MaxDemotedSkew AdvSkew = 240

	// bowOutBase and bowOutSkew are the timing of the last advertisement of a
	// MASTER that leaves: so slow that every BACKUP concludes at once that it
	// will time out (FreeBSD 9, carp_send_ad with sc_bow_out).
	bowOutBase AdvBase = 255
	bowOutSkew AdvSkew = 255
)

// NewAdvBase checks n against the range 0 to 255 seconds.
func NewAdvBase(n int) (AdvBase, error) {
	if n < 0 || n > 255 {
		return 0, fmt.Errorf("advbase %d: must be 0 to 255", n)
	}
	return AdvBase(n), nil
}

// NewAdvSkew checks n against the range 0 to 254.
func NewAdvSkew(n int) (AdvSkew, error) {
	if n < 0 || n > int(MaxAdvSkew) {
		return 0, fmt.Errorf("advskew %d: must be 0 to 254", n)
	}
	return AdvSkew(n), nil
}

// Timing is the pair that decides an election: how often a host advertises,
// or would.
type Timing struct {
	Base AdvBase
	Skew AdvSkew
}

// tick is the unit of the skew, 1/256 s. It is exactly 3.90625 ms, a whole
// number of nanoseconds, so no sum of skews is ever rounded.
const tick = time.Second / 256

// Interval is the time between two advertisements of a MASTER:
// Base + Skew/256 seconds. With both zero it is 1/256 s, as in OpenBSD.
func (t Timing) Interval() time.Duration {
	if t.Base == 0 && t.Skew == 0 {
		return tick
	}
	return time.Duration(t.Base)*time.Second + time.Duration(t.Skew)*tick
}

// DeadTime is how long a BACKUP with this timing listens to silence before it
// becomes MASTER: 3*Base + Skew/256 seconds (FreeBSD, NetBSD), which makes the
// BACKUP with the smallest skew the first to wake. With Base zero it is
// 3*Skew/256 seconds, and at least 3/256 (OpenBSD).
func (t Timing) DeadTime() time.Duration {
	if t.Base == 0 {
		return 3 * t.Interval()
	}
	return 3*time.Duration(t.Base)*time.Second + time.Duration(t.Skew)*tick
}

// patience is how slow a MASTER may say it is before a BACKUP with this timing
// concludes that it would time out anyway: three of the BACKUP's bases
// (FreeBSD and NetBSD compare with sc_advbase * 3, the skew left out).
func (t Timing) patience() time.Duration {
	if t.Base == 0 {
		return 3 * t.Interval()
	}
	return 3 * time.Duration(t.Base) * time.Second
}

// Lease is how long a MASTER's kernel may go on answering without hearing from
// its supervisor. It must outlast the dead time of the slowest BACKUP with the
// same base (3*Base + 254/256 s), so that a client sees no gap when the
// supervisor dies, and end soon after, so that two hosts answer for about a
// second at most. Kernel leases are whole seconds.
func (t Timing) Lease() time.Duration {
	if t.Base == 0 {
		return t.DeadTime().Truncate(time.Second) + 2*time.Second
	}
	return 3*time.Duration(t.Base)*time.Second + time.Second
}

// Demoted is the timing that goes on the wire: the skew plus the host's
// demotion, held to 0...240. A skew configured above 240 is kept (FreeBSD 9;
// FreeBSD 13 clamps it too), and a negative sum is 0, never a wrapped large
// number (FreeBSD PR 259528: that made two masters).
func (t Timing) Demoted(demotion int) Timing {
	if demotion == 0 {
		return t
	}
	ceiling := max(int(MaxDemotedSkew), int(t.Skew))
	skew := min(max(int(t.Skew)+clampDemotion(demotion), 0), ceiling)
	return Timing{Base: t.Base, Skew: AdvSkew(skew)}
}

// clampDemotion keeps a sum of demotions where adding a skew cannot overflow.
func clampDemotion(n int) int { return min(max(n, -1024), 1024) }

// String is "advbase 1 advskew 100".
func (t Timing) String() string { return fmt.Sprintf("advbase %d advskew %d", t.Base, t.Skew) }
