package carpif

import (
	"errors"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsdif"
	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
	"golang.org/x/sys/unix"
)

// step feeds one event to the machine and does what it asks for. What comes of
// that (an advertisement that failed) is fed in turn.
func (i *Interface) step(ev carp.Event) {
	if i.stepping {
		i.events = append(i.events, ev)
		return
	}
	i.stepping = true
	if i.slept() {
		i.events = append(i.events, carp.Event{Kind: carp.EventSlept})
	}
	i.events = append(i.events, ev)
	for len(i.events) > 0 {
		ev := i.events[0]
		i.events = i.events[1:]
		for _, a := range i.machine.Step(i.now(), ev) {
			i.act(a)
		}
	}
	i.events, i.stepping = nil, false
}

func (i *Interface) act(a carp.Action) {
	switch a.Kind {
	case carp.ActionTransition:
		i.transitions++
		i.since = i.now()
		if a.To != carp.Master { // who does not send does not fail to
			i.families[0].failing, i.families[1].failing = false, false
		}
		if i.opts.OnTransition != nil {
			i.opts.OnTransition(a)
		}
		if i.logLevel() >= 1 {
			i.log.Info(a.From.String()+" -> "+a.To.String(), "vhid", i.record.VHID, "reason", a.Reason)
		}
		i.tellState()
	case carp.ActionClaim:
		i.claim()
	case carp.ActionRelease:
		if !i.attached {
			return // the kernel interface went with its parent
		}
		if err := i.kernel().Release(i.name); err != nil {
			i.limited("release", "releasing the addresses", "err", err)
		}
	case carp.ActionAdvertise:
		i.advertise(a.Timing)
	case carp.ActionAnnounce:
		i.announce(a.Request)
	case carp.ActionDemote:
		if a.On {
			i.log.Warn("demoted", "reason", a.Reason, "by", i.knobs.SendErrFactor)
			i.entries = append(i.entries, state.Entry{Name: a.Reason, Owner: i.name, Since: i.now()})
		} else {
			i.log.Info("demotion taken back", "reason", a.Reason)
			i.entries = without(i.entries, a.Reason)
		}
		i.refreshEntries()
	}
}

// advertise sends one advertisement per family that has addresses. Only one
// that went out renews the lease: a host that cannot be heard must not keep
// the addresses.
func (i *Interface) advertise(t carp.Timing) {
	if i.segment == nil || i.group == nil {
		return
	}
	if i.machine.State() == carp.Master && i.claimErr != nil {
		// Whoever advertises keeps the others from answering.
		if i.claim(); i.claimErr != nil {
			i.step(carp.Event{Kind: carp.EventSendFailed})
			return
		}
		i.announce(false)
	}
	var failed error
	out := false
	for n := range i.families {
		f := &i.families[n]
		if !f.carries(i.group.List()) {
			continue
		}
		// Without a source the family has no part (-v tells), but a bow-out
		// still goes out: losing the address may be what it is about.
		if src := i.source(f); src.IsValid() {
			f.source = src
		} else if i.machine.State() == carp.Master || !f.source.IsValid() {
			continue
		}
		err := i.advertiseOver(f, t)
		if f.failing = err != nil; f.failing {
			failed = err
			f.failed++
			if errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.ENOMEM) {
				f.noMemory++
			}
			continue
		}
		f.sent++
		f.packets++
		out = true
		i.former = i.group.FormerAdvertisements(i.former[:0], i.now(), t)
		for n := range i.former {
			if i.transmit(f, &i.former[n]) == nil { // else: what counts went out
				f.packets++
			}
		}
	}
	switch {
	case failed != nil:
		i.limited("send", "advertisement not sent", "err", failed)
		i.step(carp.Event{Kind: carp.EventSendFailed})
	case out:
		i.step(carp.Event{Kind: carp.EventSent})
	}
	if out && i.machine.State() == carp.Master {
		i.sentAt = i.now()
		if i.sentAt.Sub(i.renewedAt) >= renewTime {
			i.renew()
		}
		i.remindSwitches()
	}
}

// advertiseOver sends one family's advertisement, to its peer or to the group.
func (i *Interface) advertiseOver(f *family, t carp.Timing) error {
	ad := i.group.Advertisement(t)
	return i.transmit(f, &ad)
}

// transmit sends an advertisement by a family's way.
func (i *Interface) transmit(f *family, ad *carp.Advertisement) error {
	if i.peer(f).IsValid() {
		return i.sendTo(f, ad)
	}
	var header [carp.HeaderLen]byte
	i.ipID++
	return i.send(frame.Packet{
		SrcMAC:  i.mac(),
		Src:     f.source,
		TOS:     i.tos(),
		ID:      i.ipID,
		Payload: ad.Append(header[:0]),
	}.To(f.group).Append(i.out[:0]))
}

// tos is the knob dscp as it stands in the header.
func (i *Interface) tos() uint8 { return uint8(i.knobs.DSCP << 2) }

// announce tells the segment where the addresses are, from the virtual MAC in
// the Ethernet header too, so that switches learn it.
func (i *Interface) announce(request bool) {
	if i.claimErr != nil {
		return // it would lead the clients to nobody
	}
	i.announcedAt = i.now()
	mac := i.mac()
	router := i.forwarding6()
	for _, p := range i.record.Addresses {
		var err error
		switch a := p.Addr(); {
		case i.balanced(a):
		case a.Is4() && i.record.Flags.Has(bsdif.NoARP):
		case a.Is4():
			err = i.send(frame.AppendGratuitousARP(i.out[:0], mac, a, frame.ARPReply))
			if request && err == nil {
				err = i.send(frame.AppendGratuitousARP(i.out[:0], mac, a, frame.ARPRequest))
			}
		default:
			err = i.send(frame.AppendNeighborAdvertisement(i.out[:0], mac, a, router))
		}
		if err != nil {
			i.limited("announce", "announcement not sent", "err", err)
			return
		}
	}
}

func (i *Interface) send(b []byte) error {
	i.out = b
	if i.segment == nil {
		return errNoSegment
	}
	return i.segment.Send(b)
}

// leases are the addresses as the kernel gets them. The parent's subnet covers
// them, so they bring no route of their own.
func (i *Interface) leases() []link.Address {
	lease := i.timing().Lease()
	list := make([]link.Address, 0, len(i.record.Addresses))
	for _, p := range i.record.Addresses {
		list = append(list, link.Address{Prefix: p, Lease: lease, NoPrefixRoute: i.parent != nil && covers(i.parent, p.Addr())})
	}
	return list
}

// claim makes the kernel answer for the addresses. Where it refuses, the next
// advertisement tries again and does not go out before.
func (i *Interface) claim() {
	i.renewedAt = i.now()
	if i.claimErr = i.kernel().Claim(i.name, i.leases()); i.claimErr != nil {
		i.limited("claim", "claiming the addresses", "err", i.claimErr)
	}
}

func without(entries []state.Entry, name string) []state.Entry {
	var rest []state.Entry
	for _, e := range entries {
		if e.Name != name {
			rest = append(rest, e)
		}
	}
	return rest
}
