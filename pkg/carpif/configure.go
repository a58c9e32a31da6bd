package carpif

import (
	"hash/fnv"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// oldListTime is how long after a change of the address list members that
// still have the one before are understood and spoken to, so that the
// administrator can edit one host after the other, in any order.
const oldListTime = 10 * time.Minute

// reconfigure brings the group and the machine in line with the record, the
// knobs and the parent. It does nothing where nothing has changed.
func (i *Interface) reconfigure() {
	if i.opts.OnTiming != nil {
		i.opts.OnTiming(i.timing())
	}
	i.regroup()
	i.rebalance()
	i.step(carp.Configured(i.config()))
}

// regroup makes or changes the membership after a change of vhid, key or
// addresses.
func (i *Interface) regroup() {
	if i.record.VHID == 0 {
		i.group = nil
		return
	}
	moved := i.correspond()
	key, _ := carp.NewKey(i.record.Password)
	list := carp.NewAddressList(addresses(i.record.Addresses))
	switch {
	case i.group == nil || i.group.VHID() != i.record.VHID || i.group.Key() != key:
		// A group of its own also for a new key: whoever changes one wants the
		// old one refused, and whatever was tolerated with it.
		i.group = carp.NewGroup(i.record.VHID, key, list, i.opts.Random)
	case !i.group.List().Equal(list):
		i.group.Change(list, i.now().Add(oldListTime))
	case moved:
		// A MASTER tells the new correspondent at once.
	default:
		return
	}
	i.generation++
}

// correspond notes the peers to advertise to and tells whether they are others
// than before.
func (i *Interface) correspond() (changed bool) {
	for n := range i.families {
		f := &i.families[n]
		if to := i.peer(f); to != f.peer {
			f.peer, changed = to, true
			f.unicast.close()
		}
	}
	return changed
}

// config is the machine's view of it all.
func (i *Interface) config() carp.Config {
	c := carp.Config{
		Timing:     i.timing(),
		Preempt:    i.knobs.Preempt,
		Generation: i.generation,
	}
	c.NotReady = i.notReady()
	c.Ready = c.NotReady == ""
	if i.parent != nil {
		h := fnv.New64a()
		_, _ = h.Write(i.parent.MAC[:])
		c.TieBreak = h.Sum64()
	}
	return c
}

func (i *Interface) timing() carp.Timing {
	return carp.Timing{Base: i.record.AdvBase, Skew: i.record.AdvSkew}
}

const noAddress = "no address"

// notReady says what is missing before the interface can take part, or
// nothing.
func (i *Interface) notReady() string {
	list := carp.NewAddressList(addresses(i.record.Addresses))
	switch {
	case i.record.VHID == 0:
		return "no vhid"
	case list.Len() == 0:
		return noAddress
	case !i.knobs.Allow:
		return "net.inet.carp.allow is 0"
	case i.record.Parent == "":
		return "no parent interface"
	case !i.attached:
		return "parent " + i.record.Parent + " is not there"
	}
	// One family that cannot speak does not keep the other from it.
	for n := range i.families {
		if f := &i.families[n]; f.carries(list) && i.source(f).IsValid() {
			return ""
		}
	}
	switch {
	case list.Has4():
		return "no IPv4 address on " + i.record.Parent
	case i.record.Peer6.IsGlobalUnicast():
		return "no global IPv6 address on " + i.record.Parent
	}
	return "no link-local IPv6 address on " + i.record.Parent
}
