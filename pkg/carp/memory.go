package carp

import (
	"net/netip"
	"time"
)

const (
	// sentRemembered bounds the echoes that can be told: half a minute or more
	// at the usual interval.
	sentRemembered = 64
	// heardRemembered bounds the replays that can be told: over a quarter of
	// an hour at the usual interval, about 60 kB.
	heardRemembered = 1024
)

// Memory remembers digests: those sent, to know our own frames when the
// network gives them back, and those accepted, to notice a replay. It never
// grows past its bounds.
type Memory struct {
	sent     [sentRemembered][DigestLen]byte
	sentNext int
	sentLen  int

	heard     map[[DigestLen]byte]time.Time
	heardRing [heardRemembered][DigestLen]byte
	heardNext int
	// constant marks senders that use one digest for ever, as OpenBSD does
	// with its constant cookie; last is each sender's latest digest.
	constant map[netip.Addr]bool
	last     map[netip.Addr][DigestLen]byte
}

// maxSenders bounds what a flood of forged source addresses can fill; such
// frames would have to be authentic besides.
const maxSenders = 64

// NewMemory makes an empty Memory.
func NewMemory() *Memory {
	return &Memory{
		heard:    make(map[[DigestLen]byte]time.Time),
		constant: make(map[netip.Addr]bool),
		last:     make(map[netip.Addr][DigestLen]byte),
	}
}

// Sent remembers a digest of ours.
func (m *Memory) Sent(d [DigestLen]byte) {
	m.sent[m.sentNext] = d
	m.sentNext = (m.sentNext + 1) % sentRemembered
	m.sentLen = min(m.sentLen+1, sentRemembered)
}

// IsEcho tells whether we sent this digest lately. Two masters may rightly use
// the same counter and so the same digest, so the caller asks only for frames
// that carry our own source address.
func (m *Memory) IsEcho(d [DigestLen]byte) bool {
	for _, s := range m.sent[:m.sentLen] {
		if s == d {
			return true
		}
	}
	return false
}

// Heard remembers the digest of an authentic advertisement and tells whether
// it is a replay: first accepted more than deadTime ago, from a sender that
// does not use one digest for ever.
func (m *Memory) Heard(now time.Time, from netip.Addr, d [DigestLen]byte, deadTime time.Duration) (replayed bool) {
	if len(m.last) >= maxSenders {
		clear(m.last)
		clear(m.constant)
	}
	m.constant[from] = m.last[from] == d // one frame doubled by the network is not a habit
	m.last[from] = d
	first, known := m.heard[d]
	if known {
		return now.Sub(first) > deadTime && !m.constant[from]
	}
	if len(m.heard) >= heardRemembered {
		delete(m.heard, m.heardRing[m.heardNext])
	}
	m.heard[d] = now
	m.heardRing[m.heardNext] = d
	m.heardNext = (m.heardNext + 1) % heardRemembered
	return false
}
