package carpif

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// status is everything there is to show.
func (i *Interface) status(keys bool) *control.Status {
	s := RecordStatus(i.record)
	s.State = i.machine.State().String()
	s.Demotion = i.demotion
	s.AdvertisedSkew = i.timing().Demoted(i.demotion).Skew
	s.Reason = i.machine.Reason()
	s.Since = i.since
	s.Transitions = i.transitions
	s.PID = i.opts.PID
	s.MTU = i.mtu()
	s.Counters = i.Counters()
	if s.LLAddr != "" {
		s.LLAddr = i.mac().String()
	}
	s.Families = i.familyStatus()
	for _, e := range i.ledger {
		s.Demotions = append(s.Demotions, control.DemotionStatus{Name: e.Name, Owner: e.Owner, Value: e.Value, Since: e.Since})
	}
	for _, p := range i.peers.All() {
		s.Peers = append(s.Peers, peerStatus(p))
	}
	if keys {
		key := control.Key(i.record.Password)
		s.Key = &key
	}
	return s
}

// RecordStatus is what a record alone tells: the settings, with the state
// unknown.
func RecordStatus(r state.Record) *control.Status {
	s := &control.Status{
		Name:      r.Name,
		State:     control.StateUnknown,
		VHID:      r.VHID,
		AdvBase:   r.AdvBase,
		AdvSkew:   r.AdvSkew,
		CarpDev:   r.Parent,
		Addresses: append([]netip.Prefix{}, r.Addresses...), // never null in JSON
		Up:        r.Up,
		MTU:       defaultMTU,
		Metric:    r.Metric,
		Flags:     r.Flags,
		Inet6:     maps.Clone(r.Inet6),

		Peer:        r.Peer,
		Peer6:       r.Peer6,
		Backing:     control.MACVLAN,
		Description: r.Description,
		Groups:      slices.Clone(r.Groups),
	}
	if r.MTU != 0 {
		s.MTU = r.MTU
	}
	if r.Backing != "" {
		s.Backing = control.Backing(r.Backing)
	}
	if r.VHID != 0 {
		s.LLAddr = frame.MAC(r.VHID.MAC()).String()
	}
	return s
}

// defaultMTU is shown while there is no parent to take it from.
const defaultMTU = 1500

func peerStatus(p carp.Peer) control.PeerStatus {
	s := control.PeerStatus{
		Address:  p.Addr,
		Last:     p.Last,
		AdvBase:  p.Timing.Base,
		AdvSkew:  p.Timing.Skew,
		Verdicts: map[string]uint64{},
	}
	for v, n := range p.Counts {
		if n > 0 {
			s.Verdicts[carp.Verdict(v).String()] = n
		}
	}
	return s
}
