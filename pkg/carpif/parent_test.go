package carpif

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

func TestCarrierFlap(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		then := time.Now()
		a.fake.SetLink("eth0", true, false)
		a.is("INIT", "no carrier")
		a.answers(false)
		if heard := l.since(then); len(heard) > 0 {
			t.Errorf("without carrier it said %q", heard)
		}
		if got := a.status().Demotion; got != 240 {
			t.Errorf("demotion %d, want 240", got)
		}
		time.Sleep(5 * time.Second)
		b.is("MASTER", "master timed out")
		a.fake.SetLink("eth0", true, true)
		a.is("BACKUP", "up")
		if got := a.status().Demotion; got != 0 {
			t.Errorf("demotion %d with carrier, want 0", got)
		}
		time.Sleep(10 * time.Second)
		a.is("BACKUP", "")
	})
}

func TestParentVanishesAndReturns(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		a.fake.RemoveLink("eth0")
		a.is("INIT", "parent eth0 is not there")
		if s := a.status(); s.CarpDev != "eth0" || s.Demotion != 240 {
			t.Errorf("status %+v", s)
		}
		time.Sleep(5 * time.Second)
		b.is("MASTER", "")
		a.set(down) // as good as ever
		a.set(up)
		a.host.plug()
		a.is("BACKUP", "up")
		time.Sleep(2 * time.Second)
		a.set(down)
		a.set(up)
		if resp := a.set(advskew(10)); resp.Status.Demotion != 0 {
			t.Errorf("demotion %d", resp.Status.Demotion)
		}
		a.ask(control.Request{Op: control.OpDestroy})
		if s := a.fake.String(); strings.Contains(s, "carp0") || strings.Contains(s, "arp_ignore = 1") {
			t.Errorf("left behind:\n%s", s)
		}
	})
}

// A parent without an address of its own has nothing to send from.
func TestParentWithoutAddress(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		a.fake.RemoveAddress("eth0", a.addr)
		a.is("INIT", "no IPv4 address on eth0")
		b.is("MASTER", "master will time out")
		a.fake.AddAddress("eth0", link.Address{Prefix: a.addr})
		a.is("BACKUP", "up")
	})
}

// A member over IPv6 needs a link-local address to send from.
func TestParentWithoutLinkLocal(t *testing.T) {
	inLab(t, func(l *lab) {
		h := l.host(2)
		h.fake.RemoveAddress("eth0", netip.MustParsePrefix("fe80::2/64"))
		a := h.create("carp0", vhid(1), addr("2001:db8::50/64"))
		a.is("INIT", "no link-local IPv6 address on eth0")
		h.fake.AddAddress("eth0", link.Address{Prefix: netip.MustParsePrefix("fe80::2/64")})
		a.is("BACKUP", "up")
	})
}

// The interface that bears the addresses is deleted by somebody: it is made
// anew, and a peer does the work meanwhile.
func TestBackingDeleted(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		a.fake.RemoveLink("carp0")
		a.is("BACKUP", "up")
		b.is("MASTER", "master will time out")
		if s := a.fake.String(); !strings.Contains(s, "carp0@eth0") {
			t.Errorf("not made anew:\n%s", s)
		}
		time.Sleep(10 * time.Second)
		a.is("BACKUP", "")
	})
}

func TestMeddlersAreUndone(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		a.fake.RemoveAddress("carp0", netip.MustParsePrefix("192.0.2.50/24"))
		a.answers(true)
		a.fake.SetLink("carp0", false, true)
		synctest.Wait()
		if s := a.fake.String(); !strings.Contains(s, "carp0@eth0: <UP,RUNNING>") {
			t.Errorf("a MASTER's interface stays down:\n%s", s)
		}
		// A backup has nothing to put back.
		b.fake.SetLink("carp0", true, true)
		b.fake.AddAddress("carp0", link.Address{Prefix: netip.MustParsePrefix("192.0.2.50/24")})
		b.fake.RemoveAddress("carp0", netip.MustParsePrefix("192.0.2.50/24"))
		b.answers(false)
	})
}

// Events of an interface that is no longer ours, after detach and attach.
func TestStaleNews(t *testing.T) {
	inLab(t, func(l *lab) {
		a, _ := l.pair()
		a.set(vhid(3))
		a.set(vhid(1))
		time.Sleep(10 * time.Second)
		n := a.status().Transitions
		a.fake.Overrun()
		synctest.Wait()
		if s := a.status(); s.Transitions != n {
			t.Errorf("news alone led to %s (%s)", s.State, s.Reason)
		}
	})
}

// A parent that is renamed is gone by its name; its settings are restored
// under the new one.
func TestParentRenamed(t *testing.T) {
	inLab(t, func(l *lab) {
		a, _ := l.pair()
		restored := false
		a.kernel.before("RestoreParent lan0", func() error { restored = true; return nil })
		index := a.parentIndex()
		a.fake.AddParent(link.Parent{Index: index, Name: "lan0", Up: true, Carrier: true})
		a.fake.RemoveLink("eth0")
		a.is("INIT", "parent eth0 is not there")
		if !restored {
			t.Error("the settings of eth0, now lan0, were not restored")
		}
	})
}

// A kernel that cannot be asked for a moment is no reason to let go.
func TestTransientErrors(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		a.kernel.before("Parent", func() error { return unix.ENOBUFS })
		a.fake.Overrun()
		a.is("MASTER", "")
		time.Sleep(5 * time.Second)
		a.kernel.before("Parent", nil)
		time.Sleep(5 * time.Second)
		a.is("MASTER", "master timed out")
		b.is("BACKUP", "")
		if n := b.status().Transitions; n != 1 {
			t.Errorf("b changed state %d times", n)
		}
	})
}

// What the kernel refuses at the start is tried again.
func TestAttachIsTriedAgain(t *testing.T) {
	inLab(t, func(l *lab) {
		a := l.host(2).create("carp0", member(0))
		a.stop()
		<-a.ended
		for _, call := range []string{"Parent", "PrepareParent", "EnsureBacking", "Inherit"} {
			again := a.host.supervise("carp0", func(u *unit) {
				u.kernel.before(call, func() error { return unix.ENOBUFS })
			})
			again.is("INIT", "parent eth0 is not there")
			time.Sleep(3 * time.Second)
			again.kernel.before(call, nil)
			time.Sleep(5 * time.Second)
			again.is("MASTER", "")
			again.stop()
			<-again.ended
		}
	})
}

func TestNewsEndAndComeBack(t *testing.T) {
	inLab(t, func(l *lab) {
		a := l.host(2).create("carp0", member(0))
		time.Sleep(10 * time.Second)
		a.kernel.before("Watch", func() error { return unix.EMFILE })
		a.kernel.endNews()
		time.Sleep(5 * time.Second)
		a.is("MASTER", "") // it works on
		a.fake.SetLink("eth0", true, false)
		a.kernel.before("Watch", nil)
		time.Sleep(2 * time.Second)
		a.is("INIT", "no carrier") // and reads anew what it missed
		a.fake.SetLink("eth0", true, true)
		a.is("BACKUP", "up")
	})
}

// The addresses of a MASTER whose claim was refused come with a later
// advertisement: it must not advertise for ever what it does not answer for.
func TestClaimIsTriedAgain(t *testing.T) {
	inLab(t, func(l *lab) {
		a := l.host(2).create("carp0", member(0))
		a.fake.FailOnce("ip link set dev carp0 up", unix.ENOBUFS)
		a.fake.FailOnce("ip link set dev carp0 up", unix.ENOBUFS)
		time.Sleep(3*time.Second + ms)
		a.is("MASTER", "")
		time.Sleep(time.Second)
		if s := a.fake.String(); !strings.Contains(s, "carp0@eth0: <UP,RUNNING>") {
			t.Errorf("a MASTER for a second, and the kernel has\n%s\n%s", s, a.said)
		}
	})
}

// One interface's parent without link demotes the host's others at once.
func TestDemotionByAnotherInterface(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		b.host.store.set(func(v *sysctl.Values) { v.Preempt = true })
		a.fake.AddParent(link.Parent{Name: "eth1", MAC: [6]byte{2, 0, 0, 0, 1, 2}, Up: true, Carrier: true,
			Addresses: []netip.Prefix{netip.MustParsePrefix("198.51.100.2/24")}})
		other := a.host.create("carp1", vhid(2), addr("198.51.100.50/24"))
		time.Sleep(10 * time.Second)
		other.is("MASTER", "")
		a.is("MASTER", "")
		a.fake.SetLink("eth1", true, false)
		a.is("BACKUP", "more frequent advertisement received")
		b.is("MASTER", "preempting a slower master")
		if s := a.status(); s.Demotion != 240 || s.AdvertisedSkew != 240 {
			t.Errorf("demotion %d, advertised %d", s.Demotion, s.AdvertisedSkew)
		}
		// The knob's new value counts at once; a down interface demotes nobody.
		a.host.store.set(func(v *sysctl.Values) { v.IfDownFactor = 7 })
		if s := a.status(); s.Demotion != 7 {
			t.Errorf("demotion %d, want the factor 7", s.Demotion)
		}
		other.set(down)
		if s := a.status(); s.Demotion != 0 {
			t.Errorf("demotion %d though carp1 is down", s.Demotion)
		}
	})
}

// A supervisor that starts must not demote its host while it looks around.
func TestStartDoesNotDemote(t *testing.T) {
	inLab(t, func(l *lab) {
		a := l.host(2).create("carp0", member(0))
		a.set(vhid(3))
		a.set(pass("other"), alias("192.0.2.51/24"))
		a.stop()
		<-a.ended
		a.host.supervise("carp0").is("BACKUP", "up")
		for _, e := range a.host.store.history {
			if strings.Contains(e, "link down") {
				t.Errorf("the ledger had %q", a.host.store.history)
			}
		}
	})
}

// Advertisements that do not go out demote the host, and go on being tried:
// when they work again, it recovers.
func TestSendErrors(t *testing.T) {
	inLab(t, func(l *lab) {
		a := l.host(2).create("carp0", member(0))
		time.Sleep(10*time.Second + ms)
		a.wire().FailSends(unix.ENOBUFS)
		time.Sleep(2 * time.Second)
		if got := a.status().Demotion; got != 0 {
			t.Errorf("demoted by %d after two errors", got)
		}
		time.Sleep(time.Second)
		if s := a.status(); s.Demotion != 240 || s.Counters["send errors"] != 4 { // the fourth says that it is demoted
			t.Errorf("demotion %d after %d errors, want 240 after 4", s.Demotion, s.Counters["send errors"])
		}
		a.answers(true)
		time.Sleep(2 * time.Second)
		a.answers(false) // a host that is not heard does not keep the addresses
		time.Sleep(time.Minute)
		a.answers(false)
		a.is("MASTER", "")
		a.wire().FailSends(nil)
		time.Sleep(10 * time.Second)
		a.answers(true)
		if s := a.status(); s.Demotion != 0 {
			t.Errorf("demotion %d after the errors", s.Demotion)
		}
	})
}

// A ledger that cannot be written does not stop the interface.
func TestLedgerFails(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		a.host.store.refuse("SetEntries", errDisk)
		a.fake.SetLink("eth0", true, false)
		a.is("INIT", "no carrier")
		time.Sleep(5 * time.Second)
		b.is("MASTER", "")
		a.host.store.refuse("SetEntries", nil)
		a.host.store.set(func(*sysctl.Values) {})
		if got := a.status().Demotion; got != 240 {
			t.Errorf("demotion %d, want 240", got)
		}
	})
}

// What is wrong with the knobs' file is not wrong with the ledger.
func TestDemotionWithAnError(t *testing.T) {
	inLab(t, func(l *lab) {
		a, _ := l.pair()
		a.host.store.refuse("Demotions", errors.New("sysctl.conf:3: no value"))
		a.host.store.set(func(v *sysctl.Values) { v.Demotion = 20 })
		if got := a.status().Demotion; got != 20 {
			t.Errorf("demotion %d, want 20", got)
		}
	})
}
