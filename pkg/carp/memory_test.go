package carp_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

func digestOf(n int) (d [carp.DigestLen]byte) {
	binary.BigEndian.PutUint64(d[:], uint64(n)+1)
	return d
}

// TestCounter: random until a peer was heard, from then on seen or sent + 1,
// as FreeBSD and NetBSD do.
func TestCounter(t *testing.T) {
	drawn := []uint64{77, 3, 1 << 60}
	c := carp.NewCounter(func() uint64 { n := drawn[0]; drawn = drawn[1:]; return n })
	next := func(want uint64) {
		t.Helper()
		if got := c.Next(); got != want {
			t.Errorf("%d, want %d", got, want)
		}
	}
	next(77)
	next(3) // a fresh one for every advertisement, not the last + 1
	next(1 << 60)
	c.Heard(500)
	next(501)
	next(502)
	c.Heard(9) // adopted although it is lower
	next(10)
	c.Heard(1<<64 - 2)
	next(1<<64 - 1)
	next(0) // it wraps
	next(1)
}

func TestMemoryEcho(t *testing.T) {
	m := carp.NewMemory()
	if m.IsEcho([carp.DigestLen]byte{}) || m.IsEcho(digestOf(0)) {
		t.Error("an empty memory knows an echo")
	}
	for i := range 100 {
		m.Sent(digestOf(i))
		if !m.IsEcho(digestOf(i)) || !m.IsEcho(digestOf(max(0, i-63))) {
			t.Fatalf("after %d: one of the last 64 is forgotten", i+1)
		}
		if i >= 64 && m.IsEcho(digestOf(i-64)) {
			t.Fatalf("after %d: more than 64 remembered", i+1)
		}
	}
}

func TestMemoryReplay(t *testing.T) {
	bsd, openbsd := netip.MustParseAddr("192.0.2.3"), netip.MustParseAddr("192.0.2.4")
	m := carp.NewMemory()
	heard := func(after time.Duration, from netip.Addr, n int, want bool) {
		t.Helper()
		if got := m.Heard(at(after), from, digestOf(n), dead); got != want {
			t.Errorf("digest %d of %v after %v: replay %t, want %t", n, from, after, got, want)
		}
	}
	heard(0, bsd, 1, false)
	heard(dead, bsd, 1, false) // within the dead time: a duplicate, not a replay
	heard(dead, bsd, 2, false)

	m = carp.NewMemory()
	heard(0, bsd, 1, false)
	heard(time.Second, bsd, 2, false)
	heard(dead+1, bsd, 1, true)
	heard(dead+2, bsd, 3, false)
	heard(time.Hour, bsd, 1, true)

	// OpenBSD uses one digest for ever; that is no replay.
	for i := range 100 {
		heard(time.Duration(i)*time.Second, openbsd, 50, false)
	}
	// Another host that sends it, hours later, is one.
	heard(2*time.Hour, bsd, 50, true)
}

// TestMemoryIsBounded: digests are forgotten, oldest first, and senders too.
func TestMemoryIsBounded(t *testing.T) {
	m := carp.NewMemory()
	addr := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}) }
	for i := range 1025 {
		if m.Heard(at(0), addr(i), digestOf(i), dead) {
			t.Fatalf("digest %d is a replay", i)
		}
	}
	if m.Heard(at(time.Hour), addr(0), digestOf(0), dead) {
		t.Error("the oldest of 1025 is still remembered")
	}
	if !m.Heard(at(time.Hour), addr(3), digestOf(1024), dead) {
		t.Error("the youngest of 1025 is forgotten")
	}
	for i := range 100_000 {
		m.Heard(at(time.Hour), addr(i%5000), digestOf(10_000+i), dead)
	}
}

func TestPeers(t *testing.T) {
	var p carp.Peers
	addr := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}) }
	e := p.Note(at(0), addr(1), slow, carp.Accepted)
	if e.Addr != addr(1) || e.Timing != slow || e.Counts[carp.Accepted] != 1 || !e.First.Equal(at(0)) {
		t.Errorf("first: %+v", e)
	}
	p.Note(at(time.Second), addr(2), carp.Timing{}, carp.BadAuthentication)
	// A frame whose header could not be read leaves the timing known.
	e = p.Note(at(2*time.Second), addr(1), carp.Timing{}, carp.BadChecksum)
	if e.Timing != slow || e.Counts[carp.BadChecksum] != 1 || !e.First.Equal(at(0)) || !e.Last.Equal(at(2*time.Second)) {
		t.Errorf("again: %+v", e)
	}
	all := p.All()
	if len(all) != 2 || all[0].Addr != addr(1) || all[1].Addr != addr(2) {
		t.Errorf("All: %+v", all)
	}
	all[0].Counts[carp.Accepted] = 99
	if p.All()[0].Counts[carp.Accepted] != 1 {
		t.Error("All hands out the table itself")
	}
	// A flood of forged sources does not grow the table; the one silent for
	// longest makes room, so a peer that speaks stays.
	for i := range 10_000 {
		now := at(time.Duration(3+i) * time.Second)
		p.Note(now, addr(1), slow, carp.Accepted)
		p.Note(now, addr(100+i%3000), carp.Timing{}, carp.BadAuthentication)
		if n := len(p.All()); n > 32 {
			t.Fatalf("%d peers", n)
		}
	}
	if first := p.All()[0]; first.Addr != addr(1) || first.Counts[carp.Accepted] != 10_001 {
		t.Errorf("the real peer: %v with %d accepted", first.Addr, first.Counts[carp.Accepted])
	}
	if p.Clear(); len(p.All()) != 0 {
		t.Error("Clear left something")
	}
}
