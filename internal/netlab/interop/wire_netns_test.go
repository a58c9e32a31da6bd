//go:build netns

package interop

import (
	"net/netip"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// headerLen is the length of a CARP header.
const headerLen = 36

// advertisement is one seen on the wire.
type advertisement struct {
	netlab.Frame
	vhid, base, skew byte
}

// bowOut tells whether it is the last one of a MASTER that leaves in order.
func (a advertisement) bowOut() bool { return a.base == 255 && a.skew == 255 }

// listen records protocol 112 on a host's interface.
func (s *scene) listen(h *netlab.Host, ifname string, filters ...netlab.Filter) *netlab.Sniffer {
	s.Helper()
	sniffer, err := h.Sniff(s.Context(), ifname, append(filters, netlab.OfProtocol(netlab.ProtocolCARP))...)
	s.must(err)
	return sniffer
}

// advertisements reads those among frames of protocol 112, in the order they passed.
func advertisements(frames []netlab.Frame) (list []advertisement) {
	for _, f := range frames {
		header := f.Payload()
		if f.EtherType() == netlab.EtherTypeIPv6 {
			header = header[40:]
		} else {
			header = header[4*(header[0]&0x0f):]
		}
		if len(header) < headerLen || header[0] != 0x21 {
			continue
		}
		list = append(list, advertisement{Frame: f, vhid: header[1], skew: header[2], base: header[5]})
	}
	return list
}

// fromAddr chooses frames that came from an address.
func fromAddr(addr netip.Addr) netlab.Filter {
	return func(f netlab.Frame) bool { return f.From() == addr }
}

// silence is the time between the last advertisement of the old MASTER and the first
// of the new one after a moment.
func (s *scene) silence(ads *netlab.Sniffer, old, next netip.Addr, after time.Time) time.Duration {
	s.Helper()
	var first advertisement
	s.wait("an advertisement from "+next.String(), func() (bool, string) {
		heard := advertisements(ads.Frames(fromAddr(next), netlab.Since(after)))
		if len(heard) == 0 {
			return false, "none"
		}
		first = heard[0]
		return true, ""
	})
	var last time.Time
	for _, ad := range advertisements(ads.Frames(fromAddr(old))) {
		if ad.At.Before(first.At) {
			last = ad.At
		}
	}
	return first.At.Sub(last)
}

// probe begins to ask an address for echoes, a thousand times a second, and waits for
// the first answer.
func (s *scene) probe(from *netlab.Host, to netip.Addr) *netlab.Probe {
	s.Helper()
	p, err := netlab.StartProbe(s.Context(), from, to, time.Millisecond)
	s.must(err)
	s.wait("the first answer from "+to.String(), func() (bool, string) {
		_, at := p.LastFrom()
		return !at.IsZero(), "none"
	})
	return p
}

// served waits until a host answers a probe, and has been the one to answer for a
// while.
func (s *scene) served(p *netlab.Probe, by *netlab.Host) {
	s.Helper()
	const while = 300 * time.Millisecond
	since := time.Now()
	s.wait("the client to be served by "+by.Name(), func() (bool, string) {
		host, at := p.LastFrom()
		if host != by.Name() {
			since = time.Now()
		}
		return at.Sub(since) > while, host
	})
}
