package migrate

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
)

// No note has the password, whatever is wrong with its line.
func TestNoNoteHasThePassword(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Without / : and %: what looks like an address behind a password is shown, since
		// it mostly is one.
		key := rapid.StringMatching(`[A-Z][A-Za-z0-9,^_+=@-]{5,30}Z`).Draw(t, "key")
		line := rapid.SampledFrom([]string{
			"inet 10.0.0.1 255.255.255.0 NONE vhid 1 pass KEY advskew 100",
			"vhid 1 pass KEY", "vhdi 1 pass KEY", "vhid 1 password KEY", "vhid 1 pass=KEY", "inet 10.0.0.1 KEY pass KEY",
			"pass 'KEY", "pass KEY$KEY", "pass KEY\\", "KEY", "inet KEY", "carpdev pass KEY", "pass x KEY", "balancing pass KEY", "name pass KEY",
			"carpnodes KEY", "description 'KEY' pass KEY vhid 300", "!pass KEY", "pass \"KEY KEY\" vhid 0",
		}).Draw(t, "line")
		file := rapid.SampledFrom([]string{"hostname.carp0", "ifconfig.carp0", "rc.conf"}).Draw(t, "file")
		// Where the key stands alone nothing marks it as one.
		if !strings.Contains(line, "pass") {
			return
		}
		text := strings.ReplaceAll(line, "KEY", key) + "\n"
		if file == "rc.conf" {
			text = `ifconfig_carp0="` + strings.TrimSuffix(text, "\n") + "\"\n"
		}
		for _, n := range Convert(rcconf.Source{Name: file, Data: []byte(text)}).Notes {
			for _, part := range []string{key, key[4:]} {
				if said := n.Error() + strings.Join(n.Hints, "\n"); strings.Contains(said, part) {
					t.Fatalf("%s: %q is in %q", text, part, said)
				}
			}
		}
	})
}
