//go:build netns

package boot

import (
	"os"
	"os/exec"
	"testing"
)

// install runs scripts/install for a machine, from this one: the machine's disk is named
// by DESTDIR.
func (m *machine) install(args ...string) {
	m.Helper()
	cmd := exec.Command("./scripts/install", args...)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "DESTDIR="+m.path(""), "PREFIX=/usr/local")
	if out, err := cmd.CombinedOutput(); err != nil {
		m.Fatalf("scripts/install %v: %v\n%s", args, err, out)
	}
}

// Without a package the units are as good, and all of it can be taken away again.
func TestInstall(t *testing.T) {
	s := newScene(t)
	const files = `find / -xdev \( -path '*ifconfig-carp*' -o -name 'carp[@-]*' -o -name carp.4.gz -o -name sysctl-carp \) -not -path '/tmp/*' | sort`
	s.prints("", files)
	s.install("--binary", program)
	s.on("systemctl daemon-reload")
	s.on(member0)
	s.prints("/usr/local/sbin/ifconfig-carp", "readlink /proc/$(systemctl show --value -p MainPID carp@carp0)/exe")
	s.prints("/usr/local/lib/systemd/system/carp-rc.service", "systemctl show --value -p FragmentPath carp-rc.service")
	s.on("ifconfig-carp carp0 destroy")

	s.write("/etc/ifconfig-carp/sysctl.conf", "net.inet.carp.preempt=1\n")
	s.install("--binary", program) // as for an upgrade
	s.prints("net.inet.carp.preempt=1", "cat /etc/ifconfig-carp/sysctl.conf")
	s.install("--uninstall")
	s.prints("/etc/ifconfig-carp\n/etc/ifconfig-carp/sysctl.conf", files)
}
