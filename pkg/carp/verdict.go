package carp

import "fmt"

// Verdict is what became of a frame that arrived. Every frame ends in exactly
// one, which is also the name of its counter.
type Verdict uint8

// The verdicts, in the order in which they are checked. The first failure
// decides.
const (
	// Accepted is an advertisement of our group, authenticated.
	Accepted Verdict = iota
	// NotAllowed is anything that arrives while net.inet.carp.allow is 0.
	NotAllowed
	// BadInterface is a packet sent neither to the CARP group nor to us.
	BadInterface
	// WrongTTL is a TTL or hop limit other than 255: it crossed a router.
	WrongTTL
	// Malformed is a frame that is not a well-formed IP packet.
	Malformed
	// TooShort is less than a CARP header after the IP header.
	TooShort
	// VRRPClash is VRRP with our number, and so with our virtual MAC.
	VRRPClash
	// BadChecksum is a wrong checksum over the CARP header.
	BadChecksum
	// BadVHID is a vhid that is not ours, or ours while we are INIT.
	BadVHID
	// BadVersion is a version other than 2 or a type other than 1.
	BadVersion
	// OwnEcho is a frame of ours that the network gave back.
	OwnEcho
	// BadAddressList is a digest made with our key and another address list.
	BadAddressList
	// BadAuthentication is any other digest that is not the group's.
	BadAuthentication
	// Replayed is a digest accepted more than a dead time ago, again. It is
	// counted and reported; the advertisement is still believed, since BSD
	// senders draw their counters at random.
	Replayed

	// NumVerdicts is how many there are, for tables.
	NumVerdicts
)

var verdictNames = [NumVerdicts]string{
	Accepted:          "accepted",
	NotAllowed:        "not allowed",
	BadInterface:      "bad interface",
	WrongTTL:          "wrong TTL",
	Malformed:         "malformed",
	TooShort:          "too short",
	VRRPClash:         "VRRP clash",
	BadChecksum:       "bad checksum",
	BadVHID:           "bad vhid",
	BadVersion:        "bad version",
	OwnEcho:           "own echo",
	BadAddressList:    "bad address list",
	BadAuthentication: "bad authentication",
	Replayed:          "replayed",
}

// String is the counter's name.
func (v Verdict) String() string {
	if v < NumVerdicts {
		return verdictNames[v]
	}
	return fmt.Sprintf("Verdict(%d)", uint8(v))
}

// Believed tells whether the machine hears of the advertisement.
func (v Verdict) Believed() bool { return v == Accepted || v == Replayed }
