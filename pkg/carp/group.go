package carp

import (
	"net/netip"
	"slices"
	"time"
)

// Group is a host's membership in one vhid's group: the shared secret and what
// it remembers of the conversation. It makes the headers to send and judges
// the packets that arrive. It is not for concurrent use.
type Group struct {
	vhid    VHID
	auth    *Authenticator
	counter *Counter
	memory  *Memory
	// former are the lists before recent changes, the latest first.
	former []formerList
}

// formerList is what peers that have not been changed yet go by.
type formerList struct {
	auth  *Authenticator
	until time.Time
}

// maxFormer bounds the advertisements that one interval may take.
const maxFormer = 4

// NewGroup joins vhid with a key and an address list; draw yields the random
// numbers for the counter.
func NewGroup(vhid VHID, key Key, list AddressList, draw func() uint64) *Group {
	return &Group{
		vhid:    vhid,
		auth:    NewAuthenticator(vhid, key, list),
		counter: NewCounter(draw),
		memory:  NewMemory(),
	}
}

// Change takes another address list. Until the given time what peers make with
// the one before is accepted too, and FormerAdvertisements speak to them.
func (g *Group) Change(list AddressList, until time.Time) {
	next := NewAuthenticator(g.vhid, g.auth.key, list)
	next.Tolerate(g.auth, until)
	var former []formerList
	if g.auth.used { // else no member has it: an address list being typed in
		former = append(former, formerList{g.auth, until})
	}
	for _, f := range g.former {
		if !f.auth.list.Equal(g.auth.list) {
			former = append(former, f)
		}
	}
	g.auth, g.former = next, withoutMiddle(former, maxFormer)
}

// FormerAdvertisements appends to ads what t is said with for members that
// still have a list from before a change, none most of the time. Without them
// a BACKUP that is changed after the MASTER would not understand it any more
// and become MASTER too. Members that have the new list count one bad digest.
func (g *Group) FormerAdvertisements(ads []Advertisement, now time.Time, t Timing) []Advertisement {
	g.former = slices.DeleteFunc(g.former, func(f formerList) bool { return !now.Before(f.until) })
	for _, f := range g.former {
		if !f.auth.list.Equal(g.auth.list) {
			ads = append(ads, g.sign(f.auth, t))
		}
	}
	return ads
}

// VHID is the group's number.
func (g *Group) VHID() VHID { return g.vhid }

// List is the address list in force.
func (g *Group) List() AddressList { return g.auth.List() }

// Advertisement makes the next advertisement with this timing. Each family
// that carries one calls it once.
func (g *Group) Advertisement(t Timing) Advertisement {
	return g.sign(g.auth, t)
}

func (g *Group) sign(auth *Authenticator, t Timing) Advertisement {
	ad := Advertisement{VHID: g.vhid, Timing: t, Counter: g.counter.Next()}
	ad.Digest = auth.Digest(ad.Counter)
	g.memory.Sent(ad.Digest)
	return ad
}

// Packet is a protocol 112 packet as far as judging it goes.
type Packet struct {
	// From is the IP source.
	From netip.Addr
	// Own says that From is an address of this host's parent.
	Own bool
	// TTL is the TTL or hop limit.
	TTL uint8
	// ToGroup says that it was sent to 224.0.0.18 or ff02::12.
	ToGroup bool
	// FromPeer says that it came by unicast from a configured peer, which may
	// be routers away.
	FromPeer bool
	// Payload is what follows the IP header.
	Payload []byte
}

// Judge decides what becomes of p. The order of the checks is carp_input's;
// the first that fails is the verdict. deadTime is the machine's own, running
// is false while it is INIT.
func (g *Group) Judge(now time.Time, p *Packet, running bool, deadTime time.Duration) (Advertisement, Verdict) {
	switch {
	case !p.ToGroup && !p.FromPeer:
		return Advertisement{}, BadInterface
	case p.TTL != 255 && !p.FromPeer:
		return Advertisement{}, WrongTTL
	}
	ad, verdict := Parse(p.Payload)
	switch {
	case verdict == VRRPClash && VHID(p.Payload[1]) != g.vhid:
		return ad, BadVHID // VRRP with another number is no concern of ours
	case verdict != Accepted && verdict != BadVersion:
		return ad, verdict
	case ad.VHID == g.vhid && isVRRP(p.Payload) && g.auth.Verify(now, &ad) != Accepted:
		// VRRP version 2 with 5 or 7 addresses has a header whose checksum is
		// right for CARP too; only the digest tells them apart.
		return ad, VRRPClash
	case ad.VHID != g.vhid || !running:
		return ad, BadVHID
	case verdict == BadVersion:
		return ad, BadVersion
	}
	if p.Own && g.memory.IsEcho(ad.Digest) {
		return ad, OwnEcho
	}
	if verdict := g.auth.Verify(now, &ad); verdict != Accepted {
		return ad, verdict
	}
	if g.memory.Heard(now, p.From, ad.Digest, deadTime) {
		// Its counter is not adopted: that would make our own next digests
		// repeat old ones, and look like replays to our peers.
		return ad, Replayed
	}
	g.counter.Heard(ad.Counter)
	return ad, Accepted
}

// Key is the key in force.
func (g *Group) Key() Key { return g.auth.key }
