package carpif

import (
	"net/netip"
	"slices"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsdif"
	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// balancer answers ARP in the kernel's stead while net.inet.carp.arpbalance is
// on: several vhids share an address, and who asks decides which one answers.
type balancer struct {
	wire    Segment // nil: off
	ready   <-chan struct{}
	targets []netip.Addr
	// siblings are the host's other carp interfaces as of readAt.
	siblings []state.Record
	readAt   time.Time
}

// siblingsFor is how long the siblings' records are believed: a client's
// retry comes a second later.
const siblingsFor = time.Second

// ignoreARP makes the kernel's part of answering on carpN what it has to be (Linux
// ip-sysctl.rst): 8 answers nothing, because we do or because of -arp, 1 only for the
// addresses that are on it. A TUN's addresses are its parent's to answer for.
func (i *Interface) ignoreARP(balanced bool) error {
	want := "1"
	switch {
	case i.isTUN():
		return nil
	case balanced || i.record.Flags.Has(bsdif.NoARP):
		want = "8"
	}
	if now, err := i.kernel().ReadSetting(i.name, "ipv4", "arp_ignore"); err != nil || now == want {
		return err
	}
	return i.kernel().WriteSetting(i.name, "ipv4", "arp_ignore", want)
}

// rebalance turns balancing on or off as the knob, the parent and the
// addresses have it.
func (i *Interface) rebalance() {
	var targets []netip.Addr
	if i.attached && i.balances() {
		for _, p := range i.record.Addresses {
			if p.Addr().Is4() {
				targets = append(targets, p.Addr())
			}
		}
	}
	b := &i.balance
	if slices.Equal(b.targets, targets) && (b.wire != nil) == (len(targets) > 0) {
		return
	}
	wasOn := b.wire != nil
	b.close()
	if len(targets) > 0 {
		wire, err := i.opts.OpenARP(i.parent.Name, targets)
		if err != nil {
			i.limited("arpbalance", "arpbalance is not in force", "err", err)
			i.tryAgain()
		} else {
			*b = balancer{wire: wire, ready: wire.Ready(), targets: targets}
		}
	}
	if on := b.wire != nil; i.attached && on != wasOn {
		if err := i.ignoreARP(on); err != nil {
			i.limited("arpbalance setting", "arpbalance", "err", err)
		}
	}
}

// balances tells whether the addresses are to be balanced: with one MAC there is
// nothing to choose from, and with -arp nothing to answer.
func (i *Interface) balances() bool {
	return i.knobs.ARPBalance && !i.isTUN() && !i.record.Flags.Has(bsdif.NoARP)
}

func (b *balancer) close() {
	if b.wire != nil {
		_ = b.wire.Close()
	}
	*b = balancer{}
}

// answerARP takes every request that waits.
func (i *Interface) answerARP() {
	for n := 0; n < drainAtMost && i.balance.wire != nil; n++ {
		length, ok, err := i.balance.wire.Receive(i.buf[:])
		if err != nil {
			i.limited("arp", "ARP socket", "err", err)
		}
		if !ok {
			return
		}
		request, err := frame.ParseARP(i.buf[:length])
		if err != nil || request.Op != frame.ARPRequest || request.SenderAddr == request.TargetAddr {
			continue // gratuitous ones announce, nobody asks
		}
		if i.machine.State() == carp.Master && has(i.record.Addresses, request.TargetAddr) &&
			carp.Balance(request.SenderAddr, i.sharing(request.TargetAddr)) == i.record.VHID {
			i.replyTo(request)
		}
	}
}

func (i *Interface) replyTo(request frame.ARP) {
	mac := i.mac()
	err := i.send(frame.ARP{
		SrcMAC: mac, DstMAC: request.SenderMAC, Op: frame.ARPReply,
		SenderMAC: mac, SenderAddr: request.TargetAddr,
		TargetMAC: request.SenderMAC, TargetAddr: request.SenderAddr,
	}.Append(i.out[:0]))
	if err != nil {
		i.limited("arp reply", "ARP reply not sent", "err", err)
	}
}

// sharing are the vhids of this host that are up on our parent with an
// address, ours among them.
func (i *Interface) sharing(a netip.Addr) []carp.VHID {
	b := &i.balance
	if now := i.now(); now.Sub(b.readAt) >= siblingsFor {
		if siblings, err := i.opts.Store.Siblings(i.name); err == nil {
			b.siblings, b.readAt = siblings, now
		}
	}
	vhids := []carp.VHID{i.record.VHID}
	for _, s := range b.siblings {
		if s.Up && s.VHID != 0 && s.Parent == i.record.Parent && has(s.Addresses, a) {
			vhids = append(vhids, s.VHID)
		}
	}
	return vhids
}

// balanced tells whether an address is shared by several vhids now. Then it is
// not announced: an announcement would draw every client to one of them, and
// a vhid that changes hosts takes its MAC along, which its advertisements show
// to the switches.
func (i *Interface) balanced(a netip.Addr) bool {
	return i.balance.wire != nil && len(i.sharing(a)) > 1
}
