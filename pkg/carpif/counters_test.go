package carpif

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// Every frame is counted as received, over the family that it came by or claims to,
// and in one verdict.
func TestReceivedIsTheSumOfTheVerdicts(t *testing.T) {
	inLab(t, func(l *lab) {
		a := l.host(2).create("carp0", member(0))
		p := l.peer(9, "wrong", "192.0.2.50")
		p.say(p.frame(1, 0))
		p.say(p.frame(1, 0, func(p *frame.Packet) { p.TTL = 1 }))
		broken := p.frame(1, 0)
		broken[14] ^= 0x40 // not IP version 4
		p.say(broken)
		broken = p.frame(1, 0)
		broken[12], broken[13] = 0x86, 0xdd // not IPv6 either, but with
		broken[14+6], broken[14+40+1] = frame.ProtocolCARP, 1
		p.say(broken)
		c := a.status().Counters
		var verdicts uint64
		for v := range carp.NumVerdicts {
			verdicts += c[v.String()]
		}
		if c[control.ReceivedInet] != 3 || c[control.ReceivedInet6] != 1 || verdicts != 4 || c["malformed"] != 2 {
			t.Errorf("%v", c)
		}
	})
}

// Each packet that went out is counted, those that speak for a former list too, while
// the family's health goes by advertisements.
func TestFormerListsArePackets(t *testing.T) {
	inLab(t, func(l *lab) {
		a, _ := l.pair()
		time.Sleep(10 * time.Second)
		before := a.status()
		a.set(alias("192.0.2.51/24"))
		time.Sleep(10*time.Second + ms)
		s := a.status()
		sent, packets := s.Families[0].Sent-before.Families[0].Sent, s.Counters[control.SentInet]-before.Counters[control.SentInet]
		if sent < 10 || packets != 2*sent {
			t.Errorf("%d advertisements, %d packets", sent, packets)
		}
	})
}

// What lack of memory kept from going out is told apart from other errors.
func TestNoMemory(t *testing.T) {
	for _, errno := range []unix.Errno{unix.ENOBUFS, unix.ENOMEM, unix.ENETDOWN} {
		inLab(t, func(l *lab) {
			a := l.host(2).create("carp0", member(0))
			time.Sleep(10 * time.Second)
			a.wire().FailSends(errno)
			time.Sleep(2 * time.Second)
			c := a.status().Counters
			want := c[control.SendErrors]
			if errno == unix.ENETDOWN {
				want = 0
			}
			if c[control.SendErrors] == 0 || c[control.NoMemory] != want {
				t.Errorf("%v: %v", errno, c)
			}
		})
	}
}

// Clearing answers with what was, and loses nobody and nothing else.
func TestClear(t *testing.T) {
	inLab(t, func(l *lab) {
		a := l.host(2).create("carp0", member(50))
		p := l.peer(9, "sesame", "192.0.2.50")
		p.say(p.frame(1, 0))
		for range 2 {
			before := a.ask(control.Request{Op: control.OpClear, Keys: true})
			if before.Error != nil || before.Status == nil || before.Status.Key != nil {
				t.Fatalf("%+v", before)
			}
			s := a.status()
			for name, n := range s.Counters {
				if n != 0 {
					t.Errorf("%s is %d", name, n)
				}
			}
			if f := s.Families[0]; f.Sent != 0 || f.Heard != 0 || f.Failed != 0 || f.LastHeard.IsZero() {
				t.Errorf("%+v", f)
			}
			if len(s.Peers) != 1 || len(s.Peers[0].Verdicts) != 0 || s.Peers[0].Last.IsZero() || s.State != "BACKUP" {
				t.Errorf("%+v", s)
			}
			if got := before.Status.Counters["accepted"]; got != 1 {
				t.Errorf("%d accepted, want 1", got)
			}
			p.say(p.frame(1, 0)) // and the second time only that is told
		}
	})
}
