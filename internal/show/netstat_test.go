package show

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// every counts n in each counter that there is.
func every(n uint64) map[string]uint64 {
	counts := map[string]uint64{}
	for _, c := range counters {
		for _, name := range c.Names {
			counts[name] = n
		}
	}
	return counts
}

// host is a machine with two interfaces, one of which does not answer, and the sums
// of one that is gone.
func host() Statistics {
	one := reference()
	one.Counters = map[string]uint64{
		control.ReceivedInet: 12, control.ReceivedInet6: 1, control.SentInet: 1, control.SendErrors: 3, control.NoMemory: 1,
		"accepted": 7, "bad authentication": 1, "bad address list": 2, "too short": 1, "VRRP clash": 1, "own echo": 1,
	}
	one.Peers = []control.PeerStatus{
		{Address: netip.MustParseAddr("192.168.1.3"), Verdicts: map[string]uint64{"accepted": 7, "bad address list": 2}},
		{Address: netip.MustParseAddr("fe80::4%eth0"), Verdicts: map[string]uint64{"bad authentication": 1}},
	}
	silent := control.Status{Name: "carp1", VHID: 2, Error: "the supervisor does not answer"}
	fresh := control.Status{Name: "carp2", Counters: every(0)}
	return Statistics{Interfaces: []control.Status{one, silent, fresh},
		Ended: map[string]uint64{control.ReceivedInet: 100, "accepted": 100, control.SentInet6: 1}}
}

func TestNetstat(t *testing.T) {
	for _, tt := range []struct {
		name  string
		stats Statistics
	}{
		{"nothing", Statistics{}},
		{"one", Statistics{Ended: every(1)}},
		{"two", Statistics{Ended: every(2), Verbose: true}},
		{"host", host()},
		{"host-nonzero", Statistics{Interfaces: host().Interfaces, Ended: host().Ended, NonZero: true}},
		{"host-verbose", Statistics{Interfaces: host().Interfaces, Ended: host().Ended, Verbose: true}},
		{"host-verbose-nonzero", Statistics{Interfaces: host().Interfaces, Verbose: true, NonZero: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var text, pretty, compact bytes.Buffer
			tt.stats.Text(&text)
			golden(t, "netstat-"+tt.name+".golden", text.Bytes())
			if err := tt.stats.JSON(&pretty, true); err != nil {
				t.Fatal(err)
			}
			golden(t, "netstat-"+tt.name+".json.golden", pretty.Bytes())
			if err := tt.stats.JSON(&compact, false); err != nil {
				t.Fatal(err)
			}
			var indented bytes.Buffer
			if err := json.Indent(&indented, compact.Bytes(), "", "  "); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(pretty.String(), indented.String()); diff != "" {
				t.Errorf("the two forms of JSON differ: %s", diff)
			}
			if strings.Count(compact.String(), "\n") != 1 {
				t.Errorf("not one line: %q", compact.String())
			}
		})
	}
}

// FreeBSD's plural(): an s behind all but 1.
func TestPlurals(t *testing.T) {
	for _, c := range counters {
		for n, s := range map[uint64]string{0: "s", 1: "", 2: "s", 1 << 40: "s"} {
			if got, want := c.plural(n), strings.Replace(c.Text, "%s", s, 1); got != want {
				t.Errorf("%s, %d: %q, want %q", c.Key, n, got, want)
			}
		}
		if strings.Count(c.Text, "%") > 1 {
			t.Errorf("%s: %q", c.Key, c.Text)
		}
	}
}

// What becomes of a frame is told by one line at most, and what is not believed by
// exactly one.
func TestEveryVerdictHasItsLine(t *testing.T) {
	lines := map[string]int{}
	keys := map[string]bool{}
	fields := map[int]bool{none: true}
	for _, c := range counters {
		if keys[c.Key] || fields[c.field] && c.field != none {
			t.Errorf("%s: its name or its place is another's too", c.Key)
		}
		keys[c.Key], fields[c.field] = true, true
		for _, name := range c.Names {
			lines[name]++
		}
	}
	for v := range carp.NumVerdicts {
		want := 1
		if v == carp.Accepted {
			want = 0
		}
		if lines[v.String()] != want {
			t.Errorf("%v is in %d lines, want %d", v, lines[v.String()], want)
		}
	}
}

// Without -v the lines, the names and their order are FreeBSD's.
func TestFreeBSDsKeys(t *testing.T) {
	var keys []string
	for _, c := range table(false) {
		keys = append(keys, c.Key)
	}
	want := []string{"received-inet-packets", "received-inet6-packets", "dropped-wrong-ttl", "dropped-short-header",
		"dropped-bad-checksum", "dropped-bad-version", "dropped-short-packet", "dropped-bad-authentication",
		"dropped-bad-vhid", "dropped-bad-address-list", "sent-inet-packets", "sent-inet6-packets", "send-failed-memory-error"}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Error(diff)
	}
}

// struct carpstats, number by number.
func TestCarpstats(t *testing.T) {
	want := []uint64{1, 2, 3, 4, 5, 6, 7, 18, 9, 10, 11, 12, 13, 14, 0, 0}
	b := Carpstats(map[string]uint64{
		control.ReceivedInet: 1, control.ReceivedInet6: 2, "bad interface": 3, "wrong TTL": 4, "malformed": 5, "bad checksum": 6,
		"bad version": 7, "too short": 8, "VRRP clash": 10, "bad authentication": 9, "bad vhid": 10, "bad address list": 11,
		control.SentInet: 12, control.SentInet6: 13, control.NoMemory: 14, control.SendErrors: 99, "own echo": 99,
	})
	var got []uint64
	for chunk := range slices.Chunk(b, 8) {
		got = append(got, binary.NativeEndian.Uint64(chunk))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// However the counts are spread over interfaces and what has ended, the machine's are
// their sum, in the text and in JSON.
func TestSums(t *testing.T) {
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range every(0) {
			if !yield(name) {
				return
			}
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.MapOf(rapid.SampledFrom(names), rapid.Uint64Range(0, 1<<40))
		s := Statistics{Ended: counts.Draw(t, "ended"), NonZero: rapid.Bool().Draw(t, "nonzero"), Verbose: rapid.Bool().Draw(t, "verbose")}
		for range rapid.IntRange(0, 3).Draw(t, "interfaces") {
			s.Interfaces = append(s.Interfaces, control.Status{Name: "carp0", Counters: counts.Draw(t, "counters")})
		}
		var b bytes.Buffer
		if err := s.JSON(&b, false); err != nil {
			t.Fatal(err)
		}
		var parsed struct{ Statistics struct{ Carp map[string]any } }
		d := json.NewDecoder(&b)
		d.UseNumber()
		if err := d.Decode(&parsed); err != nil {
			t.Fatal(err)
		}
		for _, c := range table(s.Verbose) {
			want := c.of(s.Ended)
			for _, i := range s.Interfaces {
				want += c.of(i.Counters)
			}
			got, shown := parsed.Statistics.Carp[c.Key]
			if shown != (want > 0 || !s.NonZero) {
				t.Fatalf("%s is %d; shown: %v", c.Key, want, shown)
			}
			if number, _ := got.(json.Number); shown && number.String() != json.Number(jsonText(t, want)).String() {
				t.Fatalf("%s: %v, want %d", c.Key, got, want)
			}
		}
	})
}

func jsonText(t *rapid.T, v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
