package carpif

import (
	"net/netip"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// family is one address family's part in the election that both feed.
type family struct {
	name  string
	group frame.Group
	// sent and failed count our advertisements, heard those believed.
	sent, failed, heard uint64
	// packets count what went out, former lists included, and received what came
	// in, believed or not; noMemory are those of the failed for which the kernel
	// had no buffer.
	packets, received, noMemory uint64
	// lastHeard is when the latest one was believed, failing says that our
	// latest one did not go out.
	lastHeard time.Time
	failing   bool

	source  netip.Addr // of the latest advertisement
	peer    netip.Addr // as last configured
	unicast unicast
}

// families in the order in which they advertise.
func newFamilies() [2]family {
	return [2]family{
		{name: "inet", group: frame.GroupIPv4},
		{name: "inet6", group: frame.GroupIPv6},
	}
}

// is6 tells the families apart.
func (f *family) is6() bool { return f.group.Addr.Is6() }

// of is the family that an address belongs to.
func (i *Interface) of(a netip.Addr) *family { return i.familyOf(!a.Is4()) }

func (i *Interface) familyOf(is6 bool) *family {
	if is6 {
		return &i.families[1]
	}
	return &i.families[0]
}

// carries tells whether the family has virtual addresses, and so advertises.
func (f *family) carries(list carp.AddressList) bool {
	if f.is6() {
		return list.Has6()
	}
	return list.Has4()
}

// source is the address that the family's advertisements come from: one of the
// parent's that is not a virtual one. With IPv6 it is the link-local one,
// unless the peer is beyond the link.
func (i *Interface) source(f *family) netip.Addr {
	if !f.is6() {
		return i.sourceOf(netip.Addr.Is4)
	}
	linkLocal := !i.record.Peer6.IsValid() || i.record.Peer6.IsLinkLocalUnicast()
	return i.sourceOf(func(a netip.Addr) bool { return a.Is6() && a.IsLinkLocalUnicast() == linkLocal })
}

// ours tells whether an address is one of the parent's own.
func (i *Interface) ours(a netip.Addr) bool {
	return i.parent != nil && has(i.parent.Addresses, a)
}

// familyStatus shows the families that carry addresses. A family that is
// silent while the other's advertisements arrive is what two masters of one
// family come from.
func (i *Interface) familyStatus() (list []control.FamilyStatus) {
	if i.group == nil {
		return nil
	}
	var latest time.Time
	for _, f := range i.families {
		if f.lastHeard.After(latest) {
			latest = f.lastHeard
		}
	}
	for n := range i.families {
		f := &i.families[n]
		if !f.carries(i.group.List()) {
			continue
		}
		health := "ok"
		switch {
		case !i.source(f).IsValid():
			health = "no source address"
		case i.claimErr != nil && i.machine.State() == carp.Master:
			health = "addresses refused by the kernel"
		case f.failing:
			health = "send errors"
		case latest.Sub(f.lastHeard) > i.machine.Advertised().DeadTime():
			health = "silent"
		}
		list = append(list, control.FamilyStatus{Family: f.name, Health: health,
			Sent: f.sent, Failed: f.failed, Heard: f.heard, LastHeard: f.lastHeard})
	}
	return list
}
