package carpif

import (
	"errors"
	"net/netip"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// Unicast sends CARP headers to one host, by the kernel's routes.
type Unicast interface {
	Send(payload []byte, tos uint8) error
	Close() error
}

// unicast is a family's way to its peer, opened when first needed.
type unicast struct {
	to       Unicast // nil: not open
	src, dst netip.Addr
}

// peer is the family's only correspondent, invalid with multicast.
func (i *Interface) peer(f *family) netip.Addr {
	if f.is6() {
		return i.record.Peer6
	}
	return i.record.Peer
}

// sendTo sends one advertisement of a family to its peer.
func (i *Interface) sendTo(f *family, ad *carp.Advertisement) error {
	src, dst := f.source, i.peer(f)
	u := &f.unicast
	if u.to == nil || u.src != src || u.dst != dst {
		u.close()
		if i.opts.OpenUnicast == nil {
			return errors.New("no unicast here")
		}
		to, err := i.opts.OpenUnicast(i.record.Parent, src, dst)
		if err != nil {
			return err
		}
		*u = unicast{to: to, src: src, dst: dst}
	}
	var header [carp.HeaderLen]byte
	err := u.to.Send(ad.Append(header[:0]), i.tos())
	if err != nil {
		u.close() // a new one may find the interface that this one has lost
	}
	return err
}

func (u *unicast) close() {
	if u.to != nil {
		_ = u.to.Close()
	}
	*u = unicast{}
}

// reannounceTime is how often a MASTER with a unicast peer announces its
// addresses. Its advertisements come from the parent's own MAC, so nothing
// else would remind the switches of the virtual one (FreeBSD PR 284872).
const reannounceTime = time.Minute

// remindSwitches announces the addresses again when that has not been done for
// long, as only unicast needs.
func (i *Interface) remindSwitches() {
	if (i.record.Peer.IsValid() || i.record.Peer6.IsValid()) && i.now().Sub(i.announcedAt) >= reannounceTime {
		i.announce(false)
	}
}
