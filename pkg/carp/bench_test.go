package carp_test

import (
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// The common cases, each as a function that does it once more.
var commonCases = map[string]func(t testing.TB) func(){
	"Parse": func(testing.TB) func() {
		b := (&carp.Advertisement{VHID: 1, Timing: slow}).Append(nil)
		return func() { carp.Parse(b) }
	},
	"Append": func(testing.TB) func() {
		ad, b := &carp.Advertisement{VHID: 1, Timing: slow}, make([]byte, 0, 64)
		return func() { b = ad.Append(b[:0]) }
	},
	"ParseVerify": func(t testing.TB) func() {
		auth := carp.NewAuthenticator(1, mustKey("secret"), addresses(t, "192.0.2.10", "2001:db8::10"))
		b := (&carp.Advertisement{VHID: 1, Timing: slow, Counter: 5, Digest: auth.Digest(5)}).Append(nil)
		return func() {
			if ad, _ := carp.Parse(b); auth.Verify(start, &ad) != carp.Accepted {
				panic("not accepted")
			}
		}
	},
	"Sign": func(t testing.TB) func() {
		g, b := carp.NewGroup(1, mustKey("secret"), addresses(t, "192.0.2.10"), counting(0)), make([]byte, 0, 64)
		return func() {
			ad := g.Advertisement(slow)
			b = ad.Append(b[:0])
		}
	},
	"Judge": func(t testing.TB) func() {
		j := newJudging(t)
		p, b, now := j.good(), make([]byte, 0, 64), start
		return func() {
			ad := j.peer.Advertisement(slow)
			b = ad.Append(b[:0])
			p.Payload = b
			now = now.Add(time.Second)
			if _, v := j.ours.Judge(now, &p, true, dead); v != carp.Accepted {
				panic(v)
			}
		}
	},
	"JudgeOther": func(t testing.TB) func() { // another vhid on the segment
		j := newJudging(t)
		p := j.good()
		p.Payload[1] = 8
		checksummed(p.Payload, 6)
		return func() { j.ours.Judge(start, &p, true, dead) }
	},
	"BackupHeard": func(testing.TB) func() {
		m, now := running(100), start
		return func() {
			now = now.Add(time.Second)
			m.Step(now, carp.Heard(timing(1, 0)))
		}
	},
	"MasterDeadline": func(testing.TB) func() {
		m := running(100)
		return func() {
			now, _ := m.Deadline()
			m.Step(now, evDeadline)
			m.Step(now, evSent)
		}
	},
	"MasterConflict": func(testing.TB) func() {
		m := running(0)
		return func() {
			now, _ := m.Deadline()
			m.Step(now, evDeadline)
			m.Step(now, carp.Heard(timing(1, 100)))
		}
	},
	"Takeover": func(testing.TB) func() { // and away again
		m := running(100)
		return func() {
			now, _ := m.Deadline()
			m.Step(now, evDeadline)
			m.Step(now, carp.Heard(timing(1, 0)))
		}
	},
}

// running is a BACKUP.
func running(skew int) *carp.Machine {
	m := &carp.Machine{}
	m.Step(start, carp.Configured(carp.Config{Timing: timing(1, skew), Ready: true}))
	m.Step(start, evLinkUp)
	m.Step(start, evUp)
	return m
}

// TestNoAllocation: an advertisement in or out and a step of the machine leave
// the garbage collector nothing to do.
func TestNoAllocation(t *testing.T) {
	for name, newCase := range commonCases {
		once := newCase(t)
		for range 5000 { // the memory of digests fills up
			once()
		}
		if n := testing.AllocsPerRun(1000, once); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkCommon(b *testing.B) {
	for name, newCase := range commonCases {
		b.Run(name, func(b *testing.B) {
			once := newCase(b)
			b.ReportAllocs()
			for b.Loop() {
				once()
			}
		})
	}
}
