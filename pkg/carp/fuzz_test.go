package carp_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// FuzzParse: any bytes give one verdict, and what is accepted is written back
// as it was, but for the authlen that nobody looks at.
func FuzzParse(f *testing.F) {
	for _, v := range allVectors(f) {
		f.Add(v.payload)
	}
	f.Add(vrrp2(1, 1, ""))
	f.Add(vrrp2(1, 7, ""))
	f.Add(vrrp3(1, 2, 16))
	f.Fuzz(func(t *testing.T, b []byte) {
		ad, verdict := carp.Parse(b)
		switch verdict {
		case carp.Accepted, carp.BadVersion:
			if len(b) < carp.HeaderLen {
				t.Fatalf("%v with %d bytes", verdict, len(b))
			}
		case carp.TooShort, carp.BadChecksum, carp.VRRPClash:
			if ad != (carp.Advertisement{}) {
				t.Fatalf("%v and yet %+v", verdict, ad)
			}
		default:
			t.Fatalf("verdict %v", verdict)
		}
		if verdict == carp.Accepted && b[3] == 7 {
			// 0 and 0xffff are the same checksum.
			got, want := ad.Append(nil), append([]byte(nil), b[:carp.HeaderLen]...)
			copy(got[6:8], want[6:8])
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("(-read +written):\n%s", diff)
			}
		}
	})
}

// FuzzJudge: no packet is believed that a holder of the key did not make, and
// none makes the next of ours unacceptable to a peer.
func FuzzJudge(f *testing.F) {
	key, list := mustKey("secret"), addresses(f, "192.0.2.10", "192.0.2.11", "fe80::1")
	signer := carp.NewAuthenticator(1, key, list)
	good := carp.Advertisement{VHID: 1, Timing: slow, Counter: 77, Digest: signer.Digest(77)}
	f.Add(good.Append(nil), byte(255), byte(1), true)
	f.Add(vrrp2(1, 7, ""), byte(255), byte(1), true)
	for _, v := range allVectors(f) {
		f.Add(v.payload, byte(255), byte(1), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, ttl, flags byte, running bool) {
		ours := carp.NewGroup(1, key, list, counting(0))
		p := carp.Packet{From: peerAddr, TTL: ttl, Payload: b, ToGroup: flags&1 != 0, FromPeer: flags&2 != 0, Own: flags&4 != 0}
		ad, verdict := ours.Judge(start, &p, running, dead)
		if verdict >= carp.NumVerdicts {
			t.Fatalf("verdict %v", verdict)
		}
		if verdict.Believed() {
			global := carp.NewAuthenticator(1, key, addresses(t, "192.0.2.10", "192.0.2.11"))
			if ad.Digest != signer.Digest(ad.Counter) && ad.Digest != global.Digest(ad.Counter) {
				t.Fatal("believed without a digest of the group")
			}
			if !running || len(b) < carp.HeaderLen || b[0] != 0x21 || (ttl != 255 && !p.FromPeer) || flags&3 == 0 {
				t.Fatalf("believed: %+v, running %t", p, running)
			}
		}
		peer := carp.NewGroup(1, key, list, counting(0))
		next := ours.Advertisement(slow)
		p = carp.Packet{From: ourAddr, TTL: 255, ToGroup: true, Payload: next.Append(nil)}
		if _, v := peer.Judge(start, &p, true, dead); v != carp.Accepted {
			t.Fatalf("the peer says %v to our next", v)
		}
	})
}

// FuzzMachine: no sequence of events, in however strange an order and at
// however strange times, makes a machine panic, act out of its state, hang on
// a deadline or lose count of what its kernel holds.
func FuzzMachine(f *testing.F) {
	f.Add([]byte("\x05\x01\x03\x00\x00\x00\x0c\x00\x00\x00\x00"))
	f.Add([]byte{5, 100, 0, 3, 0, 0, 1, 0, 0, 0, 200, 0, 7, 50, 9, 2, 0, 0})
	f.Add([]byte{5, 0, 1, 3, 0, 0, 1, 0, 0, 0, 255, 3, 9, 0, 0, 9, 0, 0, 9, 0, 0, 7, 0, 0, 0, 255, 255})
	f.Fuzz(func(t *testing.T, script []byte) {
		m := &carp.Machine{}
		c := carp.Config{NotReady: "no address"}
		now, held := start, false
		for ; len(script) >= 3; script = script[3:] {
			kind, a, b := carp.EventKind(script[0]%12), script[1], script[2]
			ev := carp.Event{Kind: kind}
			switch kind {
			case carp.EventDeadline: // and time passes: up to 6.5 s
				now = now.Add(time.Duration(binary.BigEndian.Uint16(script[1:])) * 100 * time.Microsecond)
				if d, ok := m.Deadline(); ok && b&1 == 0 && d.After(now) {
					now = d
				}
			case carp.EventConfigured:
				c.Timing = timing(int(b>>4)*int(b>>4), int(a)%255)
				c.Ready, c.Preempt = b&1 == 0, b&2 == 0
				c.Generation += uint64(b>>2) & 1
				ev = carp.Configured(c)
			case carp.EventDemoted:
				ev = carp.Demoted((int(a)<<8 | int(b)) - 1<<15)
			case carp.EventHeard:
				ev = carp.Heard(timing(int(b), int(a)))
			case carp.EventForce:
				ev = carp.Force(carp.State(a % 4))
			}
			held = checkFuzzed(t, m, now, ev, held)
		}
		// Whatever it was, down ends it: nothing is held, nothing is due.
		for range 4 {
			held = checkFuzzed(t, m, now, evDown, held)
			if d, ok := m.Deadline(); ok && d.After(now) {
				now = d
			}
			held = checkFuzzed(t, m, now, evDeadline, held)
		}
		if _, ok := m.Deadline(); ok || held || m.State() != carp.Init {
			t.Fatalf("after down: %v, held %t, a deadline %t", m.State(), held, ok)
		}
	})
}

// checkFuzzed steps m and tells whether the kernel holds the addresses now.
func checkFuzzed(t *testing.T, m *carp.Machine, now time.Time, ev carp.Event, held bool) bool {
	state := m.State()
	for _, a := range m.Step(now, ev) {
		ad := carp.Advertisement{Timing: a.Timing}
		switch a.Kind {
		case carp.ActionTransition:
			if a.From != state || a.To == state || a.Reason == "" {
				t.Fatalf("%v: %v in %v", ev, a, state)
			}
			state = a.To
		case carp.ActionClaim:
			held = true
		case carp.ActionRelease:
			if !held {
				t.Fatalf("%v: %v of nothing", ev, a)
			}
			held = false
		}
		must := a.Kind == carp.ActionClaim || a.Kind == carp.ActionAnnounce || a.Kind == carp.ActionAdvertise && !ad.BowOut()
		if must && state != carp.Master {
			t.Fatalf("%v: %v in %v", ev, a, state)
		}
	}
	if ev.Kind == carp.EventInherited && state != carp.Master {
		held = true
	}
	switch d, ok := m.Deadline(); {
	case m.State() != state:
		t.Fatalf("%v: %v without a transition to it", ev, m.State())
	case held != m.Answering() || state == carp.Master && !held:
		t.Fatalf("%v: held %t, the machine says %t, in %v", ev, held, m.Answering(), state)
	case state != carp.Init && !ok:
		t.Fatalf("%v: %v and nothing is due", ev, state)
	case ev.Kind == carp.EventDeadline && ok && !d.After(now):
		t.Fatalf("the deadline %v is still there", d)
	}
	return held
}
