package link

import (
	"errors"
	"io/fs"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fakeTUN returns a fake with one parent, prepared, and carp0 for it as a TUN.
func fakeTUN(t *testing.T) (*Imaginary, *TUN) {
	t.Helper()
	f := NewImaginary()
	f.AddParent(Parent{Name: "eth0", MAC: [6]byte{2, 0, 0, 0, 0, 1}, MTU: 9000, Up: true, Carrier: true,
		Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.2/24")}})
	tun := f.TUN()
	if _, err := tun.PrepareParent("eth0"); err != nil {
		t.Fatal(err)
	}
	if _, err := tun.EnsureBacking("carp0", 1, mac); err != nil {
		t.Fatal(err)
	}
	return f, tun
}

func TestTUNOperationsInOrder(t *testing.T) {
	f, tun := fakeTUN(t)
	wantOps(t, f,
		"sysctl -w net/ipv4/conf/eth0/arp_announce=2",
		"ip tuntap add dev carp0 mode tun",
		"ip link set dev carp0 mtu 9000",
		"ip link set dev carp0 alias 'ifconfig-carp parent 1'",
		"ip link set dev carp0 group default",
		"sysctl -w net/ipv6/conf/carp0/disable_ipv6=1",
		"sysctl -w net/ipv4/conf/carp0/promote_secondaries=1")

	both := []Address{{Prefix: six, Lease: 4 * time.Second}, {Prefix: four, Lease: 4 * time.Second}}
	if err := tun.Claim("carp0", both); err != nil {
		t.Fatal(err)
	}
	wantOps(t, f,
		"ip addr replace 192.0.2.20/24 dev carp0 valid_lft 4 preferred_lft 4 noprefixroute",
		"ip link set dev carp0 up",
		"ip addr replace 2001:db8::10/128 dev eth0 valid_lft 4 preferred_lft 0 nodad noprefixroute")
	want := `1: eth0: <UP,RUNNING> mtu 9000 link/ether 02:00:00:00:00:01
1: eth0 inet 192.0.2.2/24 valid_lft forever
1: eth0 inet6 2001:db8::10/128 noprefixroute valid_lft 4sec
1: net/ipv4/conf/eth0/arp_announce = 2
1: net/ipv4/conf/eth0/arp_ignore = 0
2: carp0@eth0: <UP,RUNNING> mtu 9000 link/none tun alias ifconfig-carp parent 1
2: carp0 inet 192.0.2.20/24 noprefixroute valid_lft 4sec
2: net/ipv4/conf/carp0/promote_secondaries = 1
2: net/ipv6/conf/carp0/disable_ipv6 = 1
`
	if diff := cmp.Diff(want, f.String()); diff != "" {
		t.Errorf("picture (-want +got):\n%s", diff)
	}
	if p, err := tun.Parent("eth0"); err != nil || len(p.Addresses) != 1 {
		t.Errorf("the parent's own addresses are %v, %v", p.Addresses, err)
	}

	f.RemoveAddress("eth0", netip.MustParsePrefix("2001:db8::10/128"))
	again, err := tun.Renew("carp0", both)
	if diff := cmp.Diff([]string{six.String()}, prefixTexts(again)); diff != "" || err != nil {
		t.Errorf("added again (-want +got), %v:\n%s", err, diff)
	}
	f.Ops()
	if err := tun.Release("carp0"); err != nil {
		t.Fatal(err)
	}
	wantOps(t, f,
		"ip addr del 2001:db8::10/128 dev eth0",
		"ip addr del 192.0.2.20/24 dev carp0",
		"ip link set dev carp0 down")
	if _, err := tun.Renew("carp0", both); !errors.Is(err, ErrReleased) {
		t.Errorf("renew after release: %v", err)
	}

	if err := tun.Claim("carp0", both); err != nil {
		t.Fatal(err)
	}
	f.Ops()
	if err := tun.DeleteBacking("carp0"); err != nil {
		t.Fatal(err)
	}
	wantOps(t, f,
		"ip addr del 2001:db8::10/128 dev eth0",
		"ip addr del 192.0.2.20/24 dev carp0", // stops answering before the kernel is done with the rest
		"ip tuntap del dev carp0 mode tun")
}

func prefixTexts(ps []netip.Prefix) (s []string) {
	for _, p := range ps {
		s = append(s, p.String())
	}
	return s
}

func TestTUNAdoptedAndRemade(t *testing.T) {
	f, tun := fakeTUN(t)
	if err := tun.Claim("carp0", []Address{{Prefix: four}, {Prefix: six}}); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := tun.Inherit("carp0", 1, mac); ok || err != nil {
		t.Errorf("inherited: %v, %v", ok, err)
	}
	if index, err := tun.EnsureBacking("carp0", 1, mac); index != 2 || err != nil {
		t.Errorf("adopted as %d, %v", index, err)
	}
	if addrs, err := tun.Addresses("carp0"); len(addrs) != 0 || err != nil {
		t.Errorf("adopted with %v, %v", addrs, err)
	}
	if p, _ := f.Parent("eth0"); len(p.Addresses) != 1 {
		t.Errorf("left on the parent: %v", p.Addresses)
	}
	if strings.Contains(f.String(), "2001:db8::10") {
		t.Errorf("left on the parent:\n%s", f)
	}

	// Deleted by another's hand.
	f.RemoveLink("carp0")
	if err := tun.Claim("carp0", []Address{{Prefix: four}}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("claim after it was deleted: %v", err)
	}
	if index, err := tun.EnsureBacking("carp0", 1, mac); index != 3 || err != nil {
		t.Errorf("made again as %d, %v", index, err)
	}

	// On another parent.
	f.AddParent(Parent{Name: "eth1", Index: 9, Up: true, Carrier: true})
	if _, err := tun.EnsureBacking("carp0", 9, mac); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(f.String(), "carp0@eth1") {
		t.Errorf("not moved:\n%s", f)
	}

	// The parent goes: the TUN stays, and can still be let go.
	if err := tun.Claim("carp0", []Address{{Prefix: four}, {Prefix: six}}); err != nil {
		t.Fatal(err)
	}
	f.RemoveLink("eth1")
	if err := tun.Release("carp0"); err != nil {
		t.Errorf("release without a parent: %v", err)
	}
	if err := tun.Claim("carp0", []Address{{Prefix: six}}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("claim without a parent: %v", err)
	}
	if _, err := tun.EnsureBacking("carp1", 9, mac); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("make without a parent: %v", err)
	}
	if err := tun.Close(); err != nil {
		t.Error(err)
	}
	if strings.Contains(f.String(), "carp0") {
		t.Errorf("left after Close:\n%s", f)
	}
}

func TestTUNFailsWhole(t *testing.T) {
	f, tun := fakeTUN(t)
	f.AddForeign("carp5")
	before := f.String()
	for _, op := range []string{"ip tuntap add", "sysctl -w net/ipv6/conf/carp1/disable_ipv6", "ip link set dev carp1 alias"} {
		f.FailOnce(op, syscall.EPERM)
		if _, err := tun.EnsureBacking("carp1", 1, mac); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "carp1") {
			t.Errorf("failing %q: %v", op, err)
		}
		if diff := cmp.Diff(before, f.String()); diff != "" {
			t.Errorf("failing %q left something (-before +after):\n%s", op, diff)
		}
	}
	if _, err := tun.EnsureBacking("carp5", 1, mac); !errors.Is(err, fs.ErrExist) {
		t.Errorf("foreign: %v", err)
	}
	if err := tun.DeleteBacking("carp5"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("delete foreign: %v", err)
	}
	// Another process is another TUN on the same host.
	if _, err := f.TUN().EnsureBacking("carp0", 1, mac); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("held by another: %v", err)
	}
	if diff := cmp.Diff(before, f.String()); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
}

func TestBackingsDoNotMixOnAParent(t *testing.T) {
	f, tun := fakeTUN(t)
	f.AddParent(Parent{Name: "eth1", Index: 9, Up: true, Carrier: true})
	busy := func(err error, names ...string) {
		t.Helper()
		if !errors.Is(err, syscall.EBUSY) {
			t.Errorf("%v, want EBUSY", err)
			return
		}
		for _, name := range names {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%v does not name %s", err, name)
			}
		}
	}
	before := f.String()
	_, err := f.PrepareParent("eth0")
	busy(err, "eth0", "carp0", "backing tun", "arp_ignore")
	_, err = f.EnsureBacking("carp1", 1, mac)
	busy(err, "eth0", "carp0")
	if diff := cmp.Diff(before, f.String()); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}

	if _, err := f.PrepareParent("eth1"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.EnsureBacking("carp1", 9, mac); err != nil {
		t.Fatal(err)
	}
	_, err = tun.PrepareParent("eth1")
	busy(err, "eth1", "carp1", "backing macvlan")
	_, err = tun.EnsureBacking("carp2", 9, mac)
	busy(err, "carp1")
	if names, err := tun.Conflicts(9); err != nil || len(names) != 1 || names[0] != "carp1" {
		t.Errorf("conflicts %v, %v", names, err)
	}
	if names, err := tun.Conflicts(1); err != nil || len(names) != 0 {
		t.Errorf("conflicts with its own kind: %v, %v", names, err)
	}
	if err := f.DeleteBacking("carp1"); err != nil {
		t.Fatal(err)
	}
	if _, err := tun.EnsureBacking("carp1", 9, mac); err != nil {
		t.Errorf("after the macvlan has gone: %v", err)
	}
}

func TestTUNSettings(t *testing.T) {
	f := NewImaginary()
	f.AddParent(Parent{Name: "eth0", Up: true, Carrier: true})
	tun := f.TUN()
	for _, tt := range []struct{ found, during string }{{"0", "0"}, {"1", "0"}, {"2", "0"}, {"3", "3"}} {
		if err := tun.WriteSetting("eth0", "ipv4", "arp_ignore", tt.found); err != nil {
			t.Fatal(err)
		}
		saved, err := tun.PrepareParent("eth0")
		if diff := cmp.Diff(Settings{"ipv4/arp_ignore": tt.found, "ipv4/arp_announce": "0"}, saved); diff != "" || err != nil {
			t.Errorf("saved (-want +got), %v:\n%s", err, diff)
		}
		if got, err := tun.ReadSetting("eth0", "ipv4", "arp_ignore"); got != tt.during || err != nil {
			t.Errorf("arp_ignore %s became %s, %v, want %s", tt.found, got, err, tt.during)
		}
		if err := tun.RestoreParent("eth0", saved); err != nil {
			t.Fatal(err)
		}
		now, err := tun.ParentSettings("eth0")
		if diff := cmp.Diff(saved, now); diff != "" || err != nil {
			t.Errorf("restored (-want +got), %v:\n%s", err, diff)
		}
	}
}

// On the parent too the lease ends by itself.
func TestImaginaryTUNLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, tun := fakeTUN(t)
		if err := tun.Claim("carp0", []Address{{Prefix: six, Lease: 3 * time.Second}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2999 * time.Millisecond)
		if has, err := tun.HasAddresses("carp0"); !has || err != nil {
			t.Errorf("before the end: %v, %v", has, err)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if has, err := tun.HasAddresses("carp0"); has || err != nil || strings.Contains(f.String(), "2001:db8") {
			t.Errorf("after the end: %v, %v\n%s", has, err, f)
		}
	})
}
