//go:build netns

package backing

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

const (
	tun     = "tun"
	macvlan = "macvlan"
)

// fenced is how long a kernel may go on answering IPv4 when the process that held the
// TUN has been killed: what the end of a process takes on a busy machine.
const fenced = 200 * time.Millisecond

// member is a host of the group.
type member struct {
	*netlab.Host
	kind string
	was  string // its card, before
}

// mac is what the clients are to have for the virtual addresses while it is MASTER.
func (m *member) mac() netlab.MAC {
	if m.kind == tun {
		return m.MAC()
	}
	return netlab.VirtualMAC(1)
}

// pair is two members of vhid 1, of which a is preferred, and a client that probes
// both families all the time.
type pair struct {
	*stage
	a, b   *member
	client *netlab.Host
	watch  [2]*watch
	other  []*netlab.Sniffer // frames from a host with a TUN that bear another MAC than its own
}

func newPair(t *testing.T, first, second string) *pair {
	t.Helper()
	s := newStage(t)
	p := &pair{stage: s, client: s.client("client", 10)}
	p.a = p.join("hosta", 3, first, 0)
	p.b = p.join("hostb", 4, second, 100)
	s.await(p.a.Host, "carp0", "MASTER")
	s.await(p.b.Host, "carp0", "BACKUP")
	p.watch[0], p.watch[1] = s.watch(p.client, virtual4), s.watch(p.client, virtual6)
	p.servedBy(p.a)
	return p
}

// join adds a member.
func (p *pair) join(name string, n int, kind string, skew int) *member {
	p.Helper()
	m := &member{Host: p.server(name, n), kind: kind}
	m.was = p.card(m.Host)
	if kind == tun {
		sniffer, err := m.SniffPort(p.Context(), func(f netlab.Frame) bool { return !f.Outgoing && f.Source() != m.MAC() })
		p.must(err)
		p.other = append(p.other, sniffer)
	}
	p.on(m.Host, "ifconfig-carp sysctl net.inet.carp.preempt=1",
		fmt.Sprintf("ifconfig-carp carp0 create backing %s vhid 1 advskew %d pass testpass 192.168.1.50/24", kind, skew),
		"ifconfig-carp carp0 inet6 2001:db8::50/64 alias")
	return m
}

// servedBy wants the client to be served by a member in both families, and to know its
// MAC; nobody else is MASTER.
func (p *pair) servedBy(m *member) {
	p.Helper()
	p.watch[0].served(m.Host)
	p.watch[1].served(m.Host)
	p.neighbour(p.client, virtual4, m.mac())
	p.neighbour(p.client, virtual6, m.mac())
	if got := p.state(m.Host, "carp0"); got != "MASTER" {
		p.Errorf("%s serves the client and is %s, want MASTER", m.Name(), got)
	}
}

// plan plays a planned switch, in which the client is to notice next to nothing.
func (p *pair) plan(on *member, line string, to *member) {
	p.Helper()
	hear, err := p.client.Sniff(p.Context(), "eth0", netlab.OfProtocol(unix.IPPROTO_ICMPV6))
	p.must(err)
	since := time.Now()
	p.on(on.Host, line)
	p.servedBy(to)
	heard, err := hear.Stop()
	p.must(err)
	limit := smooth
	if crossed(heard, to.mac()) {
		p.figure("%s# %s: who left has answered the client once more; the second announcement puts that right", on.Name(), line)
		limit += time.Second
	}
	p.watch[0].gap(on.Name()+"# "+strings.TrimPrefix(line, "ifconfig-carp "), since, smooth)
	p.watch[1].gap(on.Name()+"# "+strings.TrimPrefix(line, "ifconfig-carp "), since, limit)
}

// crossed tells whether somebody else has said that the IPv6 address is his after its
// new host had announced itself: an answer to a question that the client asked while
// the address changed hands.
func crossed(heard []netlab.Frame, mac netlab.MAC) bool {
	const advertisement = 136 // RFC 4861, 4.4; the target is at 8
	announced := false
	for _, f := range heard {
		b := f.Payload()
		if f.Outgoing || len(b) < 24 || b[0] != advertisement || netip.AddrFrom16([16]byte(b[8:24])) != virtual6 {
			continue
		}
		if f.Source() != mac && announced {
			return true
		}
		announced = announced || f.Source() == mac
	}
	return false
}

// A TUN takes part in the election like any macvlan, with hosts of either kind, in both
// families. The wire is the same but for the MAC, which is always the host's own, and
// the clients follow it at every move.
func TestTUN(t *testing.T) {
	for _, kinds := range [][2]string{{tun, tun}, {tun, macvlan}, {macvlan, tun}} {
		t.Run(kinds[0]+" and "+kinds[1], func(t *testing.T) {
			t.Parallel()
			p := newPair(t, kinds[0], kinds[1])
			p.plan(p.a, "ifconfig-carp carp0 down", p.b)
			p.plan(p.a, "ifconfig-carp carp0 up", p.a) // by preemption
			p.plan(p.a, "ifconfig-carp sysctl net.inet.carp.demotion=150", p.b)
			p.plan(p.a, "ifconfig-carp sysctl net.inet.carp.demotion=-150", p.a)
			p.kill()
			p.leave()
		})
	}
}

// kill kills the MASTER's supervisor. With a TUN its kernel stops answering IPv4 at
// once, with a macvlan only when the lease ends; the other takes over within its dead
// time either way.
func (p *pair) kill() {
	p.Helper()
	// The observer asks a's own MAC, whoever has the address.
	observer := p.stage.client("observer", 11)
	p.on(observer, "ip neigh replace 192.168.1.50 lladdr "+p.a.MAC().String()+" dev eth0 nud permanent")
	kernel := p.stage.watch(observer, virtual4)
	if p.a.kind == tun {
		kernel.served(p.a.Host)
	}
	since := p.signal(p.a.Host, "carp0", unix.SIGKILL)
	p.servedBy(p.b)
	_, last := kernel.LastFrom()
	kernel.Stop()
	for n, w := range p.watch {
		limit := smooth // a's kernel goes on until b has taken over
		if p.a.kind == tun && n == 0 {
			limit = deadTime + late
			answered := last.Sub(since)
			p.figure("SIGKILL at hosta: its kernel answers IPv4 for another %s", netlab.Millis(answered))
			if answered > fenced {
				p.Errorf("hosta's kernel answered IPv4 for %v after SIGKILL, want %v at most", answered, fenced)
			}
			if _, there, err := p.a.Link(p.Context(), "carp0"); there || err != nil {
				p.Errorf("hosta's carp0 after SIGKILL: %v, %v; want it gone", there, err)
			}
		}
		w.gap("SIGKILL at "+p.a.Name(), since, limit)
	}

	// The next command starts it again, and it becomes MASTER by preemption.
	since = time.Now()
	if out := p.on(p.a.Host, "ifconfig-carp carp0"); !strings.Contains(out, "its supervisor had died; started it again") {
		p.Errorf("after SIGKILL: %q", out)
	}
	p.servedBy(p.a)
	for _, w := range p.watch {
		w.gap("started again at "+p.a.Name(), since, smooth)
	}
}

// leave destroys both, one after the other. Their cards are as they were.
func (p *pair) leave() {
	p.Helper()
	p.plan(p.a, "ifconfig-carp carp0 destroy", p.b)
	p.on(p.b.Host, "ifconfig-carp carp0 destroy")
	for _, m := range []*member{p.a, p.b} {
		if now := p.card(m.Host); now != m.was {
			p.Errorf("eth0 of %s after the destroy:\n%swant\n%s", m.Name(), now, m.was)
		}
		if _, there, err := m.Link(p.Context(), "carp0"); there || err != nil {
			p.Errorf("carp0 of %s after the destroy: %v, %v", m.Name(), there, err)
		}
		if left, err := m.Processes(); err != nil || len(left) != 0 {
			p.Errorf("processes of %s after the destroy: %v, %v", m.Name(), left, err)
		}
	}
	for _, sniffer := range p.other {
		frames, err := sniffer.Stop()
		p.must(err)
		if len(frames) > 0 {
			p.Errorf("%d frames of a host with a TUN have another MAC than its own; the first: %v", len(frames), frames[0])
		}
	}
}
