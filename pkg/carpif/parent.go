package carpif

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// linkNews follows the kernel's interfaces: the parent's carrier, addresses,
// coming and going, and whoever meddles with ours.
func (i *Interface) linkNews(ev link.Event) {
	switch {
	case ev.Kind == link.LinkGone && ev.Index == i.backing && i.attached:
		// Somebody deleted carpN, or its parent went and took it along.
		_ = i.detach()
	case ev.Kind == link.LinkChanged && ev.Index == i.backing && i.attached:
		if !ev.Up && i.heardLately() && i.isDown() {
			i.limited("downed", "set up again what another program set down")
			i.claim()
		}
		return
	case ev.Kind == link.AddressChanged && ev.Name == i.name:
		if ev.Removed && i.heardLately() && slices.Contains(i.record.Addresses, ev.Prefix) {
			i.renew()
		}
		return
	case ev.Kind == link.Resync, ev.Name == i.record.Parent:
	case i.parent != nil && ev.Index == i.parent.Index: // renamed
	case i.parent == nil && i.record.VHID != 0: // one to wait for, perhaps
	default:
		return
	}
	i.followParent()
}

// isDown tells whether carpN is down now. The news of its making, when it was,
// may be read only after it has been claimed.
func (i *Interface) isDown() bool {
	now, err := i.kernel().Parent(i.name)
	return err == nil && !now.Up
}

// heardLately tells whether this MASTER's latest advertisement is not overdue.
// Only then is an address that goes another program's doing: otherwise the
// lease has run out, as it is meant to.
func (i *Interface) heardLately() bool {
	return i.machine.State() == carp.Master && i.now().Sub(i.sentAt) <= i.machine.Advertised().Interval()
}

// followParent brings everything in line with the parent as it is now.
func (i *Interface) followParent() {
	if err := i.resolveParent(); err != nil {
		i.limited("parent", "parent interface", "err", err)
		i.tryAgain()
	} else if err := i.followMTU(); err != nil {
		i.limited("mtu", "MTU", "err", err)
	}
	i.reconfigure()
	i.showLink()
}

// retryTime is the pause before what the kernel refused is tried again.
const retryTime = time.Second

func (i *Interface) tryAgain() { i.retry = time.After(retryTime) }

// again tries what failed before.
func (i *Interface) again(ctx context.Context) {
	i.retry = nil
	if i.news == nil {
		var err error
		if i.news, err = i.opts.Kernel.Watch(ctx); err != nil {
			i.limited("news", "the kernel's news", "err", err)
			i.tryAgain()
		}
	}
	i.followParent()
}

// resolveParent looks up the record's parent and attaches to it; without one
// it is detached. A parent that is not there is no error: it may come. With an
// error what is held stays held.
func (i *Interface) resolveParent() error {
	if i.record.Parent == "" || i.record.VHID == 0 {
		_ = i.detach()
		return nil
	}
	p, err := i.kernel().Parent(i.record.Parent)
	if errors.Is(err, fs.ErrNotExist) {
		_ = i.detach()
		return nil
	}
	if err != nil {
		return err
	}
	if i.attached && i.parent.Index != p.Index { // another device of that name
		_ = i.detach()
	}
	i.parent = &p
	if i.attached {
		return nil
	}
	return i.attach()
}

// attach takes hold of the parent: its settings, the backing on it, its wire.
// On failure nothing is held.
func (i *Interface) attach() error {
	k, name := i.kernel(), i.parent.Name
	err := i.users().UseParent(name, i.parent.Index, i.name, func() (map[string]string, error) {
		saved, err := k.ParentSettings(name)
		i.original = saved
		return saved, err
	})
	if err != nil {
		i.parent = nil
		return err
	}
	if _, err := k.PrepareParent(name); err != nil {
		i.leaveParent()
		return err
	}
	if err := i.back(); err != nil {
		i.leaveParent()
		return err
	}
	segment, err := i.opts.OpenSegment(name, i.record.VHID)
	if err != nil {
		err = errors.Join(err, k.DeleteBacking(i.name))
		i.leaveParent()
		return err
	}
	i.segment, i.ready, i.attached = segment, segment.Ready(), true
	return i.dress()
}

// users are the parents' users, without a wait where the request being served keeps the
// other interfaces out: what is typed must not cost a MASTER its office.
func (i *Interface) users() Users {
	if i.folder != nil {
		return i.folder
	}
	return i.opts.Store
}

// back makes the kernel interface, or takes over the one that a supervisor
// that died left: it goes on answering for its lease, so that clients see no
// gap until a peer has taken over.
func (i *Interface) back() (err error) {
	mac := i.record.VHID.MAC()
	if i.inherit {
		i.inherit = false
		i.backing, i.inherited, err = i.kernel().Inherit(i.name, i.parent.Index, mac)
		if err == nil && i.inherited { // the knob may have been turned while there was no supervisor
			err = i.ignoreARP(i.balances())
		}
		if err != nil || i.inherited {
			return err
		}
	}
	i.backing, err = i.kernel().EnsureBacking(i.name, i.parent.Index, mac)
	return err
}

// detach lets go of the parent, gracefully where there is still something to
// be graceful about. The error is about what is left in the kernel.
func (i *Interface) detach() error {
	if !i.attached {
		i.parent = nil
		return nil
	}
	// The machine goes to INIT while it can still bow out.
	c := i.config()
	c.Ready, c.NotReady = false, "no parent interface"
	i.step(carp.Configured(c))
	_ = i.segment.Close()
	i.balance.close()
	for n := range i.families {
		i.families[n].unicast.close()
	}
	i.segment, i.ready, i.attached = nil, nil, false
	err := i.kernel().DeleteBacking(i.name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) {
		err = nil // gone, or somebody else's by now
	}
	if err != nil {
		i.log.Warn("deleting the interface", "err", err)
	}
	i.leaveParent()
	i.step(carp.Event{Kind: carp.EventLinkDown})
	return err
}

// leaveParent puts the parent's own settings back, unless others need ours.
func (i *Interface) leaveParent() {
	p := *i.parent
	i.parent = nil
	restore := func(saved map[string]string) error {
		err := i.kernel().RestoreParent(p.Name, saved)
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		// Gone, and its settings with it; or it has another name now.
		now, err := i.kernel().Parents()
		if n := slices.IndexFunc(now, func(o link.Parent) bool { return o.Index == p.Index }); n >= 0 {
			return i.kernel().RestoreParent(now[n].Name, saved)
		}
		return err
	}
	err := i.users().LeaveParent(p.Name, i.name, restore)
	if err != nil && i.original != nil && !i.shares(p.Name) { // the folder is gone, damaged or locked
		err = errors.Join(err, restore(i.original))
	}
	i.original = nil
	if err != nil {
		i.log.Warn("restoring the parent's settings", "parent", p.Name, "err", err)
	}
}

// shares tells whether another carp interface of this host is to be on a parent.
func (i *Interface) shares(parent string) bool {
	siblings, err := i.opts.Store.Siblings(i.name)
	return err == nil && slices.ContainsFunc(siblings, func(s state.Record) bool { return s.Parent == parent && s.VHID != 0 })
}

// showLink tells the machine and the ledger about the carrier.
func (i *Interface) showLink() {
	kind := carp.EventLinkDown
	if i.parent != nil && i.parent.Up && i.parent.Carrier {
		kind = carp.EventLinkUp
	}
	i.step(carp.Event{Kind: kind})
	i.refreshEntries()
}

// linkDown is the name of the demotion while the parent has no carrier.
const linkDown = "link down"

// refreshEntries keeps this interface's part of the demotion ledger true: the
// reasons that hold now, with the values that the knobs give them.
func (i *Interface) refreshEntries() {
	want := map[string]int{}
	down := i.parent == nil || !i.parent.Up || !i.parent.Carrier
	if down && i.record.Up && i.record.VHID != 0 && i.record.Parent != "" {
		want[linkDown] = i.knobs.IfDownFactor
	}
	for _, e := range i.entries {
		if e.Name == carp.SendErrors {
			want[e.Name] = i.knobs.SendErrFactor
		}
	}
	i.setEntries(want)
}

// sourceOf is the parent's first address that fits and is not a virtual one.
func (i *Interface) sourceOf(fits func(netip.Addr) bool) netip.Addr {
	if i.parent == nil {
		return netip.Addr{}
	}
	virtual := addresses(i.record.Addresses)
	for _, p := range i.parent.Addresses {
		if a := p.Addr(); fits(a) && !slices.Contains(virtual, a) {
			return a
		}
	}
	return netip.Addr{}
}

// forwarding6 tells whether the host routes IPv6 on the parent: what the
// router flag of a neighbour advertisement says.
func (i *Interface) forwarding6() bool {
	v, err := i.kernel().ReadSetting(i.record.Parent, "ipv6", "forwarding")
	return err == nil && v != "0"
}

// chooseParent picks the parent for a record: the one named, or the first
// whose subnet holds the first address (FreeBSD 9, carp_set_addr). nil means
// that there is none.
func chooseParent(r *state.Record, parents []link.Parent) *link.Parent {
	for n := range parents {
		p := &parents[n]
		if r.CarpDev != "" {
			if p.Name == r.CarpDev {
				return p
			}
			continue
		}
		if len(r.Addresses) > 0 && covers(p, r.Addresses[0].Addr()) {
			return p
		}
	}
	return nil
}

// covers tells whether one of the parent's subnets holds addr.
func covers(p *link.Parent, addr netip.Addr) bool {
	return slices.ContainsFunc(p.Addresses, func(own netip.Prefix) bool {
		return own.Bits() < own.Addr().BitLen() && own.Masked().Contains(addr)
	})
}
