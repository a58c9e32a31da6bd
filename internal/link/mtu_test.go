package link

import (
	"testing"
	"time"
)

// IPv6 comes back with an MTU that it works with, and is silenced before carpN is up
// again; with the next lease it is on.
func TestSetMTU(t *testing.T) {
	f := imaginaryHost(t)
	claim := []Address{{Prefix: four, Lease: 4 * time.Second, NoPrefixRoute: true}, {Prefix: six, Lease: 4 * time.Second}}
	if err := f.Claim("carp0", claim); err != nil {
		t.Fatal(err)
	}
	f.Ops()
	set := func(mtu int, want ...string) {
		t.Helper()
		if err := f.SetMTU("carp0", mtu); err != nil {
			t.Errorf("MTU %d: %v", mtu, err)
		}
		wantOps(t, f, want...)
	}
	set(1500)
	set(1400, "ip link set dev carp0 mtu 1400")
	set(1279, "ip link set dev carp0 mtu 1279")
	set(68, "ip link set dev carp0 mtu 68")
	silenced := []string{
		"sysctl -w net/ipv6/conf/carp0/disable_ipv6=1",
		"sysctl -w net/ipv6/conf/carp0/addr_gen_mode=1",
		"sysctl -w net/ipv6/conf/carp0/accept_dad=0",
		"sysctl -w net/ipv6/conf/carp0/dad_transmits=0",
		"sysctl -w net/ipv6/conf/carp0/accept_ra=0",
		"sysctl -w net/ipv6/conf/carp0/autoconf=0",
		"sysctl -w net/ipv6/conf/carp0/router_solicitations=0",
	}
	raised := append([]string{"ip link set dev carp0 down", "ip link set dev carp0 mtu 1280"}, silenced...)
	set(1280, append(raised, "ip link set dev carp0 up")...)
	if _, err := f.Renew("carp0", claim[1:]); err != nil {
		t.Error(err)
	}
	if ops := f.Ops(); len(ops) == 0 || ops[0] != "sysctl -w net/ipv6/conf/carp0/disable_ipv6=0" {
		t.Errorf("renewed by %q", ops)
	}
	if err := f.SetMTU("eth0", 1400); err == nil {
		t.Error("it changes what is not ours")
	}
}
