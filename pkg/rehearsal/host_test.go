package rehearsal

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// stage is a host to rehearse on: eth0 and eth1, the latter without a carrier.
type stage struct {
	*testing.T
	*Host
	path string
}

// newStage makes one whose state folder need not exist.
func newStage(t *testing.T) *stage {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state")
	dir, err := state.Find(func(string) string { return path })
	if err != nil {
		t.Fatal(err)
	}
	folder, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	kernel := link.NewImaginary()
	kernel.AddParent(link.Parent{Name: "eth0", MAC: [6]byte{2, 0, 0, 0, 0, 1}, Up: true, Carrier: true,
		Addresses: prefixes("192.0.2.2/24", "2001:db8::2/64", "fe80::2/64")})
	kernel.AddParent(link.Parent{Name: "eth1", MAC: [6]byte{2, 0, 0, 0, 0, 2}, Up: true, Addresses: prefixes("198.51.100.2/24")})
	return &stage{t, NewHost(kernel, folder), path}
}

func prefixes(list ...string) (all []netip.Prefix) {
	for _, p := range list {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

// record is a member of a group, as a supervisor has saved it.
func record(name string, vhid carp.VHID, parent string, addresses ...string) state.Record {
	return state.Record{Version: state.RecordVersion, Name: name, Up: true, VHID: vhid, AdvBase: 1,
		Password: "sesame", Parent: parent, Addresses: prefixes(addresses...)}
}

// seed puts an interface to work that has been there before.
func (s *stage) seed(r state.Record, as carp.State) {
	s.units[r.Name] = &unit{record: r, recorded: true, alive: true}
	s.Seed(r, as.String())
}

// plan is what a request leads to, the outlook too, which must not be refused.
func (s *stage) ask(name string, op control.Op, change *control.Change) {
	s.Helper()
	if resp := s.Ask(name, control.Request{Op: op, Name: name, Change: change}); resp.Error != nil {
		s.Fatalf("%s: %v", name, resp.Error)
	}
}

// wants holds a plan against what it should be; STATE is the state folder.
func (s *stage) wants(got []string, want string) {
	s.Helper()
	text := strings.ReplaceAll(strings.Join(got, "\n"), s.path, "STATE")
	if diff := cmp.Diff(strings.TrimSpace(want), strings.TrimSpace(text)); diff != "" {
		s.Errorf("plan (-want +got):\n%s", diff)
	}
	if strings.Contains(text, "sesame") {
		s.Error("the password is in the plan")
	}
	if _, err := os.Lstat(s.path); !errors.Is(err, fs.ErrNotExist) {
		s.Errorf("the state folder was made: %v", err)
	}
}

func TestDualStackOutlook(t *testing.T) {
	s := newStage(t)
	s.seed(record("carp0", 1, "eth0", "192.0.2.50/24"), carp.Backup)
	s.wants(s.Plan(), "")
	s.ask("carp0", control.OpChange, &control.Change{Addresses: []control.AddressChange{
		{Op: control.AddressAdd, Prefix: netip.MustParsePrefix("2001:db8::50/64")}}})
	s.wants(s.Plan(), "# write STATE/carp0.json")
	s.wants(s.Outlook(), `
# after 3.000 s without a better advertisement:
# carp0: BACKUP -> MASTER (master timed out)
ip addr replace 192.0.2.50/24 dev carp0 valid_lft 4 preferred_lft 4 noprefixroute
sysctl -w net/ipv6/conf/carp0/disable_ipv6=0
ip link set dev carp0 up
ip addr replace 2001:db8::50/64 dev carp0 valid_lft 4 preferred_lft 0 nodad noprefixroute
# carp0: advertises vhid 1 advbase 1 advskew 0, 192.0.2.2 to 224.0.0.18
# carp0: advertises vhid 1 advbase 1 advskew 0, fe80::2 to ff02::12
# carp0: announces 192.0.2.50 at 00:00:5e:00:01:01 (gratuitous ARP reply)
# carp0: announces 2001:db8::50 at 00:00:5e:00:01:01 (neighbour advertisement)`)
}

// What one interface does to the host's demotion the others say at once.
func TestDemotionReachesTheOthers(t *testing.T) {
	s := newStage(t)
	s.seed(record("carp0", 1, "eth0", "192.0.2.50/24"), carp.Master)
	s.seed(record("carp1", 2, "eth0", "192.0.2.51/24"), carp.Backup)
	s.Begin(state.Record{Version: state.RecordVersion, Name: "carp2", AdvBase: 1}, false, "")
	vhid, up := carp.VHID(3), true
	s.ask("carp2", control.OpCreate, &control.Change{VHID: &vhid, Up: &up, Addresses: []control.AddressChange{
		{Op: control.AddressSet, Prefix: netip.MustParsePrefix("198.51.100.50/24")}}})
	plan := s.Plan()
	tail := plan[len(plan)-3:]
	s.wants(tail, `
# carp2: listens on eth1 for vhid 3
# write STATE/carp2.demotion: link down 240
# carp0: advertises vhid 1 advbase 1 advskew 240, 192.0.2.2 to 224.0.0.18`)
	s.wants(s.Outlook(), "") // carp1 was BACKUP before, and carp2 is INIT
	if ledger, err := s.Demotions(); err != nil || ledger.Sum() != 240 {
		t.Errorf("demotion %v, %v", ledger, err)
	}
	s.ask("carp2", control.OpDestroy, nil)
	if ledger, err := s.Demotions(); err != nil || ledger.Sum() != 0 {
		t.Errorf("demotion %v, %v after it has been destroyed", ledger, err)
	}
}

func TestKnobs(t *testing.T) {
	s := newStage(t)
	s.seed(record("carp0", 1, "eth0", "192.0.2.50/24"), carp.Master)
	err := sysctl.Update(t.Context(), s.Folder, func(v *sysctl.Values) error {
		v.Allow = false
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.wants(s.Plan(), `
# write STATE/sysctl.conf
# carp0: advertises vhid 1 advbase 255 advskew 255, 192.0.2.2 to 224.0.0.18 (bow-out)
# carp0: MASTER -> INIT (net.inet.carp.allow is 0)
# after 20ms, or when another host is heard:
ip addr del 192.0.2.50/24 dev carp0
ip link set dev carp0 down`)
}

// A creation that is refused leaves nothing, so that the next line of a rehearsal does
// not find it.
func TestRefusedCreation(t *testing.T) {
	s := newStage(t)
	s.seed(record("carp0", 1, "eth0", "192.0.2.50/24"), carp.Master)
	before := s.Kernel().String()
	s.Begin(state.Record{Version: state.RecordVersion, Name: "carp1", AdvBase: 1}, false, "")
	vhid := carp.VHID(1)
	resp := s.Ask("carp1", control.Request{Op: control.OpCreate, Name: "carp1", Change: &control.Change{VHID: &vhid,
		Addresses: []control.AddressChange{{Op: control.AddressSet, Prefix: netip.MustParsePrefix("192.0.2.51/24")}}}})
	if resp.Error == nil || resp.Error.Text != "ioctl (SIOCAIFADDR): File exists" {
		t.Errorf("answer %v", resp.Error)
	}
	if units, _ := s.Units(); len(units) != 1 || s.Running("carp1") || s.Alive("carp1") {
		t.Errorf("left behind: %v", units)
	}
	if diff := cmp.Diff(before, s.Kernel().String()); diff != "" {
		t.Errorf("left behind in the kernel:\n%s", diff)
	}
}

// With a unicast peer the advertisements go there; a renamed interface goes on under its
// new name, and the old one is free.
func TestPeerAndName(t *testing.T) {
	s := newStage(t)
	r := record("carp0", 1, "eth0", "192.0.2.50/24")
	r.Peer = netip.MustParseAddr("192.0.2.3")
	s.seed(r, carp.Master)
	web := "web"
	s.ask("carp0", control.OpChange, &control.Change{Name: &web})
	s.wants(s.Plan(), `
# write STATE/carp0.json
ip link set dev carp0 name web
# move STATE/carp0.json to STATE/web.json, with its lock and its socket
# write STATE/web.json`)
	if s.Running("carp0") || !s.Running("web") {
		t.Error("still under its old name")
	}
	if resp := s.Ask("web", control.Request{Op: control.OpChange, Name: "carp0", Change: &control.Change{}}); resp.Error == nil {
		t.Error("a request for the old name was not refused")
	}
	skew := carp.AdvSkew(7)
	s.ask("web", control.OpChange, &control.Change{AdvSkew: &skew})
	s.wants(s.Plan(), `
# write STATE/web.json
# web: advertises vhid 1 advbase 1 advskew 7, 192.0.2.2 to 192.0.2.3`)
	s.seed(record("carp0", 2, "eth0", "192.0.2.51/24"), carp.Init)
	resp := s.Ask("web", control.Request{Op: control.OpChange, Name: "web", Change: &control.Change{Name: new("carp0")}})
	if resp.Error == nil || resp.Error.Text != "ioctl SIOCSIFNAME (set name): File exists" {
		t.Errorf("a name in use: %v", resp.Error)
	}
}
