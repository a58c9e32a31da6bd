package carp_test

import (
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// scenario is what a FreeBSD kernel's own election did in virtual time.
type scenario struct {
	Name     string `json:"name"`
	Source   string `json:"source"`
	VHID     int    `json:"vhid"`
	AdvBase  int    `json:"advbase"`
	AdvSkew  int    `json:"advskew"`
	Password string `json:"password"`
	Events   []traceEvent
}

type traceEvent struct {
	T     float64 `json:"t"`
	State string  `json:"state"`
	Event string  `json:"event"`
	Text  string  `json:"text"`
}

func (e traceEvent) when() time.Duration {
	return time.Duration(math.Round(e.T*1e6)) * time.Microsecond
}

// difference is a way in which we deliberately do not do as the trace does.
type difference struct {
	why string
	// ignore are the commands that the recorded kernel does not know.
	ignore string
	// noBowOut: we bow out where it leaves without a word.
	noBowOut bool
	// keyLost: the command replaces the password by an empty one.
	keyLost bool
	// statesOnly: the frames differ; the states do not.
	statesOnly bool
	// skip: not comparable at all.
	skip bool
}

// differences are all of them, by file and scenario. Besides these, in every
// scenario: we announce again after two advertisements, and once a lease after
// the promotion; FreeBSD does not.
var differences = map[string]difference{
	"9.1 demotion":  {why: "9.1 has no net.inet.carp.demotion", ignore: "sysctl demotion"},
	"9.1 suppress":  {why: "9.1 sends 240 with the next advertisement, we at once, and our interval follows", statesOnly: true},
	"9.1 allow":     {why: "allow=0 leaves a 9.1 MASTER what it is; ours goes to INIT as since FreeBSD 10", skip: true},
	"13.0 allow":    {why: "we bow out before INIT", noBowOut: true},
	"13.0 suppress": {why: "13 has no carp_suppress_preempt", ignore: "carp_suppress_preempt"},
	"13.0 carp-down-up": {why: "13 has no down for a vhid, the command fails",
		ignore: "ifconfig carp0"},
	"13.0 boot-skew254": {why: "13 sends a configured 254 as 240, we as it is", statesOnly: true},
	"9.1 state-by-hand": {why: "`state backup` hands over with a bow-out, and the recorded ioctl set an empty password besides",
		noBowOut: true, keyLost: true},
	"13.0 state-by-hand": {why: "`state backup` hands over with a bow-out", noBowOut: true},
	"9.1 bad-packets":    {why: "has a test of its own", skip: true},
	"13.0 bad-packets":   {why: "has a test of its own", skip: true},
}

// kernelTick is how late the kernels' timers are: ticks of 1 ms, rounded up,
// and one more.
const kernelTick = 2 * time.Millisecond

func traces(t *testing.T) map[string][]scenario {
	all := map[string][]scenario{}
	for version, file := range map[string]string{"9.1": "election-freebsd91.json", "13.0": "election-freebsd13.json"} {
		var f struct{ Scenarios []scenario }
		readJSON(t, file, &f)
		if len(f.Scenarios) != 20 && len(f.Scenarios) != 21 {
			t.Fatalf("%s: %d scenarios", file, len(f.Scenarios))
		}
		all[version] = f.Scenarios
	}
	return all
}

// TestTraces replays the recorded elections. The machine is given the
// recorded time for every timer, which must be the one it asked for but for
// the kernel's tick; every advertisement must then be the recorded one, byte
// for byte, counter and digest included, and so must every announcement.
func TestTraces(t *testing.T) {
	seen := map[string]bool{}
	again := 0
	for version, scenarios := range traces(t) {
		for _, s := range scenarios {
			name := version + " " + s.Name
			seen[name] = true
			d := differences[name]
			if d.skip {
				continue // nothing in it is comparable; d.why says why
			}
			t.Run(name, func(t *testing.T) {
				r := newReplay(t, s, d)
				r.run()
				again += r.again
			})
		}
	}
	for name := range differences {
		if !seen[name] {
			t.Errorf("a difference is listed for %s, which does not exist", name)
		}
	}
	if again == 0 {
		t.Error("no second announcement anywhere")
	}
}

// replay is a machine with its group and a recorded peer.
type replay struct {
	*testing.T
	draw  func() uint64
	s     scenario
	d     difference
	m     carp.Machine
	conf  carp.Config
	group *carp.Group
	peer  *carp.Authenticator
	got   []string
	again int
}

func newReplay(t *testing.T, s scenario, d difference) *replay {
	words := []string{"192.0.2.10"}
	switch s.Name {
	case "boot-dual":
		words = []string{"192.0.2.10", "192.0.2.11", "2001:db8::10", "fe80::10"}
	case "boot-v6", "v6":
		words = []string{"2001:db8::10"}
	}
	// The recording's random numbers: the multiples of 0x11111111.
	word := uint32(0)
	draw := func() uint64 {
		high := uint64(word + 0x11111111)
		word += 0x22222222
		return high<<32 | uint64(word)
	}
	list := addresses(t, words...)
	vhid, key := carp.VHID(s.VHID), mustKey(s.Password)
	return &replay{T: t, s: s, d: d,
		conf: carp.Config{Timing: timing(s.AdvBase, s.AdvSkew), Preempt: strings.HasSuffix(s.Name, "-preempt"), Ready: true},
		// FreeBSD would not notice, but we would: the peer's counters are its own.
		group: carp.NewGroup(vhid, key, list, draw),
		draw:  draw,
		peer:  carp.NewAuthenticator(vhid, key, list),
	}
}

func (r *replay) run() {
	r.step(0, carp.Configured(r.conf))
	r.step(0, evLinkUp)
	r.step(0, evUp)
	for events := r.s.Events; len(events) > 0; {
		n := 1
		for n < len(events) && events[n].T == events[0].T {
			n++
		}
		r.instant(events[:n])
		events = events[n:]
	}
}

// instant replays what happened at one time.
func (r *replay) instant(events []traceEvent) {
	now := events[0].when()
	r.got = r.got[:0]
	// Handing over takes 20 ms that the kernels do not have.
	for {
		d, ok := r.m.Deadline()
		if !ok || !d.Before(at(now-kernelTick)) {
			break
		}
		if r.step(d.Sub(start), evDeadline); len(r.got) > 0 && !r.d.statesOnly {
			r.Fatalf("at %v unasked: %v", d.Sub(start), r.got)
		}
	}
	var want []string
	for _, e := range events {
		text, frame, _ := strings.Cut(e.Text, " frame=")
		fields := strings.Fields(text)
		switch e.Event {
		case "callout_fire":
			if d, ok := r.m.Deadline(); ok && !d.After(at(now)) {
				r.step(now, evDeadline)
			}
		case "callout_stop":
			if r.s.Name == "allow" { // the knob's own line is not in the trace
				r.conf.Ready, r.conf.NotReady = false, "not allowed"
				r.step(now, carp.Configured(r.conf))
			}
		case "do":
			r.command(now, text)
		case "rx":
			r.receive(now, text)
		case "tx":
			want = append(want, "tx "+fields[0]+" "+frame[len(frame)-2*carp.HeaderLen:])
		case "garp":
			want = append(want, "garp "+fields[1])
		case "na":
			want = append(want, "na "+strings.TrimPrefix(fields[2], "target="))
		}
	}
	last := events[len(events)-1].State
	if r.s.Name == "allow" && now == 8*time.Second {
		r.conf.Ready = true
		r.step(now, carp.Configured(r.conf))
		last = "BACKUP"
	}
	if got := r.m.State().String(); got != last {
		r.Errorf("at %v: %s, recorded %s", now, got, last)
	}
	if diff := cmp.Diff(want, append([]string(nil), r.got...)); diff != "" && !r.d.statesOnly {
		r.Errorf("at %v (-recorded +ours):\n%s", now, diff)
	}
}

func (r *replay) command(now time.Duration, text string) {
	var n int
	switch {
	case r.d.ignore != "" && strings.HasPrefix(text, r.d.ignore):
	case text == "parent interface down":
		r.step(now, evLinkDown)
	case text == "parent interface up":
		r.step(now, evLinkUp)
	case strings.HasPrefix(text, "ifconfig carp0 down"):
		r.step(now, evDown)
	case text == "ifconfig carp0 up":
		r.step(now, evUp)
	case text == "ifconfig vhid 1 state backup":
		r.step(now, carp.Force(carp.Backup))
		if r.d.keyLost {
			r.group = carp.NewGroup(r.group.VHID(), carp.Key{}, r.group.List(), r.draw)
		}
	case text == "ifconfig vhid 1 state master":
		r.step(now, carp.Force(carp.Master))
	case text == "carp_suppress_preempt=1":
		r.step(now, carp.Demoted(240))
	case scan(text, "sysctl demotion=%d", &n):
		if n < 0 { // a write adds; 50 stood there
			n += 50
		}
		r.step(now, carp.Demoted(n))
	default:
		r.Fatalf("unknown command %q", text)
	}
}

func scan(text, format string, into ...any) bool {
	n, err := fmt.Sscanf(text, format, into...)
	return err == nil && n == len(into)
}

// receive is an advertisement of the peer, the whole way through the group.
func (r *replay) receive(now time.Duration, text string) {
	var family, base, skew int
	ad := carp.Advertisement{VHID: carp.VHID(r.s.VHID)}
	if !scan(text, "ipv%d advbase=%d advskew=%d counter=%d", &family, &base, &skew, &ad.Counter) {
		r.Fatalf("unknown rx %q", text)
	}
	ad.Timing, ad.Digest = timing(base, skew), r.peer.Digest(ad.Counter)
	p := carp.Packet{From: netip.MustParseAddr("192.0.2.3"), TTL: 255, ToGroup: true, Payload: ad.Append(nil)}
	if family == 6 {
		p.From = netip.MustParseAddr("fe80::3")
	}
	_, verdict := r.group.Judge(at(now), &p, r.m.State() != carp.Init, r.conf.Timing.DeadTime())
	if want := r.m.State() != carp.Init; verdict.Believed() != want {
		r.Errorf("at %v: %s: %v", now, text, verdict)
	}
	if verdict.Believed() {
		r.step(now, carp.Heard(ad.Timing))
	}
}

// step feeds the machine and writes down what goes out.
func (r *replay) step(now time.Duration, ev carp.Event) {
	claimed := false
	for _, a := range r.m.Step(at(now), ev) {
		switch a.Kind {
		case carp.ActionClaim:
			claimed = true
		case carp.ActionAdvertise:
			if r.d.noBowOut && a.Timing == timing(255, 255) {
				continue
			}
			for _, f := range []struct {
				has  bool
				name string
			}{{r.group.List().Has4(), "ipv4 "}, {r.group.List().Has6(), "ipv6 "}} {
				if f.has {
					ad := r.group.Advertisement(a.Timing)
					r.got = append(r.got, "tx "+f.name+hex.EncodeToString(ad.Append(nil)))
				}
			}
		case carp.ActionAnnounce:
			if !claimed {
				r.again++
				continue
			}
			for _, addr := range r.group.List().All() {
				kind := map[bool]string{true: "garp ", false: "na "}[addr.Is4()]
				r.got = append(r.got, kind+addr.String())
			}
		}
	}
}

// TestTraceBadPackets: what the kernels' input checks said to a series of
// packets, and what we say.
func TestTraceBadPackets(t *testing.T) {
	spoilt := func(change func(p *carp.Packet)) func(p *carp.Packet) {
		return func(p *carp.Packet) { change(p); checksummed(p.Payload, 6) }
	}
	table := []struct {
		rx      string
		bsd     bool // accepted by FreeBSD
		verdict carp.Verdict
		spoil   func(p *carp.Packet)
	}{
		{"ttl 254", false, carp.WrongTTL, func(p *carp.Packet) { p.TTL = 254 }},
		{"bad checksum", false, carp.BadChecksum, func(p *carp.Packet) { p.Payload[6] ^= 1 }},
		{"unknown vhid 2", false, carp.BadVHID, spoilt(func(p *carp.Packet) { p.Payload[1] = 2 })},
		{"version 3", false, carp.BadVersion, spoilt(func(p *carp.Packet) { p.Payload[0] = 0x31 })},
		// Deliberate: no sender makes another type.
		{"type 2 (not checked)", true, carp.BadVersion, spoilt(func(p *carp.Packet) { p.Payload[0] = 0x22 })},
		{"authlen 9 (not checked)", true, carp.Accepted, spoilt(func(p *carp.Packet) { p.Payload[3] = 9 })},
		{"pad1=9 (not checked)", true, carp.Accepted, spoilt(func(p *carp.Packet) { p.Payload[4] = 9 })},
		{"bad hmac", false, carp.BadAuthentication, spoilt(func(p *carp.Packet) { p.Payload[20] ^= 1 })},
		{"short (40 bytes)", false, carp.TooShort, func(p *carp.Packet) { p.Payload = p.Payload[:20] }},
		{"4 trailing bytes (accepted)", true, carp.Accepted, func(p *carp.Packet) { p.Payload = append(p.Payload, 0, 0, 0, 0) }},
		{"v6 hlim 64", false, carp.WrongTTL, func(p *carp.Packet) { p.From, p.TTL = netip.MustParseAddr("fe80::3"), 64 }},
		// Deliberate: one election, fed by both families (13 refuses it, 9.1 takes it).
		{"good v6 for a v4-only vhid", true, carp.Accepted, func(p *carp.Packet) { p.From = netip.MustParseAddr("fe80::3") }},
		// Deliberate: only a configured peer may send by unicast.
		{"good v4, unicast destination (not checked)", true, carp.BadInterface, func(p *carp.Packet) { p.ToGroup = false }},
		{"good v4 from our own source address", true, carp.Accepted, func(p *carp.Packet) { p.Own, p.From = true, ourAddr }},
	}
	for version, scenarios := range traces(t) {
		for _, s := range scenarios {
			if s.Name != "bad-packets" {
				continue
			}
			key, list := mustKey(s.Password), addresses(t, "192.0.2.10")
			ours, peer := carp.NewGroup(1, key, list, counting(0)), carp.NewGroup(1, key, list, counting(100))
			next := 0
			for i, e := range s.Events {
				if e.Event != "rx" {
					continue
				}
				row := table[next]
				if row.rx != e.Text {
					t.Fatalf("%s: recorded %q where the table has %q", version, e.Text, row.rx)
				}
				next++
				// The kernel restarts its timer for what it accepts.
				accepted := i+1 < len(s.Events) && s.Events[i+1].Event == "callout_reset"
				if accepted != row.bsd && (version != "13.0" || !strings.Contains(e.Text, "good v6")) {
					t.Errorf("%s: %s: recorded as accepted: %t", version, e.Text, accepted)
				}
				ad := peer.Advertisement(timing(1, 0))
				p := carp.Packet{From: peerAddr, TTL: 255, ToGroup: true, Payload: ad.Append(nil)}
				row.spoil(&p)
				if _, got := ours.Judge(at(e.when()), &p, true, dead); got != row.verdict {
					t.Errorf("%s: %s: %v, want %v", version, e.Text, got, row.verdict)
				}
			}
			if next != len(table) {
				t.Errorf("%s: %d packets, the table has %d", version, next, len(table))
			}
		}
	}
}
