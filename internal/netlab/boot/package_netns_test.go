//go:build netns

package boot

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// manager is a package manager as the tests use it.
type manager struct {
	name                                string
	file                                string // of a package, with its version
	install, upgrade, remove, afterward string
	atBoot                              string // whether carp-rc.service is enabled, by the distribution's rule
	left                                string // by the removal
}

var managers = []manager{
	{
		name: "deb", file: "ifconfig-carp_%s-1_amd64.deb",
		install: "dpkg -i /root/old", upgrade: "dpkg -i /root/new",
		remove: "dpkg -r ifconfig-carp", afterward: "dpkg -P ifconfig-carp", atBoot: "enabled",
		left: "/etc/ifconfig-carp\n/etc/ifconfig-carp/sysctl.conf\n/etc/systemd/system/multi-user.target.wants/carp-rc.service",
	},
	{
		// Debian's rpm wants to be asked twice, and knows nothing of what is installed.
		name: "rpm", file: "ifconfig-carp-%s-1.x86_64.rpm",
		install: "rpm --force-debian --nodeps -i /root/old", upgrade: "rpm --force-debian --nodeps -U /root/new",
		remove: "rpm --force-debian -e ifconfig-carp", afterward: "true", atBoot: "disabled",
	},
}

// A package is installed, is upgraded while its host is MASTER, and is removed: nothing
// starts by itself, the client notices neither the upgrade nor the removal, and nothing is
// left.
func TestPackages(t *testing.T) {
	for _, p := range managers {
		t.Run(p.name, func(t *testing.T) {
			s := newScene(t)
			s.put(packages+"/"+fmt.Sprintf(p.file, older), "/root/old")
			s.put(packages+"/"+fmt.Sprintf(p.file, newer), "/root/new")

			s.on(p.install)
			s.runs(older)
			s.prints("", "ifconfig-carp -l")
			s.prints("inactive", "systemctl is-active carp-rc.service")
			s.prints(p.atBoot, "systemctl is-enabled carp-rc.service")
			s.prints("", "systemctl start carp-rc.service && ifconfig-carp -l") // without an rc.conf
			s.prints("", "systemctl --failed --no-legend")

			s.group()
			before, w, since := s.supervisor(), s.watch(s.host), time.Now()
			s.on(p.upgrade)
			s.runs(newer)
			s.pass(time.Second)
			if after := s.supervisor(); after != before {
				t.Errorf("the supervisor was process %s and is %s", before, after)
			}
			s.prints("/usr/sbin/ifconfig-carp (deleted)", "readlink /proc/"+before+"/exe")
			s.prints("active", "systemctl is-active carp@carp0.service")
			s.is(master)
			s.unnoticed("the upgrade", w, since)

			w, since = s.watch(s.host), time.Now()
			s.on(p.remove)
			s.providerIs(master)
			s.unnoticed("the removal", w, since)
			s.nothingIsLeft(p)
		})
	}
}

// runs asks the program for its version.
func (s *scene) runs(version string) {
	s.Helper()
	if out := s.on("ifconfig-carp --version"); !strings.HasPrefix(out, "ifconfig-carp "+version+" (") {
		s.Errorf("--version: %s, want %s", out, version)
	}
}

// nothingIsLeft wants no process, no interface, no unit and no file but the configuration,
// and not even that after a purge.
func (s *scene) nothingIsLeft(p manager) {
	s.Helper()
	left, err := s.host.Find("supervise")
	if err != nil || len(left) > 0 {
		s.Errorf("supervisors: %v, %v", left, err)
	}
	if _, there, err := s.host.Link(s.Context(), "carp0"); err != nil || there {
		s.Errorf("carp0 is there: %v, %v", there, err)
	}
	if got, err := s.host.Sysctl("net/ipv4/conf/eth0/arp_ignore"); err != nil || got != "0" {
		s.Errorf("arp_ignore of the parent is %s, %v; want 0", got, err)
	}
	s.prints("", "systemctl list-units --no-legend 'carp*'")
	const files = `find /usr /lib /etc \( -path '*ifconfig-carp*' -o -name 'carp[@-]*' -o -name carp.4.gz \) | sort`
	s.prints(p.left, files)
	s.on(p.afterward)
	s.prints("", files)
	s.prints("", "ls /run/ifconfig-carp 2>/dev/null | grep carp0")
}

// The two kinds of package have the same files with the same contents, and both the
// architectures that they are named after.
func TestPackagesAreAlike(t *testing.T) {
	s := newScene(t)
	s.put(packages+"/"+fmt.Sprintf(managers[0].file, older), "/root/deb")
	s.put(packages+"/"+fmt.Sprintf(managers[1].file, older), "/root/rpm")
	s.on("mkdir /root/d /root/r && dpkg-deb -x /root/deb /root/d && cd /root/r && rpm2archive -n /root/rpm >/dev/null && tar -xf /root/rpm.tar")
	// The completions of zsh and the licences are where each distribution has them; the
	// licence of the modules that are under Apache's is on every Debian.
	s.on("mv /root/d/usr/share/zsh/vendor-completions /root/d/usr/share/zsh/site-functions")
	copyright, licence := s.on("cat /root/d/usr/share/doc/ifconfig-carp/copyright"), s.on("cat /root/r/usr/share/licenses/ifconfig-carp/LICENSE")
	for _, text := range []string{copyright, licence} {
		for _, want := range []string{"The ifconfig-carp authors", "The Go Authors", "github.com/vishvananda/netlink v", "Matt Layher"} {
			if !strings.Contains(text, want) {
				t.Errorf("nothing about %s in\n%s", want, text)
			}
		}
	}
	if !strings.Contains(copyright, "/usr/share/common-licenses/Apache-2.0") || !strings.Contains(licence, "TERMS AND CONDITIONS FOR USE") {
		t.Error("the Apache licence is in neither package as it should be")
	}
	s.on("rm -r /root/d/usr/share/doc/ifconfig-carp/copyright /root/d/usr/share/doc/ifconfig-carp/changelog.Debian.gz /root/d/usr/share/lintian /root/r/usr/share/licenses")
	const list = `cd /root/%s && find . \( -type f -o -type l \) -printf '%%p %%M %%u %%g %%l\n' | sort && find . -type f -exec sha256sum {} + | sort`
	deb, rpm := s.on(fmt.Sprintf(list, "d")), s.on(fmt.Sprintf(list, "r"))
	if deb != rpm {
		t.Errorf("the .deb has\n%s\nand the .rpm\n%s", deb, rpm)
	}
	for _, want := range []string{
		"usr/sbin/ifconfig-carp -rwxr-xr-x root root",
		"usr/sbin/sysctl-carp lrwxrwxrwx root root ifconfig-carp",
		"usr/share/bash-completion/completions/ifconfig-carp -rw-r--r-- root root",
		"usr/share/zsh/site-functions/_ifconfig-carp -rw-r--r-- root root",
		"usr/share/fish/vendor_completions.d/ifconfig-carp.fish -rw-r--r-- root root",
		"usr/share/man/man5/ifconfig-carp.rc.5.gz -rw-r--r-- root root",
		"etc/ifconfig-carp/sysctl.conf -rw-r--r-- root root",
	} {
		if !strings.Contains(deb, "./"+want) {
			t.Errorf("no %s in\n%s", want, deb)
		}
	}
}

// The same sources make the same bytes, wherever they are.
func TestPackagesAreReproducible(t *testing.T) {
	elsewhere, again := t.TempDir(), t.TempDir()
	copied, err := exec.Command("sh", "-c", `cd "$1" && tar -c --exclude=./.git --exclude=./dist . | tar -x -C "$2"`, "sh", module, elsewhere).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, copied)
	}
	if err := pack(elsewhere, again, older, "amd64"); err != nil {
		t.Fatal(err)
	}
	for _, p := range managers {
		name := fmt.Sprintf(p.file, older)
		one, err := os.ReadFile(filepath.Join(packages, name))
		if err != nil {
			t.Fatal(err)
		}
		if other, err := os.ReadFile(filepath.Join(again, name)); err != nil || !bytes.Equal(one, other) {
			t.Errorf("%s is not the same again: %v", name, err)
		}
	}
}

// Each architecture has its program, which needs no library and no loader.
func TestPackagesHaveStaticPrograms(t *testing.T) {
	for arch, want := range map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64} {
		deb := filepath.Join(packages, "ifconfig-carp_"+older+"-1_"+arch+".deb")
		program, err := exec.Command("sh", "-c", `dpkg-deb --fsys-tarfile "$1" | tar -xO ./usr/sbin/ifconfig-carp`, "sh", deb).Output()
		if err != nil {
			t.Fatal(err)
		}
		f, err := elf.NewFile(bytes.NewReader(program))
		if err != nil {
			t.Fatal(err)
		}
		if f.Machine != want {
			t.Errorf("%s: it is for %v", arch, f.Machine)
		}
		for _, part := range f.Progs {
			if part.Type == elf.PT_INTERP || part.Type == elf.PT_DYNAMIC {
				t.Errorf("%s: it has a part %v", arch, part.Type)
			}
		}
	}
}
