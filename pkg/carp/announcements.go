package carp

import "time"

// announcements decides which advertisements of a MASTER are followed by
// another announcement of the addresses, beyond the one on promotion.
type announcements struct {
	// left counts down advertisements; at 0 the reply form is due again, for
	// switches and neighbours that missed the first (OpenBSD and ucarp repeat
	// after two advertisements).
	left int
	// each is set after a conflict: then every advertisement until left is 0
	// is followed by one, since the other master's frames may have moved
	// neighbour entries and switch ports.
	each bool
	// askAt is when no other host's kernel can hold the addresses any more, so
	// that the request form is safe: before, a dying master would answer it
	// from the same virtual MAC and pull the switch's entry back to itself.
	askAt time.Time
}

// repeatAfter is how many advertisements after the promotion the second
// announcement follows.
const repeatAfter = 2

func (a *announcements) promoted(now time.Time, lease time.Duration) {
	*a = announcements{left: repeatAfter, askAt: now.Add(lease)}
}

// conflict notes that another master was heard.
func (a *announcements) conflict(now time.Time, lease time.Duration) {
	*a = announcements{left: repeatAfter, each: true, askAt: now.Add(lease)}
}

// afterAdvertisement tells whether an announcement is due behind the
// advertisement just made, and whether in request form too.
func (a *announcements) afterAdvertisement(now time.Time) (due, asking bool) {
	if a.left > 0 {
		a.left--
		due = a.left == 0 || a.each
	}
	if !a.askAt.IsZero() && !now.Before(a.askAt) {
		a.askAt = time.Time{}
		return true, true
	}
	return due, false
}
