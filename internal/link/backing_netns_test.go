//go:build netns

package link

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func TestBackingMadeAdoptedRemade(t *testing.T) {
	l := newLab(t)
	index := l.carp()
	d, err := l.host.device("carp0")
	l.ok(err)
	want := device{index: index, name: "carp0", kind: "macvlan", mode: "bridge", parent: l.eth0.Index, mac: virtualMAC,
		mtu: 1500, alias: Label, ether: true, multicast: true}
	if diff := cmp.Diff(want, d, cmp.AllowUnexported(device{})); diff != "" {
		t.Errorf("new backing (-want +got):\n%s", diff)
	}

	// Adopted: what a killed MASTER leaves, with the wrong MAC, by another process.
	l.ok(l.Claim("carp0", many(3, 0)))
	other, err := Open()
	l.ok(err)
	defer other.Close()
	mac := virtualMAC
	mac[5] = 8
	again, err := other.EnsureBacking("carp0", l.eth0.Index, mac)
	l.ok(err)
	if again != index {
		t.Errorf("adopted as index %d, was %d", again, index)
	}
	want.mac = mac
	d, err = l.host.device("carp0")
	l.ok(err)
	if diff := cmp.Diff(want, d, cmp.AllowUnexported(device{})); diff != "" {
		t.Errorf("adopted backing (-want +got):\n%s", diff)
	}
	if has, err := other.HasAddresses("carp0"); has || err != nil {
		t.Errorf("adopted with addresses: %v, %v", has, err)
	}

	// Killed between birth and label: still ours.
	l.ok(l.DeleteBacking("carp0"))
	l.ok(l.host.addDevice(device{name: "carp0", parent: l.eth0.Index, mac: mac, mtu: 1400, group: birthGroup}))
	if _, err := l.EnsureBacking("carp0", l.eth0.Index, virtualMAC); err != nil {
		t.Fatal(err)
	}
	d, err = l.host.device("carp0")
	l.ok(err)
	want.index, want.mac = d.index, virtualMAC
	if diff := cmp.Diff(want, d, cmp.AllowUnexported(device{})); diff != "" {
		t.Errorf("adopted after a kill (-want +got):\n%s", diff)
	}

	// Wrong parent: made anew.
	at := netlink.NewLinkAttrs()
	at.Name = "eth1"
	l.ok(netlink.LinkAdd(&netlink.Bridge{LinkAttrs: at}))
	eth1, err := l.Parent("eth1")
	l.ok(err)
	moved, err := l.EnsureBacking("carp0", eth1.Index, virtualMAC)
	l.ok(err)
	d, err = l.host.device("carp0")
	l.ok(err)
	if moved == want.index || d.parent != eth1.Index {
		t.Errorf("carp0 is %d on parent %d, want a new one on %d", moved, d.parent, eth1.Index)
	}
	l.ok(l.DeleteBacking("carp0"))
	l.ok(l.DeleteBacking("carp0")) // gone is gone
	if err := l.Claim("carp0", many(1, 0)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("claim of a deleted backing: %v", err)
	}
}

func TestBackingFailures(t *testing.T) {
	l := newLab(t)
	before := l.picture()
	if _, err := l.EnsureBacking("eth0", l.eth0.Index, virtualMAC); !errors.Is(err, fs.ErrExist) {
		t.Errorf("name of a foreign interface: %v", err)
	}
	if err := l.DeleteBacking("eth0"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("delete a foreign interface: %v", err)
	}
	if err := l.Claim("eth0", many(1, 0)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("claim a foreign interface: %v", err)
	}
	if _, err := l.EnsureBacking("carp0", 4711, virtualMAC); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("parent that does not exist: %v", err)
	}
	if _, err := l.EnsureBacking("a/b", l.eth0.Index, virtualMAC); !errors.Is(err, unix.EINVAL) {
		t.Errorf("bad name: %v", err)
	}
	if _, err := l.Parent("eth7"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("parent that does not exist: %v", err)
	}
	if _, err := l.EnsureBacking("carp0", l.eth0.Index, [6]byte{1}); err == nil { // a multicast MAC
		t.Error("multicast MAC taken")
	}
	if diff := cmp.Diff(before, l.picture()); diff != "" {
		t.Errorf("failures left something behind (-before +after):\n%s", diff)
	}

	// Deleted behind our back: the index is not used for ever.
	l.carp()
	d, err := l.host.device("carp0")
	l.ok(err)
	l.ok(l.host.deleteDevice(d))
	if err := l.Claim("carp0", many(1, 0)); !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, unix.ENODEV) {
		t.Errorf("claim after the interface was deleted: %v", err)
	}
	l.carp()
	l.ok(l.Claim("carp0", many(1, 0)))
}

func TestParents(t *testing.T) {
	l := newLab(t)
	l.carp()
	at := netlink.NewLinkAttrs()
	at.Name = "eth0.10" // only the name matters, and not every test kernel has VLANs
	l.ok(netlink.LinkAdd(&netlink.Bridge{LinkAttrs: at}))
	eth10, err := netlink.LinkByName("eth0.10")
	l.ok(err)
	address, _ := netlink.ParseAddr("198.51.100.2/24")
	address.ValidLft, address.PreferedLft = 600, 600 // as a DHCP client does
	l.ok(netlink.AddrAdd(eth10, address))
	l.ok(netlink.LinkSetUp(eth10))
	l.until("eth0's link-local address is no longer tentative", func() bool {
		p, err := l.Parent("eth0")
		l.ok(err)
		return len(p.Addresses) == 2
	})

	parents, err := l.Parents()
	l.ok(err)
	var got []string
	for _, p := range parents {
		got = append(got, p.Name)
	}
	if diff := cmp.Diff([]string{"eth0", "eth0.10"}, got); diff != "" {
		t.Fatalf("parents (-want +got):\n%s", diff)
	}
	if p := parents[0]; p.MAC != parentMAC || p.MTU != 1500 || !p.Up || !p.Carrier || p.Addresses[0].String() != "192.0.2.2/24" || !p.Addresses[1].Addr().IsLinkLocalUnicast() {
		t.Errorf("eth0: %+v", p)
	}
	if p := parents[1]; p.Addresses[0].String() != "198.51.100.2/24" {
		t.Errorf("eth0.10: %+v", p)
	}

	// A name with a dot, through the whole life.
	saved, err := l.PrepareParent("eth0.10")
	l.ok(err)
	_, err = l.EnsureBacking("carp0.1", parents[1].Index, virtualMAC)
	l.ok(err)
	l.ok(l.Claim("carp0.1", many(1, 0)))
	l.ok(l.Release("carp0.1"))
	l.ok(l.DeleteBacking("carp0.1"))
	l.ok(l.RestoreParent("eth0.10", saved))
	if s := l.picture(); !strings.Contains(s, "net/ipv4/conf/eth0.10/arp_ignore = 0") {
		t.Errorf("eth0.10 not restored:\n%s", s)
	}
}

func TestSettingsSavedAndRestored(t *testing.T) {
	l := newLab(t)
	before := l.picture()
	l.ok(l.WriteSetting("eth0", "ipv4", "arp_ignore", "2"))
	saved, err := l.PrepareParent("eth0")
	l.ok(err)
	if diff := cmp.Diff(Settings{"ipv4/arp_ignore": "2", "ipv4/arp_announce": "0"}, saved); diff != "" {
		t.Errorf("saved (-want +got):\n%s", diff)
	}
	if v, err := l.ReadSetting("eth0", "ipv4", "arp_announce"); v != "2" || err != nil {
		t.Errorf("arp_announce is %q, %v", v, err)
	}
	if v, err := l.ReadSetting("eth0", "ipv4", "arp_ignore"); v != "2" || err != nil {
		t.Errorf("arp_ignore is %q, %v: a value that serves must stay", v, err)
	}
	l.ok(l.RestoreParent("eth0", saved))
	l.ok(l.WriteSetting("eth0", "ipv4", "arp_ignore", "0"))
	if diff := cmp.Diff(before, l.picture()); diff != "" {
		t.Errorf("restored (-before +after):\n%s", diff)
	}
	if _, err := l.ReadSetting("eth7", "ipv4", "arp_ignore"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("setting of no interface: %v", err)
	}
	for _, bad := range [][3]string{{"../eth0", "ipv4", "arp_ignore"}, {"eth0", "ipv5", "x"}, {"eth0", "ipv4", "../x"}, {"all", "ipv4", "arp_ignore"}} {
		if err := l.WriteSetting(bad[0], bad[1], bad[2], "1"); !errors.Is(err, unix.EINVAL) {
			t.Errorf("write %v: %v", bad, err)
		}
	}
}

// next waits for an event that matches.
func next(t *testing.T, events <-chan Event, what string, match func(Event) bool) Event {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		select {
		case e, ok := <-events:
			if !ok {
				t.Fatalf("watch closed before %s", what)
			}
			if match(e) {
				return e
			}
		case <-timeout:
			t.Fatalf("no event: %s", what)
		}
	}
}
