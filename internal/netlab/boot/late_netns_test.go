//go:build netns

package boot

import (
	"strings"
	"testing"
	"time"
)

const (
	// early is an interface whose parent is there at boot, late1 and late2 are two whose
	// parents are not.
	early = "cloned_interfaces=\"carp0\"\nifconfig_carp0=\"vhid 1 pass testpass 192.168.1.50/24\"\n"
	late1 = "cloned_interfaces=\"${cloned_interfaces} carp1\"\nifconfig_carp1=\"vhid 2 carpdev late1 10.9.1.50/24\"\n"
	late2 = "cloned_interfaces=\"${cloned_interfaces} carp2\"\nifconfig_carp2=\"vhid 3 carpdev late2 10.9.2.50/24\"\n"

	lacks1 = "carp1 (carpdev late1: no Ethernet interface of that name; there are eth0)"
)

// waits wants carp-late.service to be at work and to say what it waits for.
func (s *scene) waits(for_ string) {
	s.Helper()
	s.until("carp-late to wait for "+for_, func() (bool, string) {
		got := s.unit("carp-late", "ActiveState") + " " + s.unit("carp-late", "StatusText")
		return got == "active waiting for "+for_, got
	})
}

// lateIs waits for a state of carp-late.service.
func (s *scene) lateIs(want string) {
	s.Helper()
	s.until("carp-late to be "+want, func() (bool, string) {
		got := s.unit("carp-late", "ActiveState")
		return got == want, got
	})
}

// plug gives hosta one more card, with carrier.
func (s *scene) plug(name string) {
	s.Helper()
	s.on("ip link add " + name + " type veth peer name far-" + name + " && ip link set far-" + name + " up && ip link set " + name + " up" +
		" && ip addr add 10.9." + strings.TrimPrefix(name, "late") + ".1/24 dev " + name)
}

// After a power cut a host may be up long before its network is. The boot goes on without
// what is late, and nothing has failed; each interface is made when its parent comes,
// however late that is.
func TestLateParents(t *testing.T) {
	s := installed(t)
	s.write("/etc/rc.conf", early+late1+"carp_wait=1\n")
	s.powerOff()
	s.powerOn()
	s.is(master)
	s.prints("running", "systemctl is-system-running")
	s.prints("active", "systemctl is-active carp-rc")
	s.prints("left to carp-late.service: "+lacks1, "systemctl show --value -p StatusText carp-rc")
	s.waits(lacks1)

	// A reload adds to what is waited for, and is itself over at once.
	before, since := s.supervisor(), time.Now()
	s.write("/etc/rc.conf", early+late1+late2)
	s.on("systemctl reload carp-rc")
	if took := time.Since(since); took > 10*time.Second {
		t.Errorf("the reload took %v", took)
	}
	s.waits(lacks1 + ", " + strings.NewReplacer("carp1", "carp2", "late1", "late2").Replace(lacks1))

	s.plug("late1")
	s.until("carp1", func() (bool, string) {
		out, _ := s.try("systemctl is-active carp@carp1")
		return out == "active", out
	})
	const lacks2 = "carp2 (carpdev late2: no Ethernet interface of that name; there are eth0, far-late1, late1)"
	s.waits("carp2 (carpdev late2: no Ethernet interface of that name; there are eth0)") // as it was when it was tried

	// One that is killed begins anew.
	s.on("systemctl kill --signal=SIGKILL carp-late")
	s.waits(lacks2)
	s.plug("late2")
	s.lateIs("inactive")
	s.prints("carp0 carp1 carp2", "ifconfig-carp -l")
	s.prints("success", "systemctl show --value -p Result carp-late")
	s.on("ifconfig-carp rc status")
	s.prints("", "systemctl --failed --no-legend")
	if after := s.supervisor(); after != before {
		t.Errorf("carp0's supervisor was process %s and is %s", before, after)
	}
	s.on("systemctl reload carp-rc")
	s.prints("", "systemctl show --value -p StatusText carp-rc")
}

// Whatever is waiting ends when it is stopped, and takes down what has been made; nothing
// comes afterwards.
func TestStopWhileParentsAreLate(t *testing.T) {
	s := installed(t)
	stopped := func(line string) {
		t.Helper()
		since := time.Now()
		s.on(line)
		if took := time.Since(since); took > 10*time.Second {
			t.Errorf("%s took %v", line, took)
		}
		s.prints("", "ifconfig-carp -l")
		s.prints("inactive", "systemctl is-active carp-late")
		s.prints("", "systemctl --failed --no-legend; systemctl list-units --no-legend --state=active 'carp@*'")
	}

	// In the middle of the start, which is what a boot may be in.
	s.write("/etc/rc.conf", early+late1)
	s.on("systemctl start --no-block carp-rc")
	s.until("carp-rc to wait", func() (bool, string) {
		got := s.unit("carp-rc", "ActiveState") + " " + s.unit("carp-rc", "StatusText")
		return got == "activating waiting for "+lacks1, got
	})
	s.is(master)
	stopped("systemctl stop carp-rc")

	// Behind it, by systemctl and by hand.
	s.write("/etc/rc.conf", early+late1+"carp_wait=0\n")
	for _, stop := range []string{"systemctl stop carp-rc", "ifconfig-carp rc stop; systemctl stop carp-rc"} {
		s.on("systemctl start carp-rc")
		s.is(master)
		s.waits(lacks1)
		stopped(stop)
	}

	// What has failed besides fails at once, and is not in the way of the rest.
	s.write("/etc/rc.conf", early+late1+"cloned_interfaces=\"${cloned_interfaces} carp3\" ifconfig_carp3=\"vhid 300\" carp_wait=0\n")
	if out, err := s.try("systemctl start carp-rc"); err == nil {
		t.Errorf("a mistake is passed over: %s", out)
	}
	s.waits(lacks1)
	s.prints("failed", "systemctl is-active carp-rc")
	s.plug("late1")
	s.lateIs("failed")
	s.prints("carp0 carp1", "ifconfig-carp -l")
	s.on("ifconfig-carp rc stop; systemctl reset-failed; ip link del late1")
	s.prints("", "ifconfig-carp -l")

	// A unit that has failed has nothing to stop, but ends what it has begun.
	_, _ = s.try("systemctl start carp-rc")
	s.waits(lacks1)
	s.on("systemctl stop carp-rc")
	s.lateIs("inactive")
	s.on("ifconfig-carp rc stop; systemctl reset-failed")

	// Who wants it as it is without the unit masks that.
	s.write("/etc/rc.conf", early+late1+"carp_wait=0\n")
	s.on("systemctl mask --quiet carp-late")
	if out, err := s.try("systemctl start carp-rc"); err == nil {
		t.Errorf("what is late is passed over: %s", out)
	}
	log := s.on("journalctl --no-pager -o cat -u carp-rc")
	for _, want := range []string{"carp-late.service: systemctl: ", "hint: when it is there: ifconfig-carp rc start carp1"} {
		if !strings.Contains(log, want) {
			t.Errorf("the journal has nothing of %q:\n%s", want, log)
		}
	}
	s.is(master)
}
