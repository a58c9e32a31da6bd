//go:build netns

package interop

import (
	"net/netip"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// The cases of NetBSD's tests/net/carp/t_basic.sh: a client, a master with advskew 0 and
// a backup with advskew 200, vhid 175. The address must answer again within five tries
// of a second each, in both families; upstream expects its IPv6 cases to fail.
func TestNetBSD(t *testing.T) {
	type family struct{ suffix, master, backup, client, virtual, word string }
	v4 := family{"", "10.1.1.1/24", "10.1.1.2/24", "10.1.1.240/24", "10.1.1.100", ""}
	v6 := family{"6", "2001:db8::1/64", "2001:db8::2/64", "2001:db8::f0/64", "2001:db8::64", "inet6 "}
	for _, f := range []family{v4, v6} {
		length := "/24"
		if f.word != "" {
			length = "/64"
		}
		for _, fault := range []struct {
			name string
			do   func(*scene, *netlab.Host)
		}{
			{"halt", func(s *scene, h *netlab.Host) { s.powerOff(h) }},
			{"ifdown", func(s *scene, h *netlab.Host) { s.on(h, "ip link set eth0 down") }},
		} {
			t.Run("carp"+f.suffix+"_handover_"+fault.name, func(t *testing.T) {
				t.Parallel()
				s := newScene(t)
				one, two := s.member("master", f.master), s.member("backup", f.backup)
				client := s.other("client", f.client)
				const line = "ifconfig-carp carp0 create && ifconfig-carp carp0 "
				s.on(one, line+f.word+"vhid 175 pass s3cret "+f.virtual+length)
				s.on(two, line+f.word+"vhid 175 advskew 200 pass s3cret "+f.virtual+length)
				s.await(one, "carp0", master)
				s.await(two, "carp0", backup)
				s.pings(client, f.virtual)

				p := s.probe(client, netip.MustParseAddr(f.virtual))
				since := time.Now()
				fault.do(s, one)
				c := s.awaitSince(two, "carp0", master, since)
				s.served(p, two)
				r := p.Stop().Since(since)
				s.figure("%s: backup is MASTER %s later (%s), the client's gap is %s", t.Name(), seconds(c.At.Sub(since)), c.Reason, seconds(r.LongestGap()))
				if gap := r.LongestGap(); gap > 5*time.Second {
					s.Errorf("no answer for %v, want one within five tries", gap)
				}
				s.expect(two, "carp0", master)
				s.neverTwo(175)
			})
		}
	}
}
