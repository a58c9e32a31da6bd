package carpif

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// peer is somebody on the segment who makes frames by hand.
type peer struct {
	*lab
	group *carp.Group
	port  interface{ Send([]byte) error }
	addr  netip.Addr
}

func (l *lab) peer(n byte, password string, addrs ...string) *peer {
	var list []netip.Addr
	for _, a := range addrs {
		list = append(list, netip.MustParseAddr(a))
	}
	key, _ := carp.NewKey(password)
	number := uint64(n) << 48
	return &peer{lab: l, port: l.hub.Plug(1), addr: netip.AddrFrom4([4]byte{192, 0, 2, n}),
		group: carp.NewGroup(1, key, carp.NewAddressList(list), func() uint64 { number++; return number })}
}

// frame makes an advertisement.
func (p *peer) frame(base carp.AdvBase, skew carp.AdvSkew, mend ...func(*frame.Packet)) []byte {
	ad := p.group.Advertisement(carp.Timing{Base: base, Skew: skew})
	packet := frame.Packet{SrcMAC: carp.VHID(1).MAC(), Src: p.addr, Payload: ad.Append(nil)}.To(frame.GroupIPv4)
	for _, f := range mend {
		f(&packet)
	}
	return packet.Append(nil)
}

// say puts a frame on the wire and returns when all who hear it have, so that what is
// asked next is asked afterwards.
func (p *peer) say(b []byte) {
	p.Helper()
	if err := p.port.Send(b); err != nil {
		p.Fatal(err)
	}
	synctest.Wait()
}

// Two members with different passwords are both MASTER, and each can say why.
func TestWrongPassword(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		b.set(pass("other"))
		time.Sleep(10 * time.Second)
		a.is("MASTER", "")
		b.is("MASTER", "master timed out")
		for _, u := range []*unit{a, b} {
			s := u.status()
			if len(s.Peers) != 1 || s.Peers[0].Verdicts["bad authentication"] < 5 || s.Counters["bad authentication"] < 5 {
				t.Errorf("%v counted %v of peers %v", u.addr, s.Counters, s.Peers)
			}
			if n := strings.Count(u.said.String(), "the password or the list of addresses differs from ours"); n == 0 || n > 3 {
				t.Errorf("%v said so %d times:\n%s", u.addr, n, u.said)
			}
		}
	})
}

// Every verdict that a frame can cause, counted once and with its sender.
func TestVerdicts(t *testing.T) {
	short := func(p *frame.Packet) { p.Payload = p.Payload[:35] }
	flip := func(p *frame.Packet) { p.Payload[20] ^= 1 }
	hops := func(p *frame.Packet) { p.TTL = 254 }
	elsewhere := func(p *frame.Packet) { p.Dst = netip.MustParseAddr("224.0.0.1") }
	for _, c := range []struct {
		want string
		mend func(*frame.Packet)
	}{
		{"accepted", func(*frame.Packet) {}}, {"wrong TTL", hops}, {"bad checksum", flip}, {"too short", short},
		{"bad interface", elsewhere}, {"VRRP clash", vrrp},
	} {
		t.Run(c.want, func(t *testing.T) {
			inLab(t, func(l *lab) {
				a := l.host(2).create("carp0", member(0))
				p := l.peer(9, "sesame", "192.0.2.50")
				p.say(p.frame(1, 0, c.mend))
				s := a.status()
				if s.Counters[c.want] != 1 || len(s.Peers) != 1 || s.Peers[0].Verdicts[c.want] != 1 {
					t.Errorf("counters %v, peers %v", s.Counters, s.Peers)
				}
			})
		})
	}
	inLab(t, func(l *lab) {
		a := l.host(2).create("carp0", member(0))
		p := l.peer(9, "sesame", "192.0.2.50")
		b := p.frame(1, 0)
		b[14] ^= 0x02 // the IP header's length
		p.say(b)
		if s := a.status(); s.Counters["malformed"]+s.Counters["accepted"]+s.Counters["too short"] > 1 {
			t.Errorf("counters %v", s.Counters)
		}
	})
}

// vrrp makes the packet one of VRRP version 2 with our number.
func vrrp(p *frame.Packet) {
	b := []byte{0x21, 1, 100, 1, 0, 1, 0, 0, 192, 0, 2, 50, 0, 0, 0, 0, 0, 0, 0, 0}
	var sum uint32
	for i := 0; i < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	binary.BigEndian.PutUint16(b[6:], ^uint16(sum&0xffff+sum>>16))
	p.Payload = b
}

// A network that returns our own frames: counted and said, never acted on.
func TestOwnEcho(t *testing.T) {
	inLab(t, func(l *lab) {
		a := l.host(2).create("carp0", member(0))
		echo, stop := l.hub.Plug(1), l.Context().Done()
		go func() {
			var buf [2048]byte
			for {
				select {
				case <-echo.Ready():
				case <-stop:
					return
				}
				for {
					n, ok, _ := echo.Receive(buf[:])
					if !ok {
						break
					}
					_ = echo.Send(buf[:n])
				}
				echo.Rearm()
			}
		}()
		time.Sleep(10*time.Second + ms)
		a.is("MASTER", "master timed out")
		s := a.status()
		if s.Counters["own echo"] != s.Counters["sent inet"] || s.Transitions != 2 {
			t.Errorf("counters %v, %d transitions", s.Counters, s.Transitions)
		}
		if !strings.Contains(a.said.String(), "the network returns our own frames") {
			t.Errorf("it said\n%s", a.said)
		}
	})
}

// Forged frames from ever new senders fill neither memory nor the log.
func TestForgedFlood(t *testing.T) {
	inLab(t, func(l *lab) {
		a := l.host(2).create("carp0", member(0))
		time.Sleep(5 * time.Second)
		p := l.peer(9, "wrong", "192.0.2.50")
		for range 3000 {
			p.addr = p.addr.Next()
			p.say(p.frame(1, 0))
			if p.addr.As4()[3] == 0 {
				time.Sleep(ms)
			}
		}
		s := a.status()
		if got := s.Counters["bad authentication"]; got != 3000 {
			t.Errorf("%d counted, want 3000", got)
		}
		if len(s.Peers) > 32 {
			t.Errorf("%d peers remembered", len(s.Peers))
		}
		if n := strings.Count(a.said.String(), "\n"); n > 60 {
			t.Errorf("%d lines in the log", n)
		}
		a.wire().FailSends(errDisk) // what is ours to say is still said
		time.Sleep(2 * time.Second)
		if !strings.Contains(a.said.String(), "advertisement not sent") {
			t.Error("the flood has silenced the send errors")
		}
	})
}

// Adding an address on the MASTER moves nothing; peers with the list of before
// are still believed, and believe when they have followed.
func TestAddressWhileMaster(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		a.set(alias("192.0.2.51/24"))
		a.is("MASTER", "master timed out")
		if addrs, _ := a.fake.Addresses("carp0"); len(addrs) != 2 {
			t.Errorf("the kernel has %v", addrs)
		}
		if l.last("192.0.2.51 is at 00:00:5e:00:01:01").IsZero() {
			t.Error("the new address was not announced")
		}
		b.set(alias("192.0.2.51/24"))
		time.Sleep(10 * time.Second)
		a.is("MASTER", "")
		b.is("BACKUP", "")
		if n := b.status().Transitions; n != 1 {
			t.Errorf("b changed state %d times", n)
		}
		a.set(remove("192.0.2.50/32"))
		if addrs, _ := a.fake.Addresses("carp0"); len(addrs) != 1 || addrs[0].Prefix.String() != "192.0.2.51/24" {
			t.Errorf("the kernel has %v", addrs)
		}
		a.is("MASTER", "")
	})
}

// Taking the last address away is leaving the group: with a bow-out.
func TestLastAddressGoes(t *testing.T) {
	for _, parent := range []string{"", "eth0"} {
		inLab(t, func(l *lab) {
			a, b := l.pair()
			a.set(carpdev(parent))
			a.set(remove(""))
			a.is("INIT", "no address")
			a.answers(false)
			b.is("MASTER", "master will time out")
			if c := a.status().Counters; c["send errors"] != 0 {
				t.Errorf("counters %v", c)
			}
		})
	}
}

// Whoever changes a key wants the old one refused, and at once.
func TestOldKeyIsRefused(t *testing.T) {
	inLab(t, func(l *lab) {
		a := l.host(2).create("carp0", member(50))
		p := l.peer(9, "sesame", "192.0.2.50")
		old := l.peer(10, "sesame", "192.0.2.50", "192.0.2.51")
		a.set(alias("192.0.2.51/24")) // p's list is tolerated for a while
		p.say(p.frame(1, 0))
		old.say(old.frame(1, 0))
		if s := a.status(); s.Counters["accepted"] != 2 {
			t.Errorf("counters %v", s.Counters)
		}
		a.set(pass("other"))
		p.say(p.frame(1, 0))
		old.say(old.frame(1, 0))
		if s := a.status(); s.Counters["accepted"] != 2 || s.Counters["bad authentication"] != 2 {
			t.Errorf("with the old key: %v", s.Counters)
		}
		old.group = l.peer(10, "other", "192.0.2.50", "192.0.2.51").group
		old.say(old.frame(1, 0))
		if s := a.status(); s.Counters["accepted"] != 3 {
			t.Errorf("with the new key: %v", s.Counters)
		}
	})
}

func TestVHIDChange(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		a.set(vhid(200))
		b.is("MASTER", "master will time out")
		s := a.status()
		if s.LLAddr != "00:00:5e:00:01:c8" || s.State != "BACKUP" || len(s.Peers) != 0 {
			t.Errorf("status %+v", s)
		}
		if k := a.fake.String(); !strings.Contains(k, "00:00:5e:00:01:c8") || strings.Contains(k, "00:00:5e:00:01:01") {
			t.Errorf("the kernel has\n%s", k)
		}
		time.Sleep(10 * time.Second)
		a.is("MASTER", "")
		b.is("MASTER", "")
	})
}

func TestNotAllowed(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		a.host.store.set(func(v *sysctl.Values) { v.Allow = false })
		a.is("INIT", "net.inet.carp.allow is 0")
		b.is("MASTER", "master will time out")
		time.Sleep(carp.HandoverTime)
		a.answers(false)
		then := time.Now()
		time.Sleep(5 * time.Second)
		for _, what := range l.since(then) {
			if strings.HasPrefix(what, "192.0.2.2 ") {
				t.Errorf("not allowed, it said %q", what)
			}
		}
		if c := a.status().Counters; c["not allowed"] < 3 {
			t.Errorf("counters %v", c)
		}
		a.host.store.set(func(v *sysctl.Values) { v.Allow = true })
		a.is("BACKUP", "up")
	})
}

func TestLogKnob(t *testing.T) {
	inLab(t, func(l *lab) {
		h := l.host(2)
		h.store.set(func(v *sysctl.Values) { v.Log = 0 })
		a := h.create("carp0", member(0))
		p := l.peer(9, "wrong", "192.0.2.50")
		p.say(p.frame(1, 0))
		time.Sleep(5 * time.Second)
		if s := a.said.String(); s != "" {
			t.Errorf("log 0 says\n%s", s)
		}
		h.store.set(func(v *sysctl.Values) { v.Log = 2 })
		a.status()
		p.say(p.frame(1, 0, func(p *frame.Packet) { p.TTL = 1 }))
		a.status()
		if s := a.said.String(); !strings.Contains(s, "wrong TTL") {
			t.Errorf("log 2 says\n%s", s)
		}
	})
}
