package carp

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"hash"
	"net/netip"
	"slices"
	"time"
)

// Authenticator makes and checks the digests of one group: HMAC-SHA1 with the
// key over version, type, vhid, the address list and the counter (ip_carp.c,
// carp_hmac_prepare). It holds buffers, so it is not for concurrent use, and
// neither Digest nor Verify of a good advertisement allocates.
type Authenticator struct {
	vhid VHID
	key  Key
	list AddressList
	own  signer
	// used says that the group has spoken by this list: an advertisement was
	// sent with it, or accepted.
	used bool
	// tolerated are other lists that a peer may rightly use: without
	// link-local addresses (OpenBSD), and the lists of before a change.
	tolerated []toleratedList
}

type toleratedList struct {
	signer
	until time.Time // zero: always
}

// NewAuthenticator prepares the digests of vhid.
func NewAuthenticator(vhid VHID, key Key, list AddressList) *Authenticator {
	a := &Authenticator{vhid: vhid, key: key, list: list, own: newSigner(vhid, key, list)}
	if global := list.withoutLinkLocal(); global.Len() != list.Len() {
		a.tolerated = append(a.tolerated, toleratedList{signer: newSigner(vhid, key, global)})
	}
	return a
}

// Tolerate also accepts, until the given time, what prev makes: after a change
// of the address list the peers still use the old one until somebody edits
// them too, and refusing them would make two masters. With the zero time
// nothing is tolerated.
func (a *Authenticator) Tolerate(prev *Authenticator, until time.Time) {
	if until.IsZero() {
		return
	}
	old := []toleratedList{{signer: newSigner(prev.vhid, prev.key, prev.list), until: until}}
	for _, t := range prev.tolerated {
		if t.until.IsZero() { // the list before, without link-local addresses
			t.until = until
		}
		old = append(old, t)
	}
	a.tolerated = append(a.tolerated, withoutMiddle(old, maxTolerated)...)
}

// maxTolerated bounds the lists accepted besides the one in force, and with
// them the work that one forged frame can cause.
const maxTolerated = 32

// withoutMiddle shortens a list to n at most. The latest stay, which are first,
// and the last, which is the oldest: a line takes one address, so that many
// changes come in a row, and the hosts not edited yet have the list of before
// them all.
func withoutMiddle[T any](list []T, n int) []T {
	if over := len(list) - n; over > 0 {
		list = slices.Delete(list, n-1, n-1+over)
	}
	return list
}

// List is the address list that the group's digests cover.
func (a *Authenticator) List() AddressList { return a.list }

// Digest is the digest for an advertisement with this counter.
func (a *Authenticator) Digest(counter uint64) (d [DigestLen]byte) {
	a.used = true
	copy(d[:], a.own.sum(counter))
	return d
}

// Verify checks the digest of ad at the time now: Accepted, BadAddressList
// where a digest over some of our addresses proves that the key is right, or
// BadAuthentication. The comparison takes the same time for every digest.
func (a *Authenticator) Verify(now time.Time, ad *Advertisement) Verdict {
	if a.own.made(ad) {
		a.used = true
		return Accepted
	}
	for i := range a.tolerated {
		if t := &a.tolerated[i]; (t.until.IsZero() || now.Before(t.until)) && t.made(ad) {
			return Accepted
		}
	}
	if a.madeOverPart(ad) {
		return BadAddressList
	}
	return BadAuthentication
}

// maxParts bounds the work that one forged frame can cause.
const maxParts = 32

// madeOverPart tells whether ad was made with our key over our list less one
// address, or over one of our addresses alone: the two mistakes that happen.
func (a *Authenticator) madeOverPart(ad *Advertisement) bool {
	all := a.list.All()
	if len(all) < 2 || len(all) > maxParts/2 {
		return false
	}
	for i, addr := range all {
		rest := make([]netip.Addr, 0, len(all)-1)
		rest = append(append(rest, all[:i]...), all[i+1:]...)
		for _, part := range [][]netip.Addr{rest, {addr}} {
			s := newSigner(a.vhid, a.key, NewAddressList(part))
			if s.made(ad) {
				return true
			}
		}
	}
	return false
}

// signer is the keyed hash and the part of the message before the counter.
type signer struct {
	mac    hash.Hash
	prefix []byte
	tail   [8]byte
	digest [DigestLen]byte
}

func newSigner(vhid VHID, key Key, list AddressList) signer {
	var b bytes.Buffer
	b.Write([]byte{versionType >> 4, versionType & 0x0f, byte(vhid)})
	list.appendTo(&b)
	secret := key.bytes()
	return signer{mac: hmac.New(sha1.New, secret[:]), prefix: b.Bytes()}
}

// sum is the digest over the prefix and counter, valid until the next call.
func (s *signer) sum(counter uint64) []byte {
	binary.BigEndian.PutUint64(s.tail[:], counter)
	s.mac.Reset()
	s.mac.Write(s.prefix)
	s.mac.Write(s.tail[:])
	return s.mac.Sum(s.digest[:0])
}

func (s *signer) made(ad *Advertisement) bool {
	return subtle.ConstantTimeCompare(s.sum(ad.Counter), ad.Digest[:]) == 1
}
