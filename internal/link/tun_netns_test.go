//go:build netns

package link

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

func isBusy(err error) bool      { return errors.Is(err, unix.EBUSY) }
func unsupported(err error) bool { return errors.Is(err, unix.EOPNOTSUPP) }

// holderLease in the environment makes the test binary a process that holds a TUN: carp0 on eth0, with
// one address of each kind for a lease of so many seconds, renewed twice a second.
const holderLease = "LINK_TEST_HOLDER_LEASE"

func TestMain(m *testing.M) {
	if lease := os.Getenv(holderLease); lease != "" {
		if err := holdTUN(lease); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func holdTUN(seconds string) error {
	n, err := strconv.Atoi(seconds)
	if err != nil {
		return err
	}
	k, err := Open()
	if err != nil {
		return err
	}
	tun := k.TUN()
	if _, err := tun.PrepareParent("eth0"); err != nil {
		return err
	}
	eth0, err := tun.Parent("eth0")
	if err != nil {
		return err
	}
	if _, err := tun.EnsureBacking("carp0", eth0.Index, virtualMAC); err != nil {
		return err
	}
	// A child that outlives us must not keep the interface.
	if err := exec.Command("sleep", "60").Start(); err != nil {
		return err
	}
	all := everyFamily(time.Duration(n) * time.Second)
	if err := tun.Claim("carp0", all); err != nil {
		return err
	}
	fmt.Println("claimed")
	for {
		time.Sleep(500 * time.Millisecond)
		if again, err := tun.Renew("carp0", all); err != nil || len(again) > 0 {
			return fmt.Errorf("renew added %v again: %w", again, err)
		}
	}
}

// tunLAN is a host that holds a TUN in a process of its own, and a peer.
type tunLAN struct {
	t            *testing.T
	holder, peer *netlab.Host
	process      *exec.Cmd
}

func newTUNLAN(t *testing.T, lease string) *tunLAN {
	t.Helper()
	lab := netlab.ForTest(t)
	l := &tunLAN{t: t,
		holder: lab.HostForTest(t, "holder", "192.0.2.2/24", "2001:db8::2/64"),
		peer:   lab.HostForTest(t, "peer", "192.0.2.9/24", "2001:db8::9/64"),
	}
	self, err := os.Executable()
	l.ok(err)
	l.process = l.holder.Command(t.Context(), self)
	l.process.Env = append(l.process.Environ(), holderLease+"="+lease)
	l.process.Stderr = os.Stderr
	out, err := l.process.StdoutPipe()
	l.ok(err)
	l.ok(l.process.Start())
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "claimed\n" {
		t.Fatalf("the holder said %q, %v", line, err)
	}
	return l
}

func (l *tunLAN) ok(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *tunLAN) probe(addr netip.Addr) *netlab.Probe {
	l.t.Helper()
	p, err := netlab.StartProbe(l.t.Context(), l.peer, addr, time.Millisecond)
	l.ok(err)
	since := time.Now()
	l.ok(netlab.Wait(l.t.Context(), 5*time.Second, addr.String()+" answers", func() (bool, string) {
		host, at := p.LastFrom()
		return at.After(since), host
	}))
	return p
}

// lastReply is when the address was last heard of, once it has been silent for a while.
func (l *tunLAN) lastReply(p *netlab.Probe) time.Time {
	l.t.Helper()
	l.ok(netlab.Wait(l.t.Context(), 10*time.Second, "silence", func() (bool, string) {
		host, at := p.LastFrom()
		return time.Since(at) > hush, host + " at " + at.String()
	}))
	_, at := p.LastFrom()
	p.Stop()
	return at
}

func TestTUNAnswersWithTheParentsMAC(t *testing.T) {
	l := newTUNLAN(t, "60")
	for _, a := range everyFamily(0) {
		target := a.Prefix.Addr()
		asked := target.String()
		if target.IsLinkLocalUnicast() {
			asked += "%eth0"
		}
		if _, err := l.peer.Run(t.Context(), "ping", "-c", "3", "-i", "0.2", "-W", "1", asked); err != nil {
			t.Error(err)
		}
		mac, ok, err := l.peer.Neighbour(t.Context(), target)
		if err != nil || !ok || mac != l.holder.MAC() {
			t.Errorf("%v is at %v, %v, %v, want %v", target, mac, ok, err, l.holder.MAC())
		}
		// As a source too.
		back := "192.0.2.9"
		if target.Is6() {
			back = "2001:db8::9"
		}
		if target.IsLinkLocalUnicast() {
			continue
		}
		if _, err := l.holder.Run(t.Context(), "ping", "-c", "1", "-W", "1", "-I", target.String(), back); err != nil {
			t.Error(err)
		}
	}
	// TCP, which is pickier than ping about what is local.
	fetched := netlab.FetchOnce(l.peer, vip6.Addr(), "example")
	if !errors.Is(fetched.Err, unix.ECONNREFUSED) {
		t.Errorf("TCP to %v where nobody listens: %v, want a refusal", vip6, fetched.Err)
	}
	// The host's own traffic does not come from the virtual addresses.
	out, err := l.holder.Run(t.Context(), "ip", "route", "get", "2001:db8::9")
	if err != nil || !bytes.Contains([]byte(out), []byte("src 2001:db8::2 ")) {
		t.Errorf("route to the peer: %q, %v", out, err)
	}
}

func TestTUNIsFencedByTheKernel(t *testing.T) {
	const lease = 3
	l := newTUNLAN(t, strconv.Itoa(lease))
	probe4, probe6 := l.probe(vip4.Addr()), l.probe(vip6.Addr())
	killed := time.Now()
	l.ok(l.process.Process.Kill())
	_ = l.process.Wait()
	after4, after6 := l.lastReply(probe4).Sub(killed), l.lastReply(probe6).Sub(killed)
	t.Logf("after SIGKILL IPv4 answered for %v, IPv6, with a lease of %d s, for %v", after4, lease, after6)
	if after4 > 100*time.Millisecond {
		t.Errorf("IPv4 answered for %v after its process was killed", after4)
	}
	if after6 > (lease+1)*time.Second {
		t.Errorf("IPv6 answered for %v after its process was killed, with a lease of %d s", after6, lease)
	}
	// Nothing is left but the settings of the parent, which the next supervisor restores.
	if _, there, err := l.holder.Link(t.Context(), "carp0"); there || err != nil {
		t.Errorf("carp0 is still there: %v, %v", there, err)
	}
	addrs, err := l.holder.Addresses(t.Context(), "eth0")
	l.ok(err)
	for _, a := range everyFamily(0) {
		for _, left := range addrs {
			if left.Addr() == a.Prefix.Addr() {
				t.Errorf("%v is still on eth0", left)
			}
		}
	}
	if ps, err := l.holder.Find("sleep"); err != nil || len(ps) != 1 {
		t.Errorf("the holder's child: %v, %v; without it the test shows less than it says", ps, err)
	}
}

// A process that hangs keeps the TUN, and loses the addresses with the lease.
func TestTUNLeaseOfAHungProcess(t *testing.T) {
	const lease = 2
	l := newTUNLAN(t, strconv.Itoa(lease))
	probe4, probe6 := l.probe(vip4.Addr()), l.probe(vip6.Addr())
	stopped := time.Now()
	l.ok(l.process.Process.Signal(unix.SIGSTOP))
	after4, after6 := l.lastReply(probe4).Sub(stopped), l.lastReply(probe6).Sub(stopped)
	t.Logf("after SIGSTOP with a lease of %d s IPv4 answered for %v, IPv6 for %v", lease, after4, after6)
	for _, after := range []time.Duration{after4, after6} {
		// Usually it is the lease and a few tenths. On a crowded machine the work that deletes the
		// address has been seen more than two seconds late.
		if after < (lease-1)*time.Second || after > (lease+4)*time.Second {
			t.Errorf("answered for %v with a lease of %d s", after, lease)
		}
	}
	l.ok(l.process.Process.Kill())
	_ = l.process.Wait()
}

// The parent's own requests carry its own address, also when what asks is a virtual one.
func TestTUNParentAsksForItself(t *testing.T) {
	l := newLab(t)
	tun := l.Kernel.TUN()
	defer tun.Close()
	_, err := tun.PrepareParent("eth0")
	l.ok(err)
	_, err = tun.EnsureBacking("carp0", l.eth0.Index, virtualMAC)
	l.ok(err)
	l.ok(tun.Claim("carp0", everyFamily(60*time.Second)))
	l.until("the parent has asked for the peer's address", func() bool {
		l.ok(sendFrom(vip4.Addr(), netip.MustParseAddrPort("192.0.2.77:9")))
		asked := false
		for _, f := range l.heard(hush, never) {
			if f[12] == 8 && f[13] == 6 && f[21] == 1 {
				asked = true
				if bytes.Equal(f[28:32], vip4.Addr().AsSlice()) {
					t.Fatalf("a request for %v comes from %v", f[38:42], vip4.Addr())
				}
			}
		}
		return asked
	})
}

// Claimed, released and claimed again, watched by what a peer hears; and nothing is left at the end.
func TestTUNClaimAnswersReleaseStops(t *testing.T) {
	before := goleak.IgnoreCurrent()
	l := newLab(t)
	picture := l.picture()
	tun := l.Kernel.TUN()
	saved, err := tun.PrepareParent("eth0")
	l.ok(err)
	_, err = tun.EnsureBacking("carp0", l.eth0.Index, virtualMAC)
	l.ok(err)
	all := everyFamily(60 * time.Second)
	for range 2 {
		l.ok(tun.Claim("carp0", all))
		for _, a := range all {
			l.wantAnswer(a.Prefix, parentMAC)
		}
		if got, err := tun.Addresses("carp0"); len(got) != 3 || err != nil {
			t.Errorf("claimed %v, %v", got, err)
		}
		l.ok(tun.Release("carp0"))
		for _, a := range all {
			l.wantSilence(a.Prefix)
		}
		if has, err := tun.HasAddresses("carp0"); has || err != nil {
			t.Errorf("addresses after release: %v, %v", has, err)
		}
	}
	l.wantAnswer(l.eth0.Addresses[0], parentMAC)

	// What the kernel routes into it goes nowhere, however much.
	l.ok(tun.Claim("carp0", all))
	l.ok(exec.Command("ip", "route", "add", "203.0.113.0/24", "dev", "carp0").Run())
	for range 2000 {
		l.ok(sendFrom(vip4.Addr(), netip.MustParseAddrPort("203.0.113.9:9")))
	}
	l.until("the TUN was emptied", func() bool {
		out, err := os.ReadFile("/proc/thread-self/net/dev")
		l.ok(err)
		for line := range bytes.Lines(out) {
			if f := bytes.Fields(line); len(f) > 10 && string(f[0]) == "carp0:" {
				sent, err := strconv.Atoi(string(f[10]))
				l.ok(err)
				return sent >= 1000 // the queue holds 500
			}
		}
		return false
	})
	l.ok(tun.DeleteBacking("carp0"))
	l.ok(tun.RestoreParent("eth0", saved))
	if after := l.picture(); after != picture {
		t.Errorf("before:\n%s\nafter:\n%s", picture, after)
	}
	l.ok(tun.Close())
	goleak.VerifyNone(t, before)
}

// A watch hears of the parent's own addresses and of virtual ones that go, and nothing of renewals.
func TestWatchIgnoresVirtualAddressesOnTheParent(t *testing.T) {
	l := newLab(t)
	tun := l.Kernel.TUN()
	defer tun.Close()
	_, err := tun.EnsureBacking("carp0", l.eth0.Index, virtualMAC)
	l.ok(err)
	inet6 := everyFamily(60 * time.Second)[1:]
	l.ok(tun.Claim("carp0", inet6))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events, err := tun.Watch(ctx)
	l.ok(err)
	// The kernel tells of IPv6 addresses a moment later, one after the other: what was
	// claimed has been told of when this one is.
	l.ok(exec.Command("ip", "addr", "add", "2001:db8::76/128", "dev", "eth0", "nodad").Run())
	next(t, events, "the first address", func(e Event) bool { return e.Prefix == netip.MustParsePrefix("2001:db8::76/128") })
	for range 5 {
		_, err := tun.Renew("carp0", inet6)
		l.ok(err)
	}
	l.ok(tun.Release("carp0"))
	l.ok(exec.Command("ip", "addr", "add", "2001:db8::77/128", "dev", "eth0", "nodad").Run())
	var gone []netip.Prefix
	next(t, events, "the host's own address", func(e Event) bool {
		if e.Kind == AddressChanged && e.Name == "eth0" {
			if e.Removed {
				gone = append(gone, e.Prefix)
			} else if slices.ContainsFunc(inet6, func(a Address) bool { return a.Prefix.Addr() == e.Prefix.Addr() }) {
				t.Errorf("told of %v", e.Prefix)
			}
		}
		return e.Prefix == netip.MustParsePrefix("2001:db8::77/128")
	})
	if len(gone) != len(inet6) {
		t.Errorf("told that %v went", gone)
	}
}

func TestTUNMeasure(t *testing.T) {
	l := newLab(t)
	tun := l.Kernel.TUN()
	defer tun.Close()
	_, err := tun.PrepareParent("eth0")
	l.ok(err)
	var made, deleted []time.Duration
	for range 5 {
		start := time.Now()
		_, err := tun.EnsureBacking("carp0", l.eth0.Index, virtualMAC)
		l.ok(err)
		made = append(made, time.Since(start))
		start = time.Now()
		l.ok(tun.DeleteBacking("carp0"))
		deleted = append(deleted, time.Since(start))
	}
	_, err = tun.EnsureBacking("carp0", l.eth0.Index, virtualMAC)
	l.ok(err)
	t.Logf("make %v, delete %v", median(made), median(deleted))
	inet6 := []Address{{Prefix: vip6, Lease: 4 * time.Second}}
	for _, c := range []struct {
		name  string
		addrs []Address
		limit time.Duration
	}{
		{"one IPv4", many(1, 4*time.Second), 2 * time.Millisecond},
		{"one IPv6", inet6, 2 * time.Millisecond},
		{"one of each", append(many(1, 4*time.Second), inet6...), 2 * time.Millisecond},
		{"200 IPv4", many(200, 4*time.Second), 0},
	} {
		var claim, renew, release, silent []time.Duration
		for range 21 {
			start := time.Now()
			l.ok(tun.Claim("carp0", c.addrs))
			claim = append(claim, time.Since(start))
			start = time.Now()
			again, err := tun.Renew("carp0", c.addrs)
			l.ok(err)
			if len(again) != 0 {
				t.Fatalf("renew added %v again", again)
			}
			renew = append(renew, time.Since(start))
			start = time.Now()
			last := &silence{host: tun.host}
			tun.host = last
			l.ok(tun.Release("carp0"))
			tun.host = last.host
			release = append(release, time.Since(start))
			silent = append(silent, last.at.Sub(start))
		}
		if got := median(claim); c.limit > 0 && got > c.limit {
			t.Errorf("claim of %s took %v, want at most %v", c.name, got, c.limit)
		}
		t.Logf("%-12s claim %v (max %v), renew %v, release %v of which until silent %v", c.name,
			median(claim), slices.Max(claim), median(renew), median(release), median(silent))
	}
}
