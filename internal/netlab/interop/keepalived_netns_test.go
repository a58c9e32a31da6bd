//go:build netns

package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// keepalivedConfig is an instance with our number. VRRP version 2 with 5 or 7 addresses
// has a header as long as ours.
func keepalivedConfig(version, addresses int) string {
	var list strings.Builder
	for n := range addresses {
		fmt.Fprintf(&list, "    192.168.1.%d/24\n", 60+n)
	}
	return fmt.Sprintf(`global_defs {
  vrrp_version %d
}
vrrp_instance other {
  state MASTER
  interface eth0
  virtual_router_id 1
  priority 200
  advert_int 1
  virtual_ipaddress {
%s  }
}
`, version, &list)
}

// keepalived speaks VRRP with our number on our segment, and on our protocol number. Our
// election does not notice; each of our hosts counts the clash and says who it is.
func TestKeepalived(t *testing.T) {
	for _, tt := range []struct{ version, addresses int }{{2, 1}, {2, 5}, {2, 7}, {3, 1}, {3, 7}} {
		t.Run(fmt.Sprintf("version %d with %d addresses", tt.version, tt.addresses), func(t *testing.T) {
			t.Parallel()
			s, one, two, client := pair(t)
			other := s.other("other", "192.168.1.9/24")
			config := filepath.Join(other.Dir(), "keepalived.conf")
			s.must(os.WriteFile(config, []byte(keepalivedConfig(tt.version, tt.addresses)), 0o600))
			since := time.Now()
			out := s.launch(other, "keepalived", "-n", "-l", "-G", "-P", "-f", config,
				"-p", filepath.Join(other.Dir(), "pid"), "-r", filepath.Join(other.Dir(), "vrrp.pid"))
			text := func() string {
				b, _ := os.ReadFile(out)
				return string(b)
			}
			s.must(waitLong(s, "keepalived to be master", func() (bool, string) {
				return strings.Contains(text(), "Entering MASTER STATE"), text()
			}))
			for _, h := range []struct {
				name string
				got  status
			}{{"one", s.counts(one, "VRRP clash")}, {"two", s.counts(two, "VRRP clash")}} {
				named := false
				for _, p := range h.got.Peers {
					named = named || p.Address.String() == "192.168.1.9" && p.Verdicts["VRRP clash"] > 0
				}
				if !named {
					s.Errorf("%s has heard of %+v, want a VRRP clash with 192.168.1.9", h.name, h.got.Peers)
				}
			}
			s.pass(dead(100)) // a dead time in which only VRRP is new
			s.unchanged(one, since)
			s.unchanged(two, since)
			for _, counters := range []map[string]uint64{s.status(one, "carp0").Counters, s.status(two, "carp0").Counters} {
				for name, n := range counters {
					if n > 0 && (strings.HasPrefix(name, "bad ") || name == "malformed" || name == "too short") {
						s.Errorf("counts %d of %s, want VRRP clash only", n, name)
					}
				}
			}
			for _, log := range []string{s.log(one), s.log(two)} {
				if !strings.Contains(log, "VRRP clash") || !strings.Contains(log, "from=192.168.1.9") {
					s.Errorf("the log does not name 192.168.1.9 as the clash:\n%s", log)
				}
			}
			s.pings(client, "192.168.1.50")
			s.pings(client, "192.168.1.60")
			s.neverTwo(1)
		})
	}
}
