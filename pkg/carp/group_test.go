package carp_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

const dead = 3 * time.Second

var (
	ourAddr  = netip.MustParseAddr("192.0.2.2")
	peerAddr = netip.MustParseAddr("192.0.2.3")
	slow     = carp.Timing{Base: 1, Skew: 100}
)

// counting draws start+1, start+2, ...
func counting(start uint64) func() uint64 {
	return func() uint64 { start++; return start }
}

// checksummed sets the Internet checksum at offset at over b, reckoned the
// slow way, independently of the code under test.
func checksummed(b []byte, at int) []byte {
	binary.BigEndian.PutUint16(b[at:], 0)
	sum := 0
	for i, v := range b {
		sum += int(v) << (8 * (1 - i%2))
	}
	binary.BigEndian.PutUint16(b[at:], ^uint16(sum%0xffff))
	return b
}

// vrrp2 is a VRRP version 2 advertisement (RFC 3768, section 5.1) with n
// addresses: version and type, VRID, priority, count, auth type, interval,
// checksum, the addresses, 8 bytes of authentication data.
func vrrp2(vrid byte, n int, password string) []byte {
	b := []byte{0x21, vrid, 100, byte(n), 0, 1, 0, 0}
	if password != "" {
		b[4] = 1
	}
	for i := range n {
		b = append(b, 192, 0, 2, byte(50+i))
	}
	var data [8]byte
	copy(data[:], password)
	return checksummed(append(b, data[:]...), 6)
}

// vrrp3 is a VRRP version 3 advertisement (RFC 9568, section 5.1), over IPv4
// or, with size 16, over IPv6. Its checksum covers a pseudo-header, so any
// value may stand there.
func vrrp3(vrid byte, n, size int) []byte {
	b := []byte{0x31, vrid, 100, byte(n), 0, 100, 0xab, 0xcd}
	for i := range n {
		a := make([]byte, size)
		a[0], a[size-1] = 0x20, byte(i+1)
		b = append(b, a...)
	}
	return b
}

// judging is a group of ours and a peer of it.
type judging struct {
	ours, peer *carp.Group
}

func newJudging(t testing.TB) judging {
	list := addresses(t, "192.0.2.10", "192.0.2.11", "fe80::10")
	key := mustKey("secret")
	return judging{
		ours: carp.NewGroup(7, key, list, counting(1000)),
		peer: carp.NewGroup(7, key, list, counting(2000)),
	}
}

// good is a packet of the peer with its next advertisement.
func (j judging) good() carp.Packet {
	ad := j.peer.Advertisement(slow)
	return carp.Packet{From: peerAddr, TTL: 255, ToGroup: true, Payload: ad.Append(nil)}
}

// faults are the ways in which a good packet can be bad, in the order in which
// they are checked.
var faults = []struct {
	name    string
	verdict carp.Verdict
	spoil   func(p *carp.Packet)
}{
	{"neither to the group nor from a peer", carp.BadInterface, func(p *carp.Packet) { p.ToGroup = false }},
	{"through a router", carp.WrongTTL, func(p *carp.Packet) { p.TTL = 254 }},
	{"a byte short", carp.TooShort, func(p *carp.Packet) { p.Payload = p.Payload[:35] }},
	{"damaged on the way", carp.BadChecksum, func(p *carp.Packet) { p.Payload[7] ^= 0x40 }},
	{"another vhid", carp.BadVHID, func(p *carp.Packet) { p.Payload[1] = 8; checksummed(p.Payload, 6) }},
	// Not 3: with authlen 7 a damaged one would read as VRRP version 3.
	{"version 4", carp.BadVersion, func(p *carp.Packet) { p.Payload[0] = 0x41; checksummed(p.Payload, 6) }},
	{"another digest", carp.BadAuthentication, func(p *carp.Packet) { p.Payload[35] ^= 1; checksummed(p.Payload, 6) }},
}

func TestJudge(t *testing.T) {
	for _, tt := range faults {
		t.Run(tt.name, func(t *testing.T) {
			j := newJudging(t)
			p := j.good()
			tt.spoil(&p)
			if _, got := j.ours.Judge(start, &p, true, dead); got != tt.verdict {
				t.Errorf("%v, want %v", got, tt.verdict)
			}
		})
	}
	other := func(words ...string) func(j judging, p *carp.Packet) {
		return func(_ judging, p *carp.Packet) {
			g := carp.NewGroup(7, mustKey("secret"), addresses(t, words...), counting(5))
			ad := g.Advertisement(slow)
			p.Payload = ad.Append(nil)
		}
	}
	for _, tt := range []struct {
		name    string
		verdict carp.Verdict
		running bool
		change  func(j judging, p *carp.Packet)
	}{
		{"as it should be", carp.Accepted, true, func(judging, *carp.Packet) {}},
		{"trailing bytes", carp.Accepted, true, func(_ judging, p *carp.Packet) { p.Payload = append(p.Payload, 1, 2, 3, 4) }},
		{"eight zero bytes behind it, VRRP's length and checksum", carp.Accepted, true,
			func(_ judging, p *carp.Packet) { p.Payload = append(p.Payload, make([]byte, 8)...) }},
		{"any authlen, as in BSD", carp.Accepted, true, func(_ judging, p *carp.Packet) { p.Payload[3] = 9; checksummed(p.Payload, 6) }},
		{"OpenBSD's demote count", carp.Accepted, true, func(_ judging, p *carp.Packet) { p.Payload[4] = 9; checksummed(p.Payload, 6) }},
		{"any timing: it is not authenticated", carp.Accepted, true, func(_ judging, p *carp.Packet) { p.Payload[5] = 77; checksummed(p.Payload, 6) }},
		{"version 3", carp.BadVersion, true, func(_ judging, p *carp.Packet) { p.Payload[0] = 0x31; p.Payload[3] = 8; checksummed(p.Payload, 6) }},
		{"type 2", carp.BadVersion, true, func(_ judging, p *carp.Packet) { p.Payload[0] = 0x22; checksummed(p.Payload, 6) }},
		{"empty", carp.TooShort, true, func(_ judging, p *carp.Packet) { p.Payload = nil }},
		{"from a configured peer, routers away", carp.Accepted, true, func(_ judging, p *carp.Packet) { p.ToGroup, p.FromPeer, p.TTL = false, true, 61 }},
		{"while we are INIT", carp.BadVHID, false, func(judging, *carp.Packet) {}},
		{"version 3 while we are INIT: the vhid is looked at first", carp.BadVHID, false,
			func(_ judging, p *carp.Packet) { p.Payload[0] = 0x41; checksummed(p.Payload, 6) }},
		{"without link-local addresses, as OpenBSD", carp.Accepted, true, other("192.0.2.10", "192.0.2.11")},
		{"one address of ours missing", carp.BadAddressList, true, other("192.0.2.10", "fe80::10")},
		{"one address of ours alone", carp.BadAddressList, true, other("192.0.2.11")},
		{"an address that we do not know", carp.BadAuthentication, true, other("192.0.2.10", "192.0.2.11", "192.0.2.12", "fe80::10")},
		{"our own, given back", carp.OwnEcho, true, func(j judging, p *carp.Packet) {
			ad := j.ours.Advertisement(slow)
			p.Own, p.From, p.Payload = true, ourAddr, ad.Append(nil)
		}},
		{"our own address, but nothing that we sent", carp.Accepted, true, func(_ judging, p *carp.Packet) { p.Own, p.From = true, ourAddr }},
		{"another master with the same counter as ours", carp.Accepted, true, func(j judging, p *carp.Packet) {
			ad := j.ours.Advertisement(slow)
			p.Payload = ad.Append(nil)
		}},
		{"VRRP version 2, one address", carp.VRRPClash, true, func(_ judging, p *carp.Packet) { p.Payload = vrrp2(7, 1, "") }},
		{"VRRP version 2 with a password", carp.VRRPClash, true, func(_ judging, p *carp.Packet) { p.Payload = vrrp2(7, 3, "1111") }},
		{"VRRP version 2 of exactly a header's length", carp.VRRPClash, true, func(_ judging, p *carp.Packet) { p.Payload = vrrp2(7, 5, "") }},
		{"VRRP version 2, seven addresses: reads as CARP", carp.VRRPClash, true, func(_ judging, p *carp.Packet) { p.Payload = vrrp2(7, 7, "") }},
		{"the same with a password", carp.VRRPClash, true, func(_ judging, p *carp.Packet) { p.Payload = vrrp2(7, 7, "1111") }},
		{"VRRP version 2, twenty addresses", carp.VRRPClash, true, func(_ judging, p *carp.Packet) { p.Payload = vrrp2(7, 20, "") }},
		{"VRRP version 3, one IPv4 address", carp.VRRPClash, true, func(_ judging, p *carp.Packet) { p.Payload = vrrp3(7, 1, 4) }},
		{"VRRP version 3, seven IPv4 addresses", carp.VRRPClash, true, func(_ judging, p *carp.Packet) { p.Payload = vrrp3(7, 7, 4) }},
		{"VRRP version 3, one IPv6 address", carp.VRRPClash, true, func(_ judging, p *carp.Packet) { p.Payload = vrrp3(7, 1, 16) }},
		{"VRRP version 3, two IPv6 addresses", carp.VRRPClash, true, func(_ judging, p *carp.Packet) { p.Payload = vrrp3(7, 2, 16) }},
		{"VRRP that answered from afar", carp.WrongTTL, true, func(_ judging, p *carp.Packet) { p.Payload, p.TTL = vrrp2(7, 1, ""), 64 }},
		{"VRRP with our number clashes also while we are INIT", carp.VRRPClash, false, func(_ judging, p *carp.Packet) { p.Payload = vrrp3(7, 1, 4) }},
		{"VRRP with another number is no concern", carp.BadVHID, true, func(_ judging, p *carp.Packet) { p.Payload = vrrp2(8, 1, "") }},
		{"VRRP version 3 with another number", carp.BadVHID, true, func(_ judging, p *carp.Packet) { p.Payload = vrrp3(8, 1, 16) }},
		{"VRRP version 2, another number, seven addresses", carp.BadVHID, true, func(_ judging, p *carp.Packet) { p.Payload = vrrp2(8, 7, "") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := newJudging(t)
			p := j.good()
			tt.change(j, &p)
			if _, got := j.ours.Judge(start, &p, tt.running, dead); got != tt.verdict {
				t.Errorf("%v, want %v", got, tt.verdict)
			}
		})
	}
}

// TestJudgeInOrder: of several faults the first decides.
func TestJudgeInOrder(t *testing.T) {
	for i, first := range faults {
		for _, second := range faults[i+1:] {
			t.Run(first.name+" and "+second.name, func(t *testing.T) {
				j := newJudging(t)
				p := j.good()
				// The later fault first: some of them set the checksum anew,
				// and one cuts the packet off.
				second.spoil(&carp.Packet{Payload: append(make([]byte, 0, 64), p.Payload...)})
				if second.verdict == carp.TooShort {
					first.spoil(&p)
					second.spoil(&p)
				} else {
					second.spoil(&p)
					first.spoil(&p)
				}
				if _, got := j.ours.Judge(start, &p, true, dead); got != first.verdict {
					t.Errorf("%v, want %v", got, first.verdict)
				}
			})
		}
	}
	j := newJudging(t)
	p := j.good()
	for _, f := range []int{6, 5, 4, 3, 2, 1, 0} {
		faults[f].spoil(&p)
	}
	if _, got := j.ours.Judge(start, &p, true, dead); got != carp.BadInterface {
		t.Errorf("all faults at once: %v", got)
	}
}

// TestJudgeLeavesNoTrace: what is refused changes nothing, neither counter nor
// memory.
func TestJudgeLeavesNoTrace(t *testing.T) {
	for _, f := range faults {
		j := newJudging(t)
		p := j.good()
		f.spoil(&p)
		j.ours.Judge(start, &p, true, dead)
		if ad := j.ours.Advertisement(slow); ad.Counter != 1001 {
			t.Errorf("%s: the next counter is %d, want the first drawn, 1001", f.name, ad.Counter)
		}
	}
}

// TestJudgeReplay: a digest that comes back after more than a dead time.
func TestJudgeReplay(t *testing.T) {
	j := newJudging(t)
	old := j.good()
	steps := []struct {
		after time.Duration
		p     carp.Packet
		want  carp.Verdict
	}{
		{0, old, carp.Accepted},
		{time.Second, j.good(), carp.Accepted},
		{2 * time.Second, old, carp.Accepted}, // delayed or doubled by the network
		{dead, j.good(), carp.Accepted},
		{dead + 1, old, carp.Replayed},
		{dead + 2, j.good(), carp.Accepted},
		{time.Hour, old, carp.Replayed},
	}
	for _, s := range steps {
		if _, got := j.ours.Judge(at(s.after), &s.p, true, dead); got != s.want {
			t.Errorf("after %v: %v, want %v", s.after, got, s.want)
		}
	}
	if !carp.Replayed.Believed() || !carp.Accepted.Believed() || carp.BadAuthentication.Believed() {
		t.Error("accepted and replayed advertisements are believed, others not")
	}
}

// TestChangeToleratesTheListBefore: peers are edited one after the other.
func TestChangeToleratesTheListBefore(t *testing.T) {
	key := mustKey("secret")
	lists := [][]string{{"192.0.2.1", "fe80::1"}, {"192.0.2.2", "fe80::1"}, {"192.0.2.3", "fe80::1"}}
	ours := carp.NewGroup(1, key, addresses(t, lists[0]...), counting(0))
	ours.Change(addresses(t, lists[1]...), at(10*time.Second))
	ours.Change(addresses(t, lists[2]...), at(20*time.Second))
	if !ours.List().Equal(addresses(t, lists[2]...)) {
		t.Errorf("list in force: %v", ours.List().All())
	}
	n := uint64(0)
	for _, tt := range []struct {
		name string
		key  string
		list []string
		when time.Duration
		want carp.Verdict
	}{
		{"in force", "secret", lists[2], 0, carp.Accepted},
		{"before", "secret", lists[1], 0, carp.Accepted},
		{"before, without link-local", "secret", lists[1][:1], 0, carp.Accepted},
		{"two before", "secret", lists[0], 0, carp.Accepted},
		{"two before, at its end", "secret", lists[0], 10 * time.Second, carp.BadAuthentication},
		{"before, just in time", "secret", lists[1], 20*time.Second - 1, carp.Accepted},
		{"before, at its end", "secret", lists[1], 20 * time.Second, carp.BadAuthentication},
		{"before, without link-local, at its end", "secret", lists[1][:1], 20 * time.Second, carp.BadAuthentication},
		{"in force, without link-local", "secret", lists[2][:1], time.Hour, carp.Accepted},
		{"in force, later", "secret", lists[2], time.Hour, carp.Accepted},
		{"new list, other key", "other", lists[2], 0, carp.BadAuthentication},
	} {
		n += 1000
		peer := carp.NewGroup(1, mustKey(tt.key), addresses(t, tt.list...), counting(n))
		ad := peer.Advertisement(slow)
		p := carp.Packet{From: peerAddr, TTL: 255, ToGroup: true, Payload: ad.Append(nil)}
		if _, got := ours.Judge(at(tt.when), &p, true, time.Hour); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestFormerAdvertisements: whoever still has one of the lists before is spoken
// to, for as long as it is understood; nobody once the list is as it was.
func TestFormerAdvertisements(t *testing.T) {
	a, ab, abc := addresses(t, "192.0.2.1"), addresses(t, "192.0.2.1", "192.0.2.2"), addresses(t, "192.0.2.1", "192.0.2.2", "192.0.2.3")
	ours := carp.NewGroup(1, mustKey("secret"), a, counting(0))
	understood := func(when time.Duration, list carp.AddressList) (n int) {
		peer := carp.NewGroup(1, mustKey("secret"), list, counting(1000))
		for _, ad := range ours.FormerAdvertisements(nil, at(when), slow) {
			p := carp.Packet{From: peerAddr, TTL: 255, ToGroup: true, Payload: ad.Append(nil)}
			if _, got := peer.Judge(at(when), &p, true, time.Hour); got == carp.Accepted {
				n++
			}
		}
		return n
	}
	if n := understood(0, a); n != 0 {
		t.Errorf("before any change: %d former advertisements", n)
	}
	ours.Change(ab, at(10*time.Second))
	if n := understood(0, a); n != 0 {
		t.Errorf("by a list that nobody has used: %d former advertisements", n)
	}
	ours = carp.NewGroup(1, mustKey("secret"), a, counting(0))
	ours.Advertisement(slow)
	ours.Change(ab, at(10*time.Second))
	ours.Advertisement(slow)
	ours.Change(abc, at(20*time.Second))
	ours.Advertisement(slow)
	for _, tt := range []struct {
		name string
		when time.Duration
		list carp.AddressList
		want int
	}{
		{"the list before the last change", 0, ab, 1},
		{"the one before that", 0, a, 1},
		{"the one in force has its own", 0, abc, 0},
		{"over for the first change", 10 * time.Second, a, 0},
		{"but not for the second", 10 * time.Second, ab, 1},
		{"over for all", 20 * time.Second, ab, 0},
	} {
		if got := understood(tt.when, tt.list); got != tt.want {
			t.Errorf("%s: understood %d, want %d", tt.name, got, tt.want)
		}
	}
	ours.Change(a, at(40*time.Second))
	ours.Advertisement(slow)
	ours.Change(abc, at(40*time.Second))
	if n := understood(30*time.Second, abc); n != 0 {
		t.Errorf("the list is as it was, and %d are sent for it besides", n)
	}
}

// TestAddressListProofIsBounded: a forged frame must not cost more with every
// address.
func TestAddressListProofIsBounded(t *testing.T) {
	var words []string
	for i := range 17 {
		words = append(words, fmt.Sprintf("192.0.2.%d", i+1))
	}
	for n, want := range map[int]carp.Verdict{1: carp.BadAuthentication, 2: carp.BadAddressList,
		16: carp.BadAddressList, 17: carp.BadAuthentication} {
		ours := carp.NewAuthenticator(1, mustKey("k"), addresses(t, words[:n]...))
		peer := carp.NewAuthenticator(1, mustKey("k"), addresses(t, words[1:n]...))
		ad := carp.Advertisement{VHID: 1, Counter: 5, Digest: peer.Digest(5)}
		if got := ours.Verify(start, &ad); got != want {
			t.Errorf("%d addresses, one missing: %v, want %v", n, got, want)
		}
	}
}

func TestVerdictNames(t *testing.T) {
	seen := map[string]bool{}
	for v := range carp.NumVerdicts {
		if name := v.String(); name == "" || seen[name] {
			t.Errorf("verdict %d has the name %q", v, name)
		} else {
			seen[name] = true
		}
	}
	if got := carp.NumVerdicts.String(); got != "Verdict(14)" {
		t.Errorf("no verdict prints as %q", got)
	}
}
