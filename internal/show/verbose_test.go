package show

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

// now is what the ages below are reckoned from.
var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

// busy is a host with something to say in every line that -v has.
func busy() control.Status {
	s := reference()
	s.Demotion, s.AdvertisedSkew = 242, 240
	s.Reason, s.Since = "preempting a slower master", ago(90*time.Second)
	s.Backing = control.MACVLAN
	s.Addresses = prefixes("192.168.1.50/24", "2001:db8::50/64")
	s.Description = "upstairs"
	s.Groups = []string{"uplink", "web"}
	s.Peer = netip.MustParseAddr("192.168.1.3")
	s.Demotions = []control.DemotionStatus{
		{Name: "sysctl", Owner: "administrator", Value: 5},
		{Name: "link down", Owner: "carp1", Value: 240, Since: ago(1234 * time.Millisecond)},
		{Name: "send errors", Owner: "carp10", Value: -3, Since: ago(26 * time.Hour)},
	}
	s.Families = []control.FamilyStatus{
		{Family: "inet", Health: "ok", Sent: 91, Heard: 7, LastHeard: ago(350 * time.Millisecond)},
		{Family: "inet6", Health: "send errors", Sent: 1, Failed: 90},
	}
	s.Peers = []control.PeerStatus{
		{Address: netip.MustParseAddr("192.168.1.3"), Last: ago(59900 * time.Millisecond), AdvBase: 1, AdvSkew: 100,
			Verdicts: map[string]uint64{"wrong TTL": 2, "accepted": 7}},
		{Address: netip.MustParseAddr("fe80::3%eth0"), Last: ago(time.Hour), AdvBase: 255, AdvSkew: 254,
			Verdicts: map[string]uint64{"bad authentication": 1}},
		{Address: netip.MustParseAddr("192.168.1.4"), AdvBase: 1},
	}
	return s
}

// -v: one line for each thing, below the carp line and above the groups.
func TestVerbose(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(*control.Status)
	}{
		{"busy", func(*control.Status) {}},
		{"tun", func(s *control.Status) {
			*s = reference()
			s.Reason, s.Since, s.Backing, s.LLAddr = "master timed out", now, control.TUN, "02:00:00:00:00:01"
			s.Families = []control.FamilyStatus{{Family: "inet", Health: "ok", Sent: 1}}
		}},
		// Nothing but a name: no parent, no vhid, no reason.
		{"created", func(s *control.Status) {
			*s = control.Status{Name: "carp0", State: "INIT", AdvBase: 1, MTU: 1500, Backing: control.MACVLAN}
		}},
		// What the record alone tells.
		{"unknown", func(s *control.Status) {
			*s = reference()
			s.State, s.Error, s.Backing = control.StateUnknown, "no answer", control.MACVLAN
		}},
		// A clock that was set back makes nothing older than now.
		{"clock", func(s *control.Status) {
			s.Since, s.Peers[0].Last, s.Families[0].LastHeard = ago(-time.Hour), ago(-time.Second), ago(-time.Minute)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := busy()
			tt.edit(&s)
			var b, plain bytes.Buffer
			FreeBSD9(&b, s, Device{}, Options{Verbose: true, Now: now})
			golden(t, "verbose-"+tt.name+".golden", b.Bytes())

			// It adds lines and changes none.
			FreeBSD9(&plain, s, Device{}, Options{Now: now})
			rest := b.Bytes()
			for line := range bytes.Lines(plain.Bytes()) {
				at := bytes.Index(rest, line)
				if at < 0 {
					t.Fatalf("without -v there is the line %q, with it there is not, or in another place", line)
				}
				rest = rest[at+len(line):]
			}
		})
	}
}

// Ages in tenths of a second for a minute, and in whole seconds from then on.
func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "(0s)", 40 * time.Millisecond: "(0s)", 60 * time.Millisecond: "(100ms)",
		1949 * time.Millisecond: "(1.9s)", 59949 * time.Millisecond: "(59.9s)",
		time.Minute: "(1m0s)", 61600 * time.Millisecond: "(1m2s)", 49 * time.Hour: "(49h0m0s)", -time.Hour: "(0s)",
	} {
		if got := age(ago(d), now, "(", ")"); got != want {
			t.Errorf("%v ago: %q, want %q", d, got, want)
		}
	}
	if got := age(time.Time{}, now, "(", ")"); got != "" {
		t.Errorf("never: %q, want nothing", got)
	}
}
