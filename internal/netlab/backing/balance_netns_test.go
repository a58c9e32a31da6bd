//go:build netns

package backing

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// shared is a LAN on which two hosts share the load of one address: hosta is to be
// MASTER of vhid 1, hostb of vhid 2. The client with the even address gets the MAC of
// the one, the client with the odd address that of the other.
type shared struct {
	*stage
	hosta, hostb *netlab.Host
	even, odd    *netlab.Host
}

const arpBalance = "ifconfig-carp sysctl net.inet.carp.arpbalance=1 net.inet.carp.preempt=1"

func newShared(t *testing.T) *shared {
	t.Helper()
	s := &shared{stage: newStage(t)}
	s.hosta, s.hostb = s.server("hosta", 3), s.server("hostb", 4)
	s.even, s.odd = s.client("even", 10), s.client("odd", 11)
	s.set(s.hosta, 0, 100)
	s.set(s.hostb, 100, 0)
	s.await(s.hosta, "carp0", "MASTER")
	s.await(s.hostb, "carp1", "MASTER")
	s.await(s.hosta, "carp1", "BACKUP")
	s.await(s.hostb, "carp0", "BACKUP")
	for _, client := range []*netlab.Host{s.even, s.odd} {
		s.record(client)
	}
	return s
}

// set makes both carp interfaces of a host.
func (s *shared) set(h *netlab.Host, first, second int) {
	s.Helper()
	s.on(h, arpBalance,
		fmt.Sprintf("ifconfig-carp carp0 create vhid 1 advskew %d pass testpass 192.168.1.50/24", first),
		fmt.Sprintf("ifconfig-carp carp1 create vhid 2 advskew %d pass testpass 192.168.1.50/24", second))
}

// record keeps the history of a client's ARP cache.
func (s *shared) record(h *netlab.Host) {
	s.Helper()
	f, err := os.Create(arpFile(h))
	s.must(err)
	defer f.Close()
	cmd := h.Command(s.Context(), "ip", "monitor", "neigh")
	cmd.Stdout = f
	s.must(cmd.Start())
	go func() { _ = cmd.Wait() }() // killed with its host
}

func arpFile(h *netlab.Host) string { return filepath.Join(h.Dir(), "arp") }

// knew wants a client never to have had another MAC for the address than this.
func (s *shared) knew(h *netlab.Host, want netlab.MAC) {
	s.Helper()
	text, err := os.ReadFile(arpFile(h))
	s.must(err)
	seen := false
	for line := range strings.Lines(string(text)) {
		_, mac, ok := strings.Cut(line, "192.168.1.50 dev eth0 lladdr ")
		if !ok {
			continue
		}
		seen = true
		if !strings.HasPrefix(mac, want.String()) {
			s.Errorf("ARP cache of %s: %q, want %v only", h.Name(), strings.TrimSpace(line), want)
		}
	}
	if !seen {
		s.Errorf("ARP cache of %s: nothing was learned; want %v", h.Name(), want)
	}
}

// asks makes a client forget the MAC and ask for it anew, and wants this answer.
func (s *shared) asks(h *netlab.Host, want netlab.MAC) {
	s.Helper()
	s.on(h, "ip neigh flush dev eth0", "ping -c 1 -W 2 192.168.1.50")
	s.neighbour(h, virtual4, want)
}

// Two hosts share the load, and each takes all of it when the other dies. The clients
// keep their MACs throughout.
func TestARPBalance(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	mac1, mac2 := netlab.VirtualMAC(1), netlab.VirtualMAC(2)
	s.asks(s.even, mac1)
	s.asks(s.odd, mac2)
	even, odd := s.watch(s.even, virtual4), s.watch(s.odd, virtual4)
	even.served(s.hosta)
	odd.served(s.hostb)

	// hostb dies.
	since := time.Now()
	s.must(s.hostb.PowerOff(s.Context()))
	s.must(os.RemoveAll(stateDir(s.hostb)))
	odd.served(s.hosta)
	odd.gap("hostb dies", since, deadTime+late)
	even.gap("hostb dies", since, smooth)
	even.served(s.hosta)
	s.asks(s.even, mac1)
	s.asks(s.odd, mac2)

	// It comes back, and takes its half again.
	since = time.Now()
	s.must(s.hostb.PowerOn(s.Context()))
	s.set(s.hostb, 100, 0)
	odd.served(s.hostb)
	even.served(s.hosta)
	s.await(s.hosta, "carp1", "BACKUP")
	s.await(s.hostb, "carp0", "BACKUP")
	odd.gap("hostb is back", since, smooth)
	even.gap("hostb is back", since, smooth)
	s.asks(s.even, mac1)
	s.asks(s.odd, mac2)

	// A planned switch of one half.
	since = time.Now()
	s.on(s.hosta, "ifconfig-carp carp0 down")
	even.served(s.hostb)
	even.gap("hosta# carp0 down", since, smooth)
	odd.gap("hosta# carp0 down", since, smooth)
	s.on(s.hosta, "ifconfig-carp carp0 up")
	even.served(s.hosta)

	s.figure("even: %v", even.Stop())
	s.figure("odd: %v", odd.Stop())
	s.knew(s.even, mac1)
	s.knew(s.odd, mac2)
}

// While the knob is on, the supervisor answers ARP, and with it off the kernel does:
// also when the supervisor is stopped, for as long as the lease runs.
func TestARPBalanceOff(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	hosta, client := s.server("hosta", 3), s.client("client", 10)
	s.on(hosta, "ifconfig-carp carp0 create vhid 1 192.168.1.50/24 state master")
	for _, step := range []struct {
		knob, ignore string
		kernel       bool
	}{{"0", "1", true}, {"1", "8", false}, {"0", "1", true}} {
		s.on(hosta, "ifconfig-carp sysctl net.inet.carp.arpbalance="+step.knob)
		s.must(netlab.Wait(s.Context(), settling, "arp_ignore of carp0 to be "+step.ignore, func() (bool, string) {
			got, err := hosta.Sysctl("net/ipv4/conf/carp0/arp_ignore")
			return err == nil && got == step.ignore, got
		}))
		s.on(client, "ip neigh flush dev eth0", "ping -c 1 -W 2 192.168.1.50")
		s.neighbour(client, virtual4, netlab.VirtualMAC(1))

		s.on(client, "ip neigh flush dev eth0")
		s.signal(hosta, "carp0", unix.SIGSTOP)
		_, err := client.Run(s.Context(), "ping", "-c", "1", "-W", "1", "192.168.1.50")
		s.signal(hosta, "carp0", unix.SIGCONT)
		if (err == nil) != step.kernel {
			s.Errorf("arpbalance %s: the kernel answers for itself: %v, want %v", step.knob, err == nil, step.kernel)
		}
	}
	was := s.card(hosta)
	s.on(hosta, "ifconfig-carp sysctl net.inet.carp.arpbalance=1", "ifconfig-carp carp0 destroy")
	if now := s.card(hosta); now == was || !strings.Contains(now, "arp_ignore 0\narp_announce 0\n") {
		s.Errorf("eth0 after the destroy:\n%s", now)
	}
}
