package rehearsal

import (
	"fmt"
	"net/netip"

	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// silence is a segment on which nobody is heard. What is sent there is told.
type silence struct {
	tell func(what string)
}

func (s silence) Send(b []byte) error {
	s.tell(describe(b))
	return nil
}

func (silence) Receive([]byte) (n int, ok bool, err error) { return 0, false, nil }
func (silence) Ready() <-chan struct{}                     { return nil }
func (silence) Rearm()                                     {}
func (silence) Close() error                               { return nil }

// correspondence is the way to a unicast peer.
type correspondence struct {
	src, dst netip.Addr
	tell     func(what string)
}

func (c correspondence) Send(payload []byte, _ uint8) error {
	c.tell(advertisement(payload, c.src, c.dst))
	return nil
}

func (correspondence) Close() error { return nil }

// describe is a frame in words.
func describe(b []byte) string {
	if p, err := frame.Parse(b); err == nil {
		return advertisement(p.Payload, p.Src, p.Dst)
	}
	if a, err := frame.ParseARP(b); err == nil {
		form := "reply"
		if a.Op == frame.ARPRequest {
			form = "request"
		}
		return fmt.Sprintf("announces %v at %v (gratuitous ARP %s)", a.SenderAddr, a.SenderMAC, form)
	}
	if n, err := frame.ParseNeighborAdvertisement(b); err == nil {
		return fmt.Sprintf("announces %v at %v (neighbour advertisement)", n.Target, n.TargetMAC)
	}
	return "sends a frame"
}

// advertisement is a CARP header in words; its digest says nothing to people.
func advertisement(payload []byte, src, dst netip.Addr) string {
	ad, _ := carp.Parse(payload)
	text := fmt.Sprintf("advertises vhid %d %v, %v to %v", ad.VHID, ad.Timing, src, dst)
	if ad.BowOut() {
		text += " (bow-out)"
	}
	return text
}
