package control

import (
	"net/netip"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsdif"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// Status is everything that is shown of a carpN. It is also the object that
// --json prints, so a name or a meaning never changes; fields are only added.
type Status struct {
	Name string `json:"name"`
	// State is INIT, BACKUP or MASTER; StateUnknown where the supervisor did
	// not answer.
	State string `json:"state"`
	// VHID is 0 while none has been set; then the carp line is not shown.
	VHID    carp.VHID    `json:"vhid"`
	AdvBase carp.AdvBase `json:"advbase"`
	AdvSkew carp.AdvSkew `json:"advskew"`
	// Demotion is the host's demotion in force, net.inet.carp.demotion.
	Demotion int `json:"demotion"`
	// AdvertisedSkew is what goes on the wire: advskew plus demotion, clamped.
	AdvertisedSkew carp.AdvSkew `json:"advertised_advskew"`
	// CarpDev is the parent interface, empty while there is none.
	CarpDev string `json:"carpdev"`
	// Addresses are the virtual addresses in the order configured, whether the
	// kernel holds them now (MASTER) or not.
	Addresses []netip.Prefix `json:"addresses"`
	// Up is the administrator's word (up, down).
	Up bool `json:"up"`
	// LLAddr is the virtual Ethernet address, empty without a vhid.
	LLAddr string `json:"lladdr"`
	// Peer and Peer6 are the unicast peers, absent with multicast.
	Peer  netip.Addr `json:"peer,omitzero"`
	Peer6 netip.Addr `json:"peer6,omitzero"`
	// Backing is what bears the addresses: macvlan or tun.
	Backing     Backing  `json:"backing"`
	Description string   `json:"description,omitempty"`
	Groups      []string `json:"groups,omitempty"`
	// Metric and Flags are the administrator's.
	Metric int         `json:"metric,omitempty"`
	Flags  bsdif.Flags `json:"flags,omitempty"`
	// Inet6 is what was said of IPv6 addresses besides, by address.
	Inet6 map[netip.Addr]bsdif.Inet6 `json:"inet6,omitempty"`
	// Families tells of each address family that has virtual addresses.
	Families []FamilyStatus `json:"families,omitempty"`
	// Demotions are the reasons that Demotion is the sum of.
	Demotions []DemotionStatus `json:"demotions,omitempty"`
	// MTU in bytes.
	MTU int `json:"mtu"`
	// Reason is why the interface is in its state, in a few words:
	// "master timed out", "no carrier on eth0".
	Reason string `json:"reason"`
	// Since is when it entered the state, wall clock; zero when unknown.
	Since time.Time `json:"since,omitzero"`
	// Transitions counts changes of state since the supervisor started.
	Transitions uint64 `json:"transitions"`
	// Counters are what was sent and received, and what became of each frame
	// received, by name: carp.Verdict's, and those below.
	Counters map[string]uint64 `json:"counters,omitempty"`
	// Peers are the hosts heard lately on this vhid, oldest first.
	Peers []PeerStatus `json:"peers,omitempty"`
	// PID is the supervisor's process ID.
	PID int `json:"pid"`
	// Key is the password, present only if asked for.
	Key *Key `json:"key,omitempty"`
	// Error says why this is only the record and not live: the supervisor did
	// not answer.
	Error string `json:"error,omitempty"`
}

// Lacks is what an interface that is set up waits for in INIT, in a few words: "parent
// eth0 is not there", "no carrier on eth0". It is empty in another state, and while there
// is no vhid.
func (s *Status) Lacks() string {
	switch {
	case s.State != carp.Init.String() || !s.Up || s.VHID == 0:
		return ""
	case s.Reason == carp.NoCarrier && s.CarpDev != "":
		return s.Reason + " on " + s.CarpDev
	}
	return s.Reason
}

// FamilyStatus is how one address family fares in the one election that both
// feed.
type FamilyStatus struct {
	// Family is "inet" or "inet6".
	Family string `json:"family"`
	// Health is "ok", or in a few words what is wrong: "send errors", "silent"
	// (the other family's advertisements arrive, this one's do not).
	Health string `json:"health"`
	// Sent, Failed and Heard count advertisements.
	Sent   uint64 `json:"sent"`
	Failed uint64 `json:"failed"`
	Heard  uint64 `json:"heard"`
	// LastHeard is when the latest one was believed, wall clock.
	LastHeard time.Time `json:"last_heard,omitzero"`
}

// DemotionStatus is one reason for the host's demotion.
type DemotionStatus struct {
	// Name is the reason, Owner the interface it is about, or "administrator".
	Name  string    `json:"name"`
	Owner string    `json:"owner"`
	Value int       `json:"value"`
	Since time.Time `json:"since,omitzero"`
}

// Names of Counters beside those of the verdicts.
const (
	// ReceivedInet and ReceivedInet6 count frames for the vhid, whatever became of
	// them; their sum is that of all verdicts.
	ReceivedInet  = "received inet"
	ReceivedInet6 = "received inet6"
	// SentInet and SentInet6 count advertisements that went out.
	SentInet  = "sent inet"
	SentInet6 = "sent inet6"
	// SendErrors count those that could not, NoMemory those of them for which the
	// kernel had no buffer.
	SendErrors = "send errors"
	NoMemory   = "no memory"
)

// StateUnknown is the State of an interface whose supervisor does not answer.
const StateUnknown = "UNKNOWN"

// PeerStatus is another host heard on the vhid.
type PeerStatus struct {
	Address netip.Addr `json:"address"`
	// Last is when it was last heard, wall clock.
	Last    time.Time    `json:"last"`
	AdvBase carp.AdvBase `json:"advbase"`
	AdvSkew carp.AdvSkew `json:"advskew"`
	// Verdicts counts its frames by what became of them.
	Verdicts map[string]uint64 `json:"verdicts"`
}
