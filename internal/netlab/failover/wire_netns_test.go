//go:build netns

package failover

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// ping sends one echo request; an answer is wanted.
func (s *stage) ping(from *netlab.Host, to netip.Addr) {
	s.Helper()
	s.on(from, "ping -c 1 -W 2 "+to.String())
}

// forget empties a host's ARP cache, so that its next packet asks again.
func (s *stage) forget(h *netlab.Host) {
	s.Helper()
	s.on(h, "ip neigh flush dev eth0")
}

// The client learns nothing but the virtual MAC, whatever the hosts themselves send:
// their own traffic works, and does not speak for the virtual address.
func TestClientLearnsOnlyTheVirtualMAC(t *testing.T) {
	t.Parallel()
	s := pair(t)
	w := s.watch(virtual1, s.hosta)
	hosts := []*netlab.Host{s.hosta, s.hostb, s.provider}
	step := func(what string, holder *netlab.Host) {
		s.Helper()
		for _, from := range hosts {
			s.forget(from) // the MASTER must ask for the client while it answers it
			s.ping(from, s.own(s.client))
			for _, to := range hosts {
				if to != from {
					s.ping(from, s.own(to))
				}
			}
			s.ping(from, virtual1) // the MASTER itself has it too
		}
		w.served(holder)
		if got := s.neighbour(s.client, virtual1); got != mac1.String() {
			s.Errorf("%s: the client has %s for %v, want %v", what, got, virtual1, mac1)
		}
		for _, h := range hosts {
			if got := s.neighbour(s.client, s.own(h)); got != h.MAC().String() {
				s.Errorf("%s: the client has %s for %s, want %v", what, got, h.Name(), h.MAC())
			}
			if got := s.neighbour(h, s.own(s.client)); got != s.client.MAC().String() {
				s.Errorf("%s: %s has %s for the client, want %v", what, h.Name(), got, s.client.MAC())
			}
		}
		learned, err := s.lab.Learned(s.Context())
		s.must(err)
		if learned[mac1] != holder.Name() {
			s.Errorf("%s: the switch has %v at %q, want %s", what, mac1, learned[mac1], holder.Name())
		}
	}
	step("hosta MASTER", s.hosta)
	s.on(s.hosta, nudge)
	w.served(s.provider)
	step("after the nudge", s.provider)
	s.on(s.provider, down0)
	w.served(s.hosta)
	step("provider down", s.hosta)
	s.on(s.provider, up0)
	s.fence(s.hosta)
	s.must(s.supervisor(s.hosta).Signal(unix.SIGKILL))
	w.served(s.provider)
	step("hosta killed", s.provider)
	// A client that has forgotten asks, and is told the virtual MAC.
	for range 3 {
		s.forget(s.client)
		s.ping(s.client, virtual1)
		s.ping(s.client, s.own(s.hosta))
	}
	step("the client has asked again", s.provider)
	w.Stop()
}

// A BACKUP does not use the virtual MAC at all; a MASTER's advertisements are as the
// protocol has them.
func TestSilentBackup(t *testing.T) {
	t.Parallel()
	s := whole(t)
	capture := filepath.Join(s.hosta.Dir(), "carp.pcap")
	dump := s.hosta.Command(s.Context(), "tcpdump", "-i", "eth0", "-U", "-c", "2", "-w", capture, "proto 112 and src 192.168.1.3")
	s.must(dump.Start())
	port, err := s.provider.SniffPort(s.Context())
	s.must(err)
	ads, err := s.hosta.SniffPort(s.Context(), netlab.OfProtocol(netlab.ProtocolCARP))
	s.must(err)
	card, err := s.provider.Sniff(s.Context(), "eth0", netlab.SentByUs())
	s.must(err)
	w := s.watch(virtual1, s.hosta)
	for start := time.Now(); time.Since(start) < 5500*time.Millisecond; {
		s.forget(s.provider)
		s.ping(s.provider, s.own(s.client))
		s.ping(s.provider, virtual1)
		s.ping(s.provider, virtual2)
		s.on(s.provider, show0)
		s.pass(100 * time.Millisecond)
	}
	w.Stop()
	s.silentBackup(port, card)
	s.faithfulMaster(ads)
	s.must(dump.Wait())
	s.decode(capture)
	if up, _, err := s.provider.Link(s.Context(), "carp0"); err != nil || up.Up() {
		s.Errorf("carp0 of the BACKUP: %+v, %v; want it down", up, err)
	}
	if got, err := s.provider.Addresses(s.Context(), "carp0"); err != nil || len(got) != 0 {
		s.Errorf("addresses of the BACKUP in the kernel: %v, %v; want none", got, err)
	}
}

// silentBackup wants that provider was heard, but never with a virtual MAC.
func (s *stage) silentBackup(port, card *netlab.Sniffer) {
	s.Helper()
	frames, err := port.Stop()
	s.must(err)
	out, err := card.Stop()
	s.must(err)
	heard := 0
	for _, f := range frames {
		if f.Outgoing {
			continue // from the switch towards provider
		}
		heard++
		if f.Source() == mac1 || f.Source() == mac2 {
			s.Errorf("the BACKUP sent %v", f)
		}
	}
	for _, f := range out {
		if f.Source() == mac1 || f.Source() == mac2 {
			s.Errorf("eth0 of the BACKUP sent %v", f)
		}
	}
	s.figure("BACKUP on the wire: %d frames, none with a virtual MAC", heard)
	if heard == 0 {
		s.Error("nothing at all came from provider: the sniffer is at the wrong place")
	}
}

// faithfulMaster wants hosta's advertisements as the protocol has them, one a second.
func (s *stage) faithfulMaster(ads *netlab.Sniffer) {
	s.Helper()
	frames, err := ads.Stop()
	s.must(err)
	var last time.Time
	sent := 0
	for _, f := range frames {
		if f.Outgoing {
			continue // hostb's, on their way to hosta
		}
		sent++
		if f.Source() != mac1 || f.Destination() != (netlab.MAC{0x01, 0, 0x5e, 0, 0, 0x12}) || f.TTL() != 255 ||
			f.From() != s.own(s.hosta) || f.To() != netip.MustParseAddr("224.0.0.18") {
			s.Errorf("hosta advertised with %v", f)
		}
		if every := f.At.Sub(last); !last.IsZero() && (every < 900*time.Millisecond || every > 1300*time.Millisecond) {
			s.Errorf("%v between two advertisements, want a second", every)
		}
		last = f.At
	}
	s.figure("MASTER on the wire: %d advertisements", sent)
	if sent < 5 {
		s.Errorf("%d advertisements in more than 5 s, want 5 at least", sent)
	}
}

// decode has two other programs read the advertisements.
func (s *stage) decode(capture string) {
	s.Helper()
	for _, reader := range []struct {
		line string
		want []string
	}{
		{"tcpdump -n -v -T carp -r " + capture, []string{
			"ttl 255", "192.168.1.3 > 224.0.0.18", "CARPv2-advertise 36: vhid=1 advbase=1 advskew=0 authlen=7"}},
		{"tshark -V -d ip.proto==112,carp -r " + capture, []string{
			"Common Address Redundancy Protocol", "CARP protocol version: 2", "Virtual Host ID: 1", "Advertisement Skew: 0", "Adver Int: 1", "Auth Len: 7", "[correct]"}},
	} {
		out := s.on(s.hosta, reader.line+" 2>&1")
		for _, want := range reader.want {
			if !strings.Contains(out, want) {
				s.Errorf("%s: no %q in\n%s", reader.line, want, out)
			}
		}
	}
}
