//go:build netns

package boot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// restarted is how soon a supervisor that has died is to be back: RestartSec, and as
	// much again for a machine that is busy.
	restarted = 2500 * time.Millisecond
	// hung is how soon one that hangs is to be: WatchdogSec, and RestartSec after it.
	hung = 13 * time.Second
)

// installed is a scene on which hosta has the package.
func installed(t *testing.T) *scene {
	t.Helper()
	s := newScene(t)
	s.put(packages+"/"+fmt.Sprintf(managers[0].file, newer), "/root/deb")
	s.on("dpkg -i /root/deb")
	return s
}

// signal sends a signal to carp0's supervisor on hosta, not by its unit, and waits until
// another has taken its place and is at work.
func (s *scene) signal(sig unix.Signal, within time.Duration) {
	s.Helper()
	found, err := s.host.Find("supervise")
	if err != nil || len(found) != 1 {
		s.Fatalf("supervisors: %v, %v", found, err)
	}
	before, since := s.supervisor(), time.Now()
	s.must(found[0].Signal(sig))
	s.until("another supervisor", func() (bool, string) {
		now := s.supervisor()
		return now != before && now != "0" && s.unit("carp@carp0", "SubState") == "running", now
	})
	took := time.Since(since)
	s.Logf("figure: after %v another supervisor is at work within %v", sig, took.Round(time.Millisecond))
	if took > within {
		s.Errorf("after %v it took %v, want at most %v", sig, took, within)
	}
}

// A supervisor is a unit that tells its state; killed or hung it is started again, within
// the lease when it was killed, so that the client misses nothing.
func TestUnitIsStartedAgain(t *testing.T) {
	s := installed(t)
	s.group()
	s.prints("carp0: MASTER vhid 1 on eth0 (master timed out)", "systemctl show --value -p StatusText carp@carp0")
	s.prints("rr", "chrt -p $(systemctl show --value -p MainPID carp@carp0) | sed -n 's/.*policy: SCHED_RR/rr/p'")
	if log := s.on("journalctl --no-pager -o cat -u carp@carp0"); !strings.Contains(log, `msg="BACKUP -> MASTER" iface=carp0 vhid=1`) {
		t.Errorf("the journal of the unit has\n%s", log)
	}

	w, since := s.watch(s.host), time.Now()
	s.signal(unix.SIGKILL, restarted)
	s.providerIs(master) // it takes over, since nobody has advertised
	s.is(backup)
	s.unnoticed("SIGKILL", w, since)

	s.signal(unix.SIGSTOP, hung)
	s.is(backup)
	s.prints("2", "systemctl show --value -p NRestarts carp@carp0")
	// What Go says of its goroutines when it is aborted.
	s.on("journalctl --no-pager -o cat -u carp@carp0 | grep -q '^SIGABRT'")
}

// What an administrator does with systemctl, and what destroy does to the unit.
func TestUnitIsStopped(t *testing.T) {
	s := installed(t)
	s.group()
	w, since := s.watch(s.host), time.Now()
	s.on("systemctl stop carp@carp0")
	s.providerIs(master)
	s.unnoticed("systemctl stop", w, since)
	// Looking does not start it.
	out, err := s.try("ifconfig-carp carp0")
	const stopped = "ifconfig-carp: carp0: stopped; systemctl start carp@carp0 starts it\n"
	if err == nil || !strings.Contains(out, stopped) || !strings.Contains(out, "carp: UNKNOWN vhid 1 ") {
		t.Errorf("of one that is stopped: %v\n%s", err, out)
	}
	s.prints("inactive", "systemctl is-active carp@carp0")
	s.on("systemctl start carp@carp0")
	s.is(backup)

	s.on("ifconfig-carp carp0 destroy")
	s.until("the unit to end", func() (bool, string) {
		state := s.unit("carp@carp0", "ActiveState")
		return state == "inactive", state
	})
	s.pass(time.Second) // more than RestartSec
	s.prints("inactive", "systemctl is-active carp@carp0")

	// What was refused leaves no unit that has failed; what is not there does.
	s.prints("ifconfig-carp: SIOCSVH: Invalid argument\nhint: carp0: vhid 256: must be 1 to 255", "ifconfig-carp carp0 create vhid 256")
	s.prints("ifconfig-carp: ioctl (SIOCAIFADDR): File exists\nhint: carp0: 192.168.1.3 is eth0's own address; a virtual address must be another",
		"ifconfig-carp carp0 create vhid 1 192.168.1.3/24")
	s.prints("", "systemctl --failed --no-legend")
	if out, err := s.try("systemctl start carp@carp7"); err == nil {
		t.Errorf("a unit without an interface was started: %s", out)
	}
	s.prints("6", "systemctl show --value -p ExecMainStatus carp@carp7")
	s.prints("", "ls /run/ifconfig-carp | grep carp")
}

// A renamed interface stays in the unit of its old name, which goes on looking after it;
// its old name can be had again meanwhile.
func TestUnitOfARenamedInterface(t *testing.T) {
	s := installed(t)
	s.on(member0)
	s.prints("web-1", "ifconfig-carp carp0 name web-1")
	s.prints("web-1: BACKUP vhid 1 on eth0 (up)", "systemctl show --value -p StatusText carp@carp0")
	s.signal(unix.SIGKILL, restarted)
	s.prints("web-1: BACKUP vhid 1 on eth0 (up)", "systemctl show --value -p StatusText carp@carp0")
	s.prints("ifconfig-carp: carp0: systemd has not started carp@carp0.service, so its supervisor runs without: "+
		"it runs for an interface that had this name before", "ifconfig-carp carp0 create")
	s.prints("carp0 web-1", "ifconfig-carp -l")
	s.on("ifconfig-carp web-1 destroy && ifconfig-carp carp0 destroy && ifconfig-carp carp0 create")
	s.prints("active", "systemctl is-active carp@carp0")
}

// A systemd-networkd that manages everything leaves carp0 alone.
func TestNetworkdLeavesItAlone(t *testing.T) {
	s := newScene(t)
	s.write("/etc/systemd/network/10-all.network", "[Match]\nName=*\n\n[Network]\nAddress=10.9.9.9/24\nKeepConfiguration=no\n")
	s.on("systemctl start systemd-networkd")
	s.on("ip addr replace 192.168.1.3/24 dev eth0")
	s.put(packages+"/"+fmt.Sprintf(managers[0].file, newer), "/root/deb")
	s.on("dpkg -i /root/deb") // while networkd runs
	s.on(member0)
	s.is(master)
	s.until("networkd to have seen it", func() (bool, string) {
		out, _ := s.try("networkctl --no-legend list carp0")
		return strings.Contains(out, "unmanaged"), out
	})
	s.until("networkd to have seen eth0", func() (bool, string) {
		out, _ := s.try("networkctl --no-legend list eth0")
		return strings.Contains(out, "configured"), out
	})
	s.pass(time.Second)
	got, err := s.host.Addresses(t.Context(), "carp0")
	if err != nil || fmt.Sprint(got) != "[192.168.1.50/24]" {
		t.Errorf("carp0 has %v, %v", got, err)
	}
}

// Commands that are typed at once each have their answer, and each interface its unit.
func TestUnitsInParallel(t *testing.T) {
	s := installed(t)
	s.prints("carp0\ncarp1\ncarp2\ncarp3\ncarp4\ncarp5",
		"for n in 1 2 3 4 5 6; do ifconfig-carp carp create & done >/tmp/names 2>&1; wait; sort /tmp/names")
	s.prints("active\nactive\nactive\nactive\nactive\nactive",
		"for n in 0 1 2 3 4 5; do systemctl is-active carp@carp$n; done")
	s.prints("1 created\nifconfig-carp: interface carp9 already exists",
		`for n in 1 2 3 4 5; do ifconfig-carp carp9 create && echo created & done >/tmp/said 2>&1; wait
		echo "$(grep -c created /tmp/said) created"; grep -v created /tmp/said | sort -u`)
	s.prints("active", "systemctl is-active carp@carp9")
	s.prints("", "systemctl --failed --no-legend; ls /run/ifconfig-carp | grep : | grep -v :unit$")
}

// A supervisor that was started by hand, as before the package was installed or while
// systemctl could not be had, has never been a unit, and so has not been stopped when
// it is dead: the next look starts it again, as a unit.
func TestDeadThatNeverWasAUnit(t *testing.T) {
	s := installed(t)
	out, err := s.try("PATH=/usr/sbin ifconfig-carp carp0 create vhid 1 pass testpass 192.168.1.50/24")
	if err != nil || !strings.Contains(out, "its supervisor runs without") {
		t.Fatalf("created without systemctl: %v\n%s", err, out)
	}
	s.prints("inactive", "systemctl is-active carp@carp0")
	s.on("kill -9 $(cat /run/ifconfig-carp/carp0.lock)")
	s.until("the supervisor to be looked for and started again", func() (bool, string) {
		out, err := s.try("ifconfig-carp carp0")
		return err == nil && strings.Contains(out, "carp0: its supervisor had died; started it again with its record"), out
	})
	s.prints("active", "systemctl is-active carp@carp0")
	s.on("systemctl stop carp@carp0")
	if out, err := s.try("ifconfig-carp carp0"); err == nil || !strings.Contains(out, "carp0: stopped; systemctl start carp@carp0 starts it") {
		t.Errorf("of one that is stopped: %v\n%s", err, out)
	}
	s.on("systemctl start carp@carp0")

	// What systemd cannot tell of a renamed one either.
	s.on("ifconfig-carp carp0 name web")
	s.on("systemctl stop carp@carp0")
	if out, err := s.try("ifconfig-carp web"); err == nil || !strings.Contains(out, "web: stopped; systemctl start carp@carp0 starts it") {
		t.Errorf("of a renamed one that is stopped: %v\n%s", err, out)
	}
	s.on("systemctl start carp@carp0 && ifconfig-carp web destroy")
	s.prints("", "ls /run/ifconfig-carp | grep -e carp -e web")
}

// Of two commands that create one name at once, the first may be refused. Then the other
// one has it, and a unit.
func TestUnitAfterARefusal(t *testing.T) {
	s := installed(t)
	for n := range 10 {
		out := s.on(`for line in 192.168.1.3/24 192.168.1.50/24; do
			ifconfig-carp carp0 create vhid 1 $line & done >/tmp/said 2>&1; wait; cat /tmp/said`)
		if strings.Contains(out, "its supervisor runs without") {
			t.Errorf("the %d. time: %s", n+1, out)
		}
		s.prints("active", "systemctl is-active carp@carp0")
		s.on("ifconfig-carp carp0 destroy")
	}
}
