package carpif

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
	"golang.org/x/sys/unix"
)

// change applies one command line, whole or not at all: plan, record, act, and
// undo if the kernel refuses. taken is the new name that is on the line, if any is.
// The notes are for the person.
func (i *Interface) change(c *control.Change, taken *naming) (notes []string, err error) {
	parents, err := i.kernel().Parents()
	if err != nil {
		return nil, err
	}
	if c.Backing != nil && i.saved {
		return nil, bsderr.Errno(opSetVHID, unix.EINVAL, i.name+": backing is chosen at create, for good")
	}
	taken, err = i.checkName(c, taken)
	if err != nil {
		return nil, err
	}
	prev := i.record
	next, notes, err := i.decide(c, parents)
	if err != nil {
		return nil, err
	}
	if !i.saved || !reflect.DeepEqual(prev, next) {
		if err := i.install(next); err != nil {
			return nil, i.undo(prev, err)
		}
		i.saved = true
	}
	if err := i.rename(taken); err != nil {
		return nil, i.undo(prev, err)
	}
	i.retry = nil // what failed before has just been done
	if c.State != nil {
		i.step(carp.Force(*c.State))
		if i.machine.State() == carp.Init {
			notes = append(notes, fmt.Sprintf("%s: it stays INIT: %s", i.name, i.machine.Reason()))
		}
	}
	return notes, nil
}

// decide plans a change and saves the record that it leads to: first of all, so
// that a full disk is found before the first effect, and with the other
// supervisors kept out (Handle), so that of two that want the same vhid one sees
// the other's.
func (i *Interface) decide(c *control.Change, parents []link.Parent) (state.Record, []string, error) {
	siblings, err := i.opts.Store.Siblings(i.name)
	if err != nil {
		return i.record, nil, err
	}
	tun := i.isTUN() || c.Backing != nil && *c.Backing == control.TUN
	if i.knobs.ARPBalance && !tun {
		for n := range siblings { // then several vhids may have one IPv4 address
			siblings[n].Addresses = slices.DeleteFunc(siblings[n].Addresses, func(p netip.Prefix) bool {
				return p.Addr().Is4() && !usesTUN(&siblings[n])
			})
		}
	}
	next, notes, err := plan(i.record, c, parents, siblings)
	if err == nil && (!i.saved || !reflect.DeepEqual(i.record, next)) {
		if err = i.opts.Store.Save(next); err != nil {
			err = bsderr.Hint(fmt.Errorf("%s: %w", i.name, err), "%s: nothing was changed", i.name)
		}
	}
	return next, notes, err
}

// install makes the kernel and the machine follow the record.
func (i *Interface) install(next state.Record) error {
	prev := i.record
	if prev.VHID != next.VHID || prev.Parent != next.Parent {
		_ = i.detach() // logged
		i.peers.Clear()
	}
	// A bow-out goes out with the settings that the peers know.
	if prev.Up && !next.Up {
		i.step(carp.Event{Kind: carp.EventDown})
	}
	if len(prev.Addresses) > 0 && len(next.Addresses) == 0 {
		c := i.config()
		c.Ready, c.NotReady = false, noAddress
		i.step(carp.Configured(c))
	}
	i.record = next
	// Also with an error the machine has to know what is so now: the undoing
	// is an install too.
	err := i.resolveParent()
	i.reconfigure()
	if err == nil {
		err = i.redress(prev)
	}
	if i.machine.State() == carp.Master && !slices.Equal(prev.Addresses, next.Addresses) {
		if sameList(prev, next) {
			i.claim() // a new length is no news to the machine, but to the kernel
		}
		if err == nil {
			err = i.claimErr
		}
	}
	i.showLink()
	if !slices.Equal(prev.Groups, next.Groups) {
		i.loadDemotion()
	}
	if next.Up {
		i.step(carp.Event{Kind: carp.EventUp})
	}
	return err
}

// sameList tells whether two records authenticate alike.
func sameList(a, b state.Record) bool {
	return carp.NewAddressList(addresses(a.Addresses)).Equal(carp.NewAddressList(addresses(b.Addresses)))
}

// undo goes back to the record before and passes the reason on.
func (i *Interface) undo(prev state.Record, reason error) error {
	i.log.Warn("change refused", "err", reason)
	var back error
	if i.saved {
		back = i.opts.Store.Save(prev)
	} else {
		back = i.opts.Store.Remove(i.name)
	}
	again := i.install(prev)
	if again != nil {
		i.tryAgain()
	}
	return with(reason, back, again)
}

// with is the reason with what failed besides as its hints.
func with(reason error, besides ...error) error {
	for _, err := range besides {
		if err != nil {
			reason = bsderr.Hint(bsderr.From(reason), "undoing it: %v", err)
		}
	}
	return reason
}

// dismantle takes everything of this interface out of the kernel and the
// state folder. The record stays unless forget is set.
func (i *Interface) dismantle(forget bool) error {
	err := i.detach()
	i.setEntries(nil)
	if !forget || err != nil {
		return err
	}
	if err := i.opts.Store.Remove(i.name); err != nil {
		return err
	}
	i.saved = false
	return nil
}

// reinstate makes an interface whose destruction failed what its record says.
func (i *Interface) reinstate(reason error) error {
	back := i.opts.Store.Save(i.record)
	again := i.install(i.record)
	if again != nil {
		i.tryAgain()
	}
	return with(reason, back, again)
}
