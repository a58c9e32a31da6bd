package carpif

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/internal/wire"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The reference set-up in memory: hosts on one segment, each with a kernel, a
// state folder and supervisors that are the real owner loop, in the virtual
// time of a synctest bubble.

const (
	ms = time.Millisecond
	// dead100 is the dead time of the reference set-up's backup.
	dead100 = 3*time.Second + 100*time.Second/256
)

var (
	_ Kernel = (*link.Imaginary)(nil)
	_ Kernel = (*link.Kernel)(nil)
	_ Kernel = (*kernel)(nil)
	_ Store  = (*store)(nil)
)

// inLab runs f in a bubble with an empty segment.
func inLab(t *testing.T, f func(*lab)) {
	synctest.Test(t, func(t *testing.T) {
		l := &lab{T: t}
		l.sniff()
		f(l)
	})
}

type lab struct {
	*testing.T
	hub   wire.Hub
	mu    sync.Mutex
	heard []sniffed
}

// sniffed is a frame that somebody on the segment heard.
type sniffed struct {
	at   time.Time
	what string
}

// sniff writes down whatever is sent.
func (l *lab) sniff() {
	p, stop := l.hub.Plug(0), l.Context().Done()
	go func() {
		var buf [2048]byte
		for {
			select {
			case <-p.Ready():
			case <-stop:
				_ = p.Close()
				return
			}
			for {
				n, ok, _ := p.Receive(buf[:])
				if !ok {
					break
				}
				l.mu.Lock()
				l.heard = append(l.heard, sniffed{time.Now(), describe(buf[:n])})
				l.mu.Unlock()
			}
			p.Rearm()
		}
	}()
}

// describe is a frame in a few words: "192.0.2.2 advertises 1/0".
func describe(b []byte) string {
	if p, err := frame.Parse(b); err == nil {
		ad, _ := carp.Parse(p.Payload)
		return fmt.Sprintf("%v advertises %d/%d", p.Src, ad.Timing.Base, ad.Timing.Skew)
	}
	if a, err := frame.ParseARP(b); err == nil {
		return fmt.Sprintf("%v is at %v", a.SenderAddr, a.SenderMAC)
	}
	if n, err := frame.ParseNeighborAdvertisement(b); err == nil {
		return fmt.Sprintf("%v is at %v", n.Target, n.TargetMAC)
	}
	return "garbage"
}

// last is when the latest frame was heard whose description begins so; the
// zero time for never.
func (l *lab) last(prefix string) (at time.Time) {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.heard {
		if strings.HasPrefix(s.what, prefix) {
			at = s.at
		}
	}
	return at
}

// since are the descriptions of what was heard from then on.
func (l *lab) since(then time.Time) (what []string) {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.heard {
		if !s.at.Before(then) {
			what = append(what, s.what)
		}
	}
	return what
}

// host is one machine: eth0 with an address, a kernel, a state folder.
type host struct {
	*lab
	addr  netip.Prefix
	fake  *link.Imaginary
	store *folder
}

// host adds the machine 192.0.2.n with a link-local address fe80::n.
func (l *lab) host(n byte) *host {
	h := &host{lab: l, fake: link.NewImaginary(), addr: netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, n}), 24),
		store: &folder{
			records: map[string]state.Record{}, entries: map[string][]state.Entry{}, users: map[string][]string{},
			settings: map[string]map[string]string{}, fail: map[string]error{}, knobs: sysctl.Defaults(),
			lock: make(chan struct{}, 1),
		}}
	h.plug()
	return h
}

// plug puts eth0 into the host.
func (h *host) plug() {
	n := h.addr.Addr().As4()[3]
	h.fake.AddParent(link.Parent{Name: "eth0", MAC: [6]byte{2, 0, 0, 0, 0, n}, Up: true, Carrier: true,
		Addresses: []netip.Prefix{h.addr, netip.MustParsePrefix(fmt.Sprintf("2001:db8::%d/64", n)), netip.MustParsePrefix(fmt.Sprintf("fe80::%d/64", n))}})
}

// unit is one carpN with its supervisor.
type unit struct {
	slept atomic.Int64 // how long the host has been suspended, in nanoseconds
	*host
	name   string
	iface  *Interface
	kernel *kernel
	store  *store
	server *control.Server
	serve  context.Context
	stop   context.CancelFunc // SIGTERM
	ended  chan struct{}      // Run has returned and its goodbyes are said
	runErr error
	said   *logbook

	portMu  sync.Mutex
	port    *wire.Port // the one opened last
	openErr error

	dieAt string // a moment of a renaming
	// nameTakes is how long a new name is waited for in vain; 0: it can be had.
	nameTakes time.Duration
}

// logbook keeps what a supervisor logs.
type logbook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// supervise starts a supervisor: of a new interface, or of one with a record.
// prepare is done before.
func (h *host) supervise(name string, prepare ...func(*unit)) *unit {
	u := &unit{host: h, name: name, store: &store{folder: h.store}, ended: make(chan struct{}), said: &logbook{},
		kernel: &kernel{Imaginary: h.fake, on: map[string]func() error{}}}
	record, created := h.store.record(name)
	if !created {
		record = state.Record{Version: state.RecordVersion, Name: name, AdvBase: carp.DefaultAdvBase}
	}
	knobs := make(chan struct{}, 1)
	h.store.mu.Lock()
	h.store.watchers = append(h.store.watchers, knobs)
	h.store.mu.Unlock()
	number := uint64(h.addr.Addr().As4()[3]) << 32
	u.iface = New(Options{
		Record: record, Created: created, Kernel: u.kernel, Store: u.store, KnobsChanged: knobs, PID: 4711,
		OpenSegment: u.open, Rename: u.rename,
		Suspended: func() time.Duration { return time.Duration(u.slept.Load()) },
		Random:    func() uint64 { number += 1 << 20; return number },
		Log:       slog.New(slog.NewTextHandler(u.said, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	ctx, stop := context.WithCancel(context.WithoutCancel(h.Context()))
	serve, stopServing := context.WithCancel(context.WithoutCancel(h.Context()))
	u.server, u.serve, u.stop = control.NewServer(u.iface.Handle, nil), serve, stop
	for _, f := range prepare {
		f(u)
	}
	go func() {
		defer close(u.ended)
		u.runErr = u.iface.Run(ctx)
		u.iface.Goodbye()
		stopServing()
		u.server.Wait()
	}()
	h.Cleanup(func() {
		stop()
		<-u.ended
	})
	return u
}

func (u *unit) open(parent string, vhid carp.VHID) (Segment, error) {
	u.portMu.Lock()
	defer u.portMu.Unlock()
	if u.openErr != nil {
		return nil, u.openErr
	}
	u.port = u.hub.Plug(uint8(vhid))
	return u.port, nil
}

// wire is the unit's port on the segment.
func (u *unit) wire() *wire.Port {
	synctest.Wait()
	u.portMu.Lock()
	defer u.portMu.Unlock()
	return u.port
}

// create makes carpN with a line, which must succeed.
func (h *host) create(name string, line ...word) *unit {
	h.Helper()
	u := h.supervise(name)
	u.born(line...)
	return u
}

// kill is SIGKILL: the supervisor has no effect any more, not even at its end.
func (u *unit) kill() {
	synctest.Wait()
	u.die()
	if p := u.wire(); p != nil {
		_ = p.Close()
	}
	u.stop()
	<-u.ended
}

// die makes everything that the supervisor still does vain.
func (u *unit) die() {
	u.kernel.mu.Lock()
	u.kernel.dead = true
	u.kernel.mu.Unlock()
	u.store.mu.Lock()
	u.store.dead = true
	delete(u.store.entries, u.name)
	u.store.mu.Unlock()
}

// ask sends one request.
func (u *unit) ask(req control.Request) control.Response {
	u.Helper()
	ours, theirs := net.Pipe()
	u.server.ServeConn(u.serve, theirs)
	client := control.NewClient(ours)
	defer func() { _ = client.Close() }()
	resp, err := client.Do(context.WithoutCancel(u.Context()), req)
	if err != nil {
		u.Fatalf("%s: %s: %v", u.name, req.Op, err)
	}
	return resp
}

// set applies a line that must succeed.
func (u *unit) set(line ...word) control.Response {
	u.Helper()
	resp := u.ask(control.Request{Op: control.OpChange, Change: change(line...)})
	if resp.Error != nil {
		u.Fatalf("%s: %v", u.name, resp.Error)
	}
	return resp
}

// refused applies a line that must fail, and returns the error in full.
func (u *unit) refused(line ...word) string {
	u.Helper()
	resp := u.ask(control.Request{Op: control.OpChange, Change: change(line...)})
	if resp.Error == nil {
		u.Fatalf("%s: not refused", u.name)
	}
	return resp.Error.Error()
}

func (u *unit) status() *control.Status {
	u.Helper()
	synctest.Wait()
	resp := u.ask(control.Request{Op: control.OpStatus})
	if resp.Status == nil {
		u.Fatalf("%s: no status: %v", u.name, resp.Error)
	}
	return resp.Status
}

// parentIndex is eth0's ifindex.
func (h *host) parentIndex() int {
	p, err := h.fake.Parent("eth0")
	if err != nil {
		h.Fatal(err)
	}
	return p.Index
}

// is asserts the state and the reason.
func (u *unit) is(state, reason string) {
	u.Helper()
	if s := u.status(); s.State != state || reason != "" && s.Reason != reason {
		u.Errorf("%v: %s is %s (%s), not %s (%s)\n%s", u.addr.Addr(), u.name, s.State, s.Reason, state, reason, u.said)
	}
}

// answers asserts whether the host's kernel answers for the unit's addresses.
func (u *unit) answers(want bool) {
	u.Helper()
	synctest.Wait()
	got, err := u.fake.HasAddresses(u.name)
	if err != nil && want {
		u.Errorf("%s: %v", u.name, err)
	}
	if got != want {
		u.Errorf("%v: %s has addresses in the kernel: %t, want %t\n%s", u.addr.Addr(), u.name, got, want, u.said)
	}
}

// word is one word of a command line with its value.
type word func(*control.Change)

func change(line ...word) *control.Change {
	c := &control.Change{}
	for _, w := range line {
		w(c)
	}
	return c
}

func vhid(n carp.VHID) word        { return func(c *control.Change) { c.VHID = &n } }
func advskew(n carp.AdvSkew) word  { return func(c *control.Change) { c.AdvSkew = &n } }
func advbase(n carp.AdvBase) word  { return func(c *control.Change) { c.AdvBase = &n } }
func pass(s control.Password) word { return func(c *control.Change) { c.Pass = &s } }
func carpdev(name string) word     { return func(c *control.Change) { c.CarpDev = &name } }
func force(s carp.State) word      { return func(c *control.Change) { c.State = &s } }
func name(to string) word          { return func(c *control.Change) { c.Name = &to } }
func up(c *control.Change)         { c.Up = new(true) }
func down(c *control.Change)       { c.Up = new(false) }

func address(op control.AddressOp, prefix string) word {
	a := control.AddressChange{Op: op}
	if prefix != "" {
		a.Prefix = netip.MustParsePrefix(prefix)
	}
	return func(c *control.Change) { c.Addresses = append(c.Addresses, a) }
}

func addr(prefix string) word   { return address(control.AddressSet, prefix) }
func alias(prefix string) word  { return address(control.AddressAdd, prefix) }
func remove(prefix string) word { return address(control.AddressDelete, prefix) }

// member is the line that makes a member of the reference group.
func member(skew carp.AdvSkew) word {
	return func(c *control.Change) {
		for _, w := range []word{vhid(1), advskew(skew), pass("sesame"), addr("192.0.2.50/24")} {
			w(c)
		}
	}
}

// pair is the reference set-up after it has settled: a is MASTER.
func (l *lab) pair() (a, b *unit) {
	l.Helper()
	a = l.host(2).create("carp0", member(0))
	b = l.host(3).create("carp0", member(100))
	time.Sleep(10*time.Second + ms)
	a.is("MASTER", "master timed out")
	b.is("BACKUP", "up")
	a.answers(true)
	b.answers(false)
	return a, b
}
