//go:build netns

package failover

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// settings are the parent's kernel settings that matter for ARP.
func (s *stage) settings(h *netlab.Host) string {
	s.Helper()
	var values []string
	for _, scope := range []string{"eth0", "all", "default"} {
		for _, key := range []string{"arp_ignore", "arp_announce"} {
			value, err := h.Sysctl("net/ipv4/conf/" + scope + "/" + key)
			s.must(err)
			values = append(values, fmt.Sprintf("%s.%s=%s", scope, key, value))
		}
	}
	return strings.Join(values, " ")
}

// The parent's settings are put back when the last carp interface leaves it, and not
// before; those of all interfaces are never touched.
func TestParentSettings(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.must(s.provider.SetSysctl("net/ipv4/conf/eth0/arp_announce", "1"))
	before := s.settings(s.provider)
	inUse := strings.NewReplacer("eth0.arp_ignore=0", "eth0.arp_ignore=1", "eth0.arp_announce=1", "eth0.arp_announce=2").Replace(before)
	for _, destroyed := range [][]string{
		{"carp0", "carp1"}, {"carp1", "carp0"},
	} {
		s.on(s.provider, create0, provider0, create1, provider1)
		if got := s.settings(s.provider); got != inUse {
			s.Errorf("with two vhids: %s, want %s", got, inUse)
		}
		s.on(s.provider, "ifconfig-carp "+destroyed[0]+" destroy")
		if got := s.settings(s.provider); got != inUse {
			s.Errorf("with one vhid left: %s, want %s", got, inUse)
		}
		s.on(s.provider, "ifconfig-carp "+destroyed[1]+" destroy")
		if got := s.settings(s.provider); got != before {
			s.Errorf("after the last destroy: %s, want %s", got, before)
		}
		for _, name := range destroyed {
			if _, there, err := s.provider.Link(s.Context(), name); there || err != nil {
				s.Errorf("%s after the destroy: %v, %v", name, there, err)
			}
		}
		if left, err := s.provider.Processes(); err != nil || len(left) != 0 {
			s.Errorf("processes after the last destroy: %v, %v", left, err)
		}
	}
}

// With different passwords both are MASTER, and both can say why.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	const other = "otherpass"
	s := newStage(t)
	s.on(s.hosta, create0, hosta0)
	s.on(s.provider, create0, strings.ReplaceAll(provider0, password, other))
	s.await(s.hosta, "carp0", master)
	s.await(s.provider, "carp0", master)
	s.pass(2500 * time.Millisecond)
	for _, pair := range []struct{ host, peer *netlab.Host }{{s.hosta, s.provider}, {s.provider, s.hosta}} {
		got := s.status(pair.host, "carp0")
		if got.State != master {
			s.Errorf("%s is %s, want MASTER", pair.host.Name(), got.State)
		}
		const name = "bad authentication"
		s.figure("%s counts %d frames of %s", pair.host.Name(), got.Counters[name], name)
		if got.Counters[name] == 0 || got.Counters["accepted"] != 0 {
			s.Errorf("%s counts %v, want %s and none accepted", pair.host.Name(), got.Counters, name)
		}
		if len(got.Peers) != 1 || got.Peers[0].Address != s.own(pair.peer) || got.Peers[0].Verdicts[name] != got.Counters[name] {
			s.Errorf("%s names the peers %+v, want %s", pair.host.Name(), got.Peers, pair.peer.Name())
		}
		text, err := os.ReadFile(logFile(pair.host))
		s.must(err)
		if !strings.Contains(string(text), name) || !strings.Contains(string(text), s.own(pair.peer).String()) {
			s.Errorf("log of %s does not name the peer:\n%s", pair.host.Name(), text)
		}
		if strings.Contains(string(text), password) || strings.Contains(string(text), other) {
			s.Errorf("log of %s has a password in it:\n%s", pair.host.Name(), text)
		}
	}
	s.on(s.provider, "ifconfig-carp carp0 pass "+password)
	since := time.Now()
	s.await(s.provider, "carp0", backup)
	s.figure("with the right password provider is BACKUP %s later", millis(time.Since(since)))
	s.expect(s.hosta, master)
}
