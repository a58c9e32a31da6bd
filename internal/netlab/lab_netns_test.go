//go:build netns

package netlab_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// pair makes a lab with hosts a and b, each with an IPv4 and an IPv6 address.
func pair(t *testing.T) (lab *netlab.Lab, a, b *netlab.Host) {
	t.Helper()
	lab = netlab.ForTest(t)
	a = lab.HostForTest(t, "a", "192.168.1.3/24", "2001:db8::3/64")
	b = lab.HostForTest(t, "b", "192.168.1.4/24", "2001:db8::4/64")
	return lab, a, b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func probe(t *testing.T, from *netlab.Host, addr string) *netlab.Probe {
	t.Helper()
	p, err := netlab.StartProbe(t.Context(), from, netip.MustParseAddr(addr), time.Millisecond)
	must(t, err)
	return p
}

// answering waits until the probe has a reply sent after now.
func answering(t *testing.T, p *netlab.Probe) {
	t.Helper()
	since := time.Now()
	must(t, netlab.Wait(t.Context(), 5*time.Second, "a reply", func() (bool, string) {
		host, at := p.LastFrom()
		return at.After(since), host + " at " + at.String()
	}))
}

// silent waits until the probe has had no reply for a while.
func silent(t *testing.T, p *netlab.Probe, d time.Duration) {
	t.Helper()
	must(t, netlab.Wait(t.Context(), 5*time.Second, "silence", func() (bool, string) {
		host, at := p.LastFrom()
		return time.Since(at) > d, host + " at " + at.String()
	}))
}

func TestTwoHostsPing(t *testing.T) {
	_, a, b := pair(t)
	for _, addr := range []string{"192.168.1.4", "2001:db8::4"} {
		out, err := a.Run(t.Context(), "ping", "-c", "1", "-W", "2", addr)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out, "1 received") {
			t.Errorf("ping %s printed %q", addr, out)
		}
		mac, ok, err := a.Neighbour(t.Context(), netip.MustParseAddr(addr))
		if err != nil || !ok || mac != b.MAC() {
			t.Errorf("neighbour %s: %v %v %v, want %v", addr, mac, ok, err, b.MAC())
		}
	}
	got, err := b.Addresses(t.Context(), "eth0")
	if err != nil || len(got) < 2 || got[0] != netip.MustParsePrefix("192.168.1.4/24") {
		t.Errorf("addresses %v, %v", got, err)
	}
}

func TestProbeAtOneKilohertzLosesNothing(t *testing.T) {
	_, a, _ := pair(t)
	for _, addr := range []string{"192.168.1.4", "2001:db8::4"} {
		p := probe(t, a, addr)
		start := time.Now()
		must(t, netlab.Wait(t.Context(), 5*time.Second, "a second of probing", func() (bool, string) {
			return time.Since(start) > time.Second, ""
		}))
		r := p.Stop()
		t.Logf("%s: %v", addr, r)
		if r.Lost != 0 || len(r.Gaps) != 0 || r.Duplicates != 0 {
			t.Errorf("%s: gaps %v, %v; want nothing lost", addr, r.Gaps, r)
		}
		if r.Sent < 500 || r.By["b"] != r.Sent {
			t.Errorf("%s: %v; want at least 500 sent and all answered by b", addr, r)
		}
	}
}

// Each fault shows as one gap; only Unplug shows at the host as a lost carrier.
func TestFaultsShowAsAGap(t *testing.T) {
	const outage = 100 * time.Millisecond
	tests := []struct {
		name        string
		off, on     func(*netlab.Host, context.Context) error
		keepCarrier bool
	}{
		{"unplug", (*netlab.Host).Unplug, (*netlab.Host).Plug, false},
		{"cut", (*netlab.Host).Cut, (*netlab.Host).Mend, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, a, b := pair(t)
			p := probe(t, a, "192.168.1.4")
			answering(t, p)
			must(t, tt.off(b, t.Context()))
			silent(t, p, outage)
			link, ok, err := b.Link(t.Context(), "eth0")
			if err != nil || !ok || link.Carrier() != tt.keepCarrier {
				t.Errorf("eth0 of b: %+v %v %v, want carrier %v", link, ok, err, tt.keepCarrier)
			}
			must(t, tt.on(b, t.Context()))
			answering(t, p)
			oneGap(t, p.Stop(), outage)
		})
	}
}

func oneGap(t *testing.T, r netlab.Result, atLeast time.Duration) {
	t.Helper()
	t.Log(r)
	if len(r.Gaps) != 1 || r.LongestGap() < atLeast || r.Lost == 0 {
		t.Errorf("%v: gaps %+v, want one of at least %v", r, r.Gaps, atLeast)
	}
}

func TestPowerOffKillsAndSilences(t *testing.T) {
	_, a, b := pair(t)
	// A background process that has let go of its parent, as a supervisor does.
	_, err := b.Run(t.Context(), "sh", "-c", "setsid sleep 1000 & ")
	must(t, err)
	must(t, netlab.Wait(t.Context(), 5*time.Second, "sleep on b", func() (bool, string) {
		found, err := b.Find("sleep")
		return err == nil && len(found) == 1, "nothing"
	}))
	p := probe(t, a, "192.168.1.4")
	answering(t, p)
	must(t, b.PowerOff(t.Context()))
	if left, err := b.Processes(); err != nil || len(left) != 0 {
		t.Errorf("after PowerOff: %v, %v; want no process", left, err)
	}
	silent(t, p, 100*time.Millisecond)
	if _, ok, err := b.Link(t.Context(), "eth0"); ok || err != nil {
		t.Errorf("after PowerOff eth0 is there: %v, %v", ok, err)
	}
	must(t, b.PowerOn(t.Context()))
	answering(t, p)
	oneGap(t, p.Stop(), 100*time.Millisecond)
}

// Two hosts with one address: the answers are told apart.
func TestProbeTellsAnswerersApart(t *testing.T) {
	lab, a, b := pair(t)
	c := lab.HostForTest(t, "c", "192.168.1.5/24")
	const shared = "192.168.1.50/24"
	must(t, second(b.Run(t.Context(), "ip", "addr", "add", shared, "dev", "eth0")))
	p := probe(t, a, "192.168.1.50")
	answering(t, p)
	must(t, second(c.Run(t.Context(), "ip", "addr", "add", shared, "dev", "eth0")))
	must(t, second(b.Run(t.Context(), "ip", "addr", "del", shared, "dev", "eth0")))
	must(t, second(a.Run(t.Context(), "ip", "neigh", "flush", "to", "192.168.1.50")))
	answering(t, p)
	r := p.Stop()
	t.Log(r)
	if r.By["b"] == 0 || r.By["c"] == 0 || len(r.Switches) != 1 || r.Switches[0].To != "c" {
		t.Errorf("%v, switches %+v; want one from b to c", r, r.Switches)
	}
}

func second(_ string, err error) error { return err }

func TestSnifferSeesBothEnds(t *testing.T) {
	_, a, b := pair(t)
	card, err := b.Sniff(t.Context(), "eth0", netlab.OfProtocol(unix.IPPROTO_ICMP))
	must(t, err)
	port, err := b.SniffPort(t.Context(), netlab.FromMAC(a.MAC()))
	must(t, err)
	must(t, second(a.Run(t.Context(), "ping", "-c", "1", "-W", "2", "192.168.1.4")))
	frames, err := card.Stop()
	must(t, err)
	if len(frames) != 2 || frames[0].Source() != a.MAC() || frames[0].Outgoing || !frames[1].Outgoing {
		t.Errorf("eth0 of b saw %v, want the request and the reply", frames)
	}
	frames, err = port.Stop()
	must(t, err)
	arp := 0
	for _, f := range frames {
		if f.ARPOperation() == 1 && f.To() == netip.MustParseAddr("192.168.1.4") {
			arp++
		}
		if f.Source() != a.MAC() || !f.Outgoing {
			t.Errorf("port of b saw %v, want frames from a, on their way out to b", f)
		}
	}
	if arp == 0 {
		t.Errorf("port of b saw %v, want a's ARP request", frames)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	lab, a, b := pair(t)
	must(t, second(a.Run(t.Context(), "sh", "-c", "setsid sleep 1001 & setsid sleep 1001 & ")))
	foreground := b.Command(t.Context(), "sleep", "1002")
	must(t, foreground.Start())
	p := probe(t, a, "192.168.1.4")
	answering(t, p)
	inside, err := a.Processes()
	if err != nil || len(inside) == 0 {
		t.Fatalf("processes on a: %v, %v", inside, err)
	}
	must(t, lab.Close())
	_ = foreground.Wait() // killed
	for _, pr := range inside {
		if err := pr.Signal(0); err == nil && !zombie(pr.PID) {
			t.Errorf("process %v still there", pr)
		}
	}
	for _, h := range lab.Hosts() {
		if _, err := os.Stat("/run/netns/" + h.Namespace()); !os.IsNotExist(err) {
			t.Errorf("namespace %s still there: %v", h.Namespace(), err)
		}
	}
	if _, err := os.Stat(lab.Dir()); !os.IsNotExist(err) {
		t.Errorf("folder %s still there: %v", lab.Dir(), err)
	}
	if _, err := lab.Host("late"); err == nil {
		t.Error("a closed lab took another host")
	}
}

// zombie tells whether a process has ended but was not waited for by its parent.
func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}

// The end of the context is as good as Close: Ctrl-C leaves nothing behind.
func TestContextEndCloses(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	lab, err := netlab.New(ctx)
	must(t, err)
	t.Cleanup(func() { _ = lab.Close() })
	h := lab.HostForTest(t, "a", "192.168.1.3/24")
	cancel()
	must(t, netlab.Wait(t.Context(), 10*time.Second, "namespace gone", func() (bool, string) {
		_, err := os.Stat("/run/netns/" + h.Namespace())
		return os.IsNotExist(err), "still there"
	}))
	must(t, lab.Close())
}
