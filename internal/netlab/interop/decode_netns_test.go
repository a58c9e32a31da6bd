//go:build netns

package interop

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Two programs that know the protocol read our advertisements, of either family, and
// find nothing wrong with them: an ordinary one, and a bow-out.
func TestDecoders(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	one, client := s.member("one", "192.168.1.3/24", "2001:db8::3/64"), s.other("client", "192.168.1.10/24")
	capture := filepath.Join(client.Dir(), "carp.pcap")
	dump := client.Command(s.Context(), "tcpdump", "-i", "eth0", "-U", "-c", "6", "-w", capture, "proto 112 or ip6 proto 112")
	s.must(dump.Start())
	s.wait("tcpdump to listen", func() (bool, string) {
		_, err := client.Run(s.Context(), "grep", "-q", " 0003 ", "/proc/net/packet")
		return err == nil, "no packet socket"
	})
	local := s.linkLocal(one, "eth0")
	s.join(one, "vhid 7 advskew 42 pass "+password, "192.168.1.50/24", "2001:db8::50/64")
	s.await(one, "carp0", master)
	s.pass(1500 * time.Millisecond)
	s.on(one, "ifconfig-carp carp0 down")
	s.must(dump.Wait())

	out := s.on(client, "tcpdump -n -vv -e -T carp -r "+capture+" 2>&1")
	for _, want := range []struct {
		text string
		n    int
	}{
		{"00:00:5e:00:01:07 > 01:00:5e:00:00:12", 3},
		{"00:00:5e:00:01:07 > 33:33:00:00:00:12", 3},
		{"192.168.1.3 > 224.0.0.18: ", 3},
		{fmt.Sprintf("%v > ff02::12: ", local), 3},
		{"CARPv2-advertise 36: vhid=7 advbase=1 advskew=42 authlen=7", 4},
		{"CARPv2-advertise 36: vhid=7 advbase=255 advskew=255 authlen=7", 2},
		{"bad", 0}, {"wrong", 0}, {"invalid", 0}, {"truncated", 0}, {"[|", 0},
	} {
		if n := strings.Count(out, want.text); n != want.n {
			s.Errorf("tcpdump prints %q %d times, want %d:\n%s", want.text, n, want.n, out)
		}
	}

	// tshark takes protocol 112 for VRRP unless it is told.
	out = s.on(client, "tshark -V -o ip.check_checksum:TRUE -d ip.proto==112,carp -r "+capture+" 2>/dev/null")
	for _, want := range []struct {
		text string
		n    int
	}{
		{"Common Address Redundancy Protocol", 6},
		{"Virtual Host ID: 7", 6},
		{"Advertisement Skew: 42", 4},
		{"Adver Int: 1\n", 4},
		{"Advertisement Skew: 255", 2},
		{"Auth Len: 7", 6},
		{"HMAC: ", 6},
		{"Malformed", 0}, {"Expert Info (Error", 0}, {"Expert Info (Warning", 0}, {"incorrect", 0},
	} {
		if n := strings.Count(out, want.text); n != want.n {
			s.Errorf("tshark prints %q %d times, want %d:\n%s", want.text, n, want.n, out)
		}
	}
	if n := strings.Count(out, "[correct]"); n < 6 {
		s.Errorf("tshark finds %d checksums correct, want those of 6 headers at least:\n%s", n, out)
	}
}
