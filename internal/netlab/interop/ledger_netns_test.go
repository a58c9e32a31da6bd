//go:build netns

package interop

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// atOnceLimit is how long after its reason a change of demotion may be on the wire, the
// command that made it included: far less than an interval.
const atOnceLimit = 250 * time.Millisecond

// gateway is a host with two parents: carp0 with vhid 1 on eth0, where a client listens,
// and carp1 with vhid 2 on eth1, a cable that can be pulled.
type gateway struct {
	*scene
	gate, client *netlab.Host
	ads          *netlab.Sniffer
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	s := newScene(t)
	g := &gateway{scene: s, gate: s.member("gate", "192.168.1.3/24"), client: s.other("client", "192.168.1.10/24")}
	s.cable(g.gate, "eth1", g.client.Namespace(), "inside")
	s.on(g.gate, "ip addr add 10.0.0.3/24 dev eth1",
		"ifconfig-carp carp0 create vhid 1 pass "+password+" 192.168.1.50/24",
		"ifconfig-carp carp1 create vhid 2 pass "+password+" 10.0.0.50/24")
	s.await(g.gate, "carp0", master)
	s.await(g.gate, "carp1", master)
	g.ads = s.listen(g.client, "eth0", fromAddr(netip.MustParseAddr("192.168.1.3")))
	return g
}

// unplug pulls eth1's cable and returns when carp1 has noticed: the kernel's news of a
// lost carrier may come up to a second late.
func (g *gateway) unplug() time.Time {
	g.Helper()
	since := time.Now()
	g.on(g.client, "ip link set inside down")
	return g.awaitSince(g.gate, "carp1", initial, since).At
}

func (g *gateway) plug() time.Time {
	g.Helper()
	since := time.Now()
	g.on(g.client, "ip link set inside up")
	return g.awaitSince(g.gate, "carp1", backup, since).At
}

// saysAtOnce waits for an advertisement of carp0's with an advskew and wants it soon
// after a moment.
func (g *gateway) saysAtOnce(what string, advskew byte, reason time.Time) {
	g.Helper()
	var at time.Time
	g.wait(fmt.Sprintf("advskew %d on the wire", advskew), func() (bool, string) {
		for _, ad := range advertisements(g.ads.Frames(netlab.Since(reason.Add(-time.Millisecond)))) {
			if ad.skew == advskew {
				at = ad.At
				return true, ""
			}
		}
		return false, "none"
	})
	after := at.Sub(reason)
	g.figure("%s: advskew %d on the wire %s later", what, advskew, millis(after))
	if after > atOnceLimit+machine.stalled(reason, at) {
		g.Errorf("%s: advskew %d on the wire after %v, want %v at most", what, advskew, after, atOnceLimit)
	}
}

// ledger is carp0's view of the host's demotion, as text.
func (g *gateway) ledger(want ...string) status {
	g.Helper()
	got := g.status(g.gate, "carp0")
	var list []string
	for _, d := range got.Demotions {
		list = append(list, fmt.Sprintf("%+d %s (%s)", d.Value, d.Name, d.Owner))
		if age := time.Since(d.Since); age < 0 || age > time.Minute {
			g.Errorf("%s is said to hold since %v", d.Name, d.Since)
		}
	}
	if fmt.Sprint(list) != fmt.Sprint(want) {
		g.Errorf("the ledger holds %q, want %q", list, want)
	}
	out := g.on(g.gate, "ifconfig-carp carp0 -v")
	for _, w := range want {
		if !strings.Contains(out, w+", for ") && !strings.Contains(out, w+"\n") {
			g.Errorf("-v does not show %q and since when:\n%s", w, out)
		}
	}
	if sum := fmt.Sprintf("demotion %d, advertised advskew %d", got.Demotion, got.Advertised); !strings.Contains(out, sum) {
		g.Errorf("-v does not show %q:\n%s", sum, out)
	}
	if sum := g.on(g.gate, "ifconfig-carp sysctl -n net.inet.carp.demotion"); strings.TrimSpace(sum) != fmt.Sprint(got.Demotion) {
		g.Errorf("net.inet.carp.demotion is %q, and --json has %d", sum, got.Demotion)
	}
	return got
}

// The reasons for demotion add up, are advertised at once, and go with who gave them.
func TestLedger(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	g.ledger()
	down := g.unplug()
	g.saysAtOnce("link down of the other interface", 240, down)
	g.ledger("+240 link down (carp1)")
	if got := g.status(g.gate, "carp0"); got.State != master || got.Demotion != 240 {
		g.Errorf("carp0 is %s with demotion %d, want MASTER with 240", got.State, got.Demotion)
	}

	g.on(g.gate, "ifconfig-carp sysctl net.inet.carp.demotion=10")
	if got := g.ledger("+240 link down (carp1)", "+10 sysctl (administrator)"); got.Demotion != 250 || got.Advertised != 240 {
		g.Errorf("demotion %d, advertised advskew %d; want 250 and 240", got.Demotion, got.Advertised)
	}
	up := g.plug()
	g.saysAtOnce("link up again", 10, up)
	g.ledger("+10 sysctl (administrator)")
	since := time.Now()
	g.on(g.gate, "ifconfig-carp sysctl net.inet.carp.demotion=-10")
	g.saysAtOnce("the administrator's number taken back", 0, since)
	g.ledger()

	// Who has died owns nothing.
	down = g.unplug()
	g.saysAtOnce("link down again", 240, down)
	since = g.bereave()
	g.saysAtOnce("death of the owner", 0, since)
	g.ledger()
	since = time.Now()
	g.on(g.gate, "ifconfig-carp carp1")
	g.saysAtOnce("the owner is back, its link is not", 240, since)
	g.ledger("+240 link down (carp1)")
	since = time.Now()
	g.on(g.gate, "ifconfig-carp carp1 destroy")
	g.saysAtOnce("the owner is destroyed", 0, since)
	g.ledger()
}

// bereave ends carp1's supervisor. That is no fence: carp0's goes on.
func (g *gateway) bereave() time.Time {
	g.Helper()
	p := g.supervisor(g.gate, "carp1")
	at := time.Now()
	g.must(p.Signal(unix.SIGKILL))
	return at
}

// What the ledger is for: with preempt, a gateway that has lost one side gives the other
// one up too, and takes it back, and nobody on the good side notices.
func TestLedgerMovesBothSides(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	spare := g.member("spare", "192.168.1.4/24")
	for _, h := range []*netlab.Host{g.gate, spare} {
		g.on(h, "ifconfig-carp sysctl net.inet.carp.preempt=1")
	}
	g.on(spare, "ifconfig-carp carp0 create vhid 1 advskew 100 pass "+password+" 192.168.1.50/24")
	g.await(spare, "carp0", backup)
	p := g.probe(g.client, virtual4)
	begun := time.Now()
	for _, move := range []struct {
		what string
		do   func() time.Time
		to   *netlab.Host
		from *netlab.Host
	}{
		{"link down", g.unplug, spare, g.gate},
		{"link up", g.plug, g.gate, spare},
		{"link down again", g.unplug, spare, g.gate},
		{"death of the owner", g.bereave, g.gate, spare},
	} {
		since := move.do()
		c := g.awaitSince(move.to, "carp0", master, since)
		g.awaitSince(move.from, "carp0", backup, since)
		g.served(p, move.to)
		g.figure("%s: %s is MASTER %s later (%s)", move.what, move.to.Name(), millis(c.At.Sub(since)), c.Reason)
	}
	r := p.Stop().Since(begun)
	g.figure("four moves: %v", r)
	if gap := r.LongestGap(); gap > smooth+r.Stall+machine.stalled(begun, r.End) {
		g.Errorf("gaps %+v, want none over %v", r.Gaps, smooth)
	}
	g.neverTwo(1)
}
