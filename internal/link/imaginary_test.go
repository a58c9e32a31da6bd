package link

import (
	"context"
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

var (
	mac  = [6]byte{0, 0, 0x5e, 0, 1, 7}
	four = netip.MustParsePrefix("192.0.2.20/24")
	six  = netip.MustParsePrefix("2001:db8::10/64")
)

// imaginaryHost returns a fake with one parent, prepared, and carp0 on it.
func imaginaryHost(t *testing.T) *Imaginary {
	t.Helper()
	f := NewImaginary()
	f.AddParent(Parent{Name: "eth0", MAC: [6]byte{2, 0, 0, 0, 0, 1}, Up: true, Carrier: true,
		Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.2/24")}})
	if _, err := f.PrepareParent("eth0"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.EnsureBacking("carp0", 1, mac); err != nil {
		t.Fatal(err)
	}
	f.Ops()
	return f
}

func wantOps(t *testing.T, f *Imaginary, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, f.Ops()); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
}

func TestImaginaryPrintsItself(t *testing.T) {
	f := imaginaryHost(t)
	if err := f.Claim("carp0", []Address{{Prefix: four, NoPrefixRoute: true}}); err != nil {
		t.Fatal(err)
	}
	want := `1: eth0: <UP,RUNNING> mtu 1500 link/ether 02:00:00:00:00:01
1: eth0 inet 192.0.2.2/24 valid_lft forever
1: net/ipv4/conf/eth0/arp_announce = 2
1: net/ipv4/conf/eth0/arp_ignore = 1
2: carp0@eth0: <UP,RUNNING> mtu 1500 link/ether 00:00:5e:00:01:07 macvlan mode bridge alias ifconfig-carp
2: carp0 inet 192.0.2.20/24 noprefixroute valid_lft forever
2: net/ipv4/conf/carp0/arp_announce = 2
2: net/ipv4/conf/carp0/arp_filter = 0
2: net/ipv4/conf/carp0/arp_ignore = 1
2: net/ipv4/conf/carp0/promote_secondaries = 1
2: net/ipv4/conf/carp0/proxy_arp = 0
2: net/ipv4/conf/carp0/rp_filter = 2
2: net/ipv6/conf/carp0/accept_dad = 0
2: net/ipv6/conf/carp0/accept_ra = 0
2: net/ipv6/conf/carp0/addr_gen_mode = 1
2: net/ipv6/conf/carp0/autoconf = 0
2: net/ipv6/conf/carp0/dad_transmits = 0
2: net/ipv6/conf/carp0/disable_ipv6 = 1
2: net/ipv6/conf/carp0/router_solicitations = 0
`
	if diff := cmp.Diff(want, f.String()); diff != "" {
		t.Errorf("picture (-want +got):\n%s", diff)
	}
}

func TestOperationsInOrder(t *testing.T) {
	f := imaginaryHost(t)
	both := []Address{{Prefix: six, Lease: 4 * time.Second}, {Prefix: four, Lease: 3500 * time.Millisecond, NoPrefixRoute: true}}
	if err := f.Claim("carp0", both); err != nil {
		t.Fatal(err)
	}
	wantOps(t, f,
		"ip addr replace 192.0.2.20/24 dev carp0 valid_lft 4 preferred_lft 4 noprefixroute",
		"sysctl -w net/ipv6/conf/carp0/disable_ipv6=0",
		"ip link set dev carp0 up",
		"ip addr replace 2001:db8::10/64 dev carp0 valid_lft 4 preferred_lft 0 nodad")

	f.RemoveAddress("carp0", four)
	again, err := f.Renew("carp0", both)
	if err != nil || len(again) != 1 || again[0] != four {
		t.Errorf("renew added %v again, %v", again, err)
	}
	wantOps(t, f,
		"ip addr replace 2001:db8::10/64 dev carp0 valid_lft 4 preferred_lft 0 nodad",
		"ip addr add 192.0.2.20/24 dev carp0 valid_lft 4 preferred_lft 4 noprefixroute")

	if err := f.Release("carp0"); err != nil {
		t.Fatal(err)
	}
	wantOps(t, f,
		"ip addr del 2001:db8::10/64 dev carp0",
		"ip addr del 192.0.2.20/24 dev carp0",
		"ip link set dev carp0 down",
		"sysctl -w net/ipv6/conf/carp0/disable_ipv6=1")

	if err := f.DeleteBacking("carp0"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.EnsureBacking("carp0", 1, mac); err != nil {
		t.Fatal(err)
	}
	ops := f.Ops()
	want := []string{"ip link del dev carp0",
		"ip link add link eth0 name carp0 address 00:00:5e:00:01:07 mtu 1500 group 1128354384 type macvlan mode bridge",
		"sysctl -w net/ipv6/conf/carp0/disable_ipv6=1"}
	if diff := cmp.Diff(want, ops[:3]); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
	want = []string{"ip link set dev carp0 alias ifconfig-carp", "ip link set dev carp0 group default"}
	if diff := cmp.Diff(want, ops[len(ops)-2:]); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
}

func TestCreationThatFailsLeavesNothing(t *testing.T) {
	f := imaginaryHost(t)
	before := f.String()
	for _, op := range []string{"ip link add", "sysctl -w net/ipv4/conf/carp1/rp_filter", "ip link set dev carp1 alias"} {
		f.FailOnce(op, syscall.EPERM)
		if _, err := f.EnsureBacking("carp1", 1, mac); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "carp1") {
			t.Errorf("failing %q: %v", op, err)
		}
		if diff := cmp.Diff(before, f.String()); diff != "" {
			t.Errorf("failing %q left something (-before +after):\n%s", op, diff)
		}
	}
	f.FailOnce("sysctl -w net/ipv4/conf/eth0/arp_ignore", syscall.EPERM)
	if err := f.WriteSetting("eth0", "ipv4", "arp_announce", "0"); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteSetting("eth0", "ipv4", "arp_ignore", "0"); !errors.Is(err, syscall.EPERM) {
		t.Fatal(err)
	}
	if err := f.WriteSetting("eth0", "ipv4", "arp_ignore", "0"); err != nil {
		t.Fatal(err)
	}
	before = f.String()
	f.FailOnce("sysctl -w net/ipv4/conf/eth0/arp_ignore", syscall.EPERM)
	if _, err := f.PrepareParent("eth0"); !errors.Is(err, syscall.EPERM) {
		t.Errorf("prepare: %v", err)
	}
	if diff := cmp.Diff(before, f.String()); diff != "" {
		t.Errorf("a failed prepare left something (-before +after):\n%s", diff)
	}
}

// One address that the kernel refuses keeps no other away.
func TestClaimDoesAllItCan(t *testing.T) {
	f := imaginaryHost(t)
	f.FailOnce("ip addr replace 192.0.2.20/24", syscall.ENOBUFS)
	err := f.Claim("carp0", []Address{{Prefix: four}, {Prefix: six}})
	if !errors.Is(err, syscall.ENOBUFS) || !strings.Contains(err.Error(), "carp0: add address 192.0.2.20/24") {
		t.Errorf("claim: %v", err)
	}
	addrs, err := f.Addresses("carp0")
	if err != nil || len(addrs) != 1 || addrs[0].Prefix != six {
		t.Errorf("addresses %v, %v", addrs, err)
	}
	// The refused one comes with the next renewal, and was never "removed by another".
	again, err := f.Renew("carp0", []Address{{Prefix: four}, {Prefix: six}})
	if err != nil || len(again) != 0 {
		t.Errorf("renew added %v again, %v", again, err)
	}
	if addrs, _ := f.Addresses("carp0"); len(addrs) != 2 {
		t.Errorf("addresses %v", addrs)
	}
}

func TestImaginaryLeaseInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := imaginaryHost(t)
		events, err := f.Watch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		addrs := []Address{{Prefix: four, Lease: 3 * time.Second}}
		if err := f.Claim("carp0", addrs); err != nil {
			t.Fatal(err)
		}
		if e := <-events; e.Kind != LinkChanged || e.Name != "carp0" || !e.Up {
			t.Errorf("event %+v", e)
		}
		for range 10 {
			time.Sleep(2 * time.Second)
			if again, err := f.Renew("carp0", addrs); len(again) > 0 || err != nil {
				t.Fatalf("renew: %v, %v", again, err)
			}
		}
		start := time.Now()
		want := Event{Kind: AddressChanged, Index: 2, Name: "carp0", Prefix: four, Removed: true}
		if diff := cmp.Diff(want, <-events, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
			t.Errorf("event (-want +got):\n%s", diff)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("the lease of 3 s took %v", took)
		}
		if has, _ := f.HasAddresses("carp0"); has {
			t.Error("an address outlived its lease")
		}
	})
}

func TestImaginaryWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := imaginaryHost(t)
		ctx, cancel := context.WithCancel(t.Context())
		events, err := f.Watch(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		take := func() {
			e := <-events
			got = append(got, e.Kind.String()+" "+e.Name)
		}
		f.SetLink("eth0", true, false)
		take()
		take()
		f.Overrun()
		take()
		f.RemoveLink("eth0")
		take()
		take()
		take()
		want := []string{"link changed eth0", "link changed carp0", "resync ", "link gone carp0", "address changed eth0", "link gone eth0"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if err := f.Claim("carp0", []Address{{Prefix: four}}); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("claim after the parent has gone: %v", err)
		}
		cancel()
		if e, ok := <-events; ok {
			t.Errorf("event %+v after the end", e)
		}
	})
}

func TestForeignInterfacesAreLeftAlone(t *testing.T) {
	f := imaginaryHost(t)
	f.AddForeign("carp5")
	before := f.String()
	if _, err := f.EnsureBacking("carp5", 1, mac); !errors.Is(err, fs.ErrExist) {
		t.Errorf("ensure: %v", err)
	}
	if err := f.DeleteBacking("carp5"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("delete: %v", err)
	}
	if diff := cmp.Diff(before, f.String()); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
	wantOps(t, f)
}
