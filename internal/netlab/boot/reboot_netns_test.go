//go:build netns

package boot

import (
	"os"
	"strings"
	"testing"
	"time"
)

// A host that boots has what its rc.conf says: after a loss of power as after a shutdown,
// of which the client notices nothing.
func TestReboot(t *testing.T) {
	s := installed(t)
	example, err := os.ReadFile(module + "/packaging/examples/hosta.rc.conf")
	s.must(err)
	s.write("/etc/rc.conf", string(example))
	s.write("/etc/ifconfig-carp/sysctl.conf", "net.inet.carp.preempt=1\n")
	_, err = s.onProvider(provider0 + " && ifconfig-carp sysctl net.inet.carp.preempt=1")
	s.must(err)

	s.powerOff()
	s.providerIs(master)
	s.powerOn()
	s.bootedByRC()

	w, since := s.watch(s.host), time.Now()
	_, _ = s.try("systemctl poweroff")
	<-s.ended
	s.providerIs(master)
	s.unnoticed("shutdown", w, since)
	s.powerOff()
	s.powerOn()
	s.bootedByRC()

	// What has been added is added without touching the rest.
	before := s.supervisor()
	s.write("/etc/rc.conf", string(example)+"cloned_interfaces=\"carp0 carp9\"\nifconfig_carp9=\"vhid 9 pass testpass 192.168.1.59/24\"\n")
	s.on("systemctl reload carp-rc")
	s.prints("active", "systemctl is-active carp@carp9")
	if after := s.supervisor(); after != before {
		t.Errorf("the supervisor was process %s and is %s", before, after)
	}
	s.on("systemctl stop carp-rc")
	s.prints("", "ifconfig-carp -l")
	s.prints("", "systemctl list-units --no-legend --state=active,failed 'carp@*'")

	// A mistake in the file is told, and nothing is started by halves.
	s.write("/etc/rc.conf", "cloned_interfaces=`ls`\n")
	if out, err := s.try("systemctl start carp-rc"); err == nil {
		t.Errorf("a mistake is passed over: %s", out)
	}
	if log := s.on("journalctl --no-pager -o cat -u carp-rc"); !strings.Contains(log, "/etc/rc.conf:1:19: ") {
		t.Errorf("the journal does not tell where:\n%s", log)
	}
}

// bootedByRC wants hosta to have taken back its address, as a unit that carp-rc.service
// has started.
func (s *scene) bootedByRC() {
	s.Helper()
	s.is(master)
	s.providerIs(backup)
	s.prints("active", "systemctl is-active carp-rc.service")
	s.prints("active", "systemctl is-active carp@carp0.service")
	s.prints("net.inet.carp.preempt: 1", "sysctl-carp net.inet.carp.preempt")
	s.prints("", "systemctl --failed --no-legend")
}
