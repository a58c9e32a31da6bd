package carpif

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
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
	_ Kernel = (*link.Fake)(nil)
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
	fake  *link.Fake
	store *folder
}

// host adds the machine 192.0.2.n with a link-local address fe80::n.
func (l *lab) host(n byte) *host {
	h := &host{lab: l, fake: link.NewFake(), addr: netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, n}), 24),
		store: &folder{
			records: map[string]state.Record{}, entries: map[string][]state.Entry{}, users: map[string][]string{},
			settings: map[string]map[string]string{}, fail: map[string]error{}, knobs: sysctl.Defaults(),
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

// folder is a state folder in memory.
type folder struct {
	mu       sync.Mutex
	records  map[string]state.Record
	entries  map[string][]state.Entry
	history  []string // the demotions as they were entered
	users    map[string][]string
	settings map[string]map[string]string
	knobs    sysctl.Values
	fail     map[string]error // by the method's name, until taken out
	watchers []chan struct{}
}

func (f *folder) refuse(method string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		delete(f.fail, method)
		return
	}
	f.fail[method] = err
}

func (f *folder) record(name string) (state.Record, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.records[name]
	return r, ok
}

// set changes the knobs, as sysctl would.
func (f *folder) set(change func(*sysctl.Values)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.knobs)
	f.tell()
}

func (f *folder) tell() {
	for _, w := range f.watchers {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

func (f *folder) ledger() state.Ledger {
	var all state.Ledger
	for _, owner := range slices.Sorted(maps.Keys(f.entries)) {
		all = append(all, f.entries[owner]...)
	}
	if f.knobs.Demotion != 0 {
		all = append(all, state.Entry{Name: "sysctl", Value: f.knobs.Demotion, Owner: "administrator"})
	}
	return all
}

// store is the folder as one supervisor uses it; dead, it has no effect.
type store struct {
	*folder
	dead bool
}

var errDead = errors.New("killed")

func (s *store) enter(method string) (leave func(), err error) {
	s.mu.Lock()
	if s.dead {
		err = errDead
	} else {
		err = s.fail[method]
	}
	return s.mu.Unlock, err
}

func (s *store) Save(r state.Record) error {
	leave, err := s.enter("Save")
	defer leave()
	if err == nil {
		s.records[r.Name] = r
	}
	return err
}

func (s *store) Remove(name string) error {
	leave, err := s.enter("Remove")
	defer leave()
	if err == nil {
		delete(s.records, name)
	}
	return err
}

func (s *store) Siblings(name string) (others []state.Record, err error) {
	leave, err := s.enter("Siblings")
	defer leave()
	for _, n := range slices.Sorted(maps.Keys(s.records)) {
		if n != name {
			others = append(others, s.records[n])
		}
	}
	return others, err
}

func (s *store) UseParent(parent string, _ int, user string, read func() (map[string]string, error)) error {
	leave, err := s.enter("UseParent")
	defer leave()
	if err != nil {
		return err
	}
	if s.settings[parent] == nil {
		if s.settings[parent], err = read(); err != nil {
			return err
		}
	}
	if !slices.Contains(s.users[parent], user) {
		s.users[parent] = append(s.users[parent], user)
	}
	return nil
}

func (s *store) LeaveParent(parent, user string, restore func(map[string]string) error) error {
	leave, err := s.enter("LeaveParent")
	defer leave()
	if err != nil {
		return err
	}
	s.users[parent] = slices.DeleteFunc(s.users[parent], func(u string) bool { return u == user })
	if len(s.users[parent]) > 0 || s.settings[parent] == nil {
		return nil
	}
	if err := restore(s.settings[parent]); err != nil {
		return err
	}
	delete(s.settings, parent)
	return nil
}

func (s *store) SetEntries(owner string, entries []state.Entry) error {
	leave, err := s.enter("SetEntries")
	defer leave()
	if err != nil {
		return err
	}
	s.entries[owner] = slices.Clone(entries)
	var names []string
	for _, e := range entries {
		names = append(names, fmt.Sprintf("%s %d", e.Name, e.Value))
	}
	s.history = append(s.history, owner+": "+strings.Join(names, ", "))
	s.tell()
	return nil
}

func (s *store) Knobs() (sysctl.Values, error) {
	leave, err := s.enter("Knobs")
	defer leave()
	return s.knobs, err
}

func (s *store) Demotions() (state.Ledger, error) {
	leave, err := s.enter("Demotions")
	defer leave()
	return s.ledger(), err
}

// kernel is the host's kernel as one supervisor calls it. on runs before a
// call and may refuse it; dead, no call has an effect.
type kernel struct {
	*link.Fake
	mu   sync.Mutex
	on   map[string]func() error
	dead bool
	// endNews closes the channel of the latest Watch.
	endNews context.CancelFunc
}

func (k *kernel) before(call string, f func() error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.on[call] = f
}

func (k *kernel) call(name string) error {
	k.mu.Lock()
	f, dead := k.on[name], k.dead
	k.mu.Unlock()
	switch {
	case dead:
		return errDead
	case f != nil:
		return f()
	}
	return nil
}

func ask[T any](k *kernel, name string, f func() (T, error)) (none T, err error) {
	if err := k.call(name); err != nil {
		return none, err
	}
	return f()
}

func (k *kernel) tell(name string, f func() error) error {
	if err := k.call(name); err != nil {
		return err
	}
	return f()
}

func (k *kernel) Parents() ([]link.Parent, error) { return ask(k, "Parents", k.Fake.Parents) }
func (k *kernel) Parent(name string) (link.Parent, error) {
	return ask(k, "Parent", func() (link.Parent, error) { return k.Fake.Parent(name) })
}
func (k *kernel) PrepareParent(name string) (link.Settings, error) {
	return ask(k, "PrepareParent", func() (link.Settings, error) { return k.Fake.PrepareParent(name) })
}
func (k *kernel) RestoreParent(name string, saved link.Settings) error {
	return k.tell("RestoreParent "+name, func() error { return k.Fake.RestoreParent(name, saved) })
}
func (k *kernel) Watch(ctx context.Context) (<-chan link.Event, error) {
	k.mu.Lock()
	ctx, k.endNews = context.WithCancel(ctx)
	k.mu.Unlock()
	return ask(k, "Watch", func() (<-chan link.Event, error) { return k.Fake.Watch(ctx) })
}
func (k *kernel) EnsureBacking(name string, parent int, mac [6]byte) (int, error) {
	return ask(k, "EnsureBacking", func() (int, error) { return k.Fake.EnsureBacking(name, parent, mac) })
}
func (k *kernel) Inherit(name string, parent int, mac [6]byte) (index int, ok bool, err error) {
	err = k.tell("Inherit", func() (err error) { index, ok, err = k.Fake.Inherit(name, parent, mac); return err })
	return index, ok, err
}
func (k *kernel) DeleteBacking(name string) error {
	return k.tell("DeleteBacking", func() error { return k.Fake.DeleteBacking(name) })
}
func (k *kernel) Claim(name string, addrs []link.Address) error {
	return k.tell("Claim", func() error { return k.Fake.Claim(name, addrs) })
}
func (k *kernel) Renew(name string, addrs []link.Address) ([]netip.Prefix, error) {
	return ask(k, "Renew", func() ([]netip.Prefix, error) { return k.Fake.Renew(name, addrs) })
}
func (k *kernel) Release(name string) error {
	return k.tell("Release", func() error { return k.Fake.Release(name) })
}

// unit is one carpN with its supervisor.
type unit struct {
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
		kernel: &kernel{Fake: h.fake, on: map[string]func() error{}}}
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
		OpenSegment: u.open,
		Random:      func() uint64 { number += 1 << 20; return number },
		Log:         slog.New(slog.NewTextHandler(u.said, &slog.HandlerOptions{Level: slog.LevelDebug})),
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
	if resp := u.ask(control.Request{Op: control.OpCreate, Change: change(line...)}); resp.Error != nil {
		h.Fatalf("create %s: %v", name, resp.Error)
	}
	return u
}

// kill is SIGKILL: the supervisor has no effect any more, not even at its end.
func (u *unit) kill() {
	synctest.Wait()
	u.kernel.mu.Lock()
	u.kernel.dead = true
	u.kernel.mu.Unlock()
	u.store.mu.Lock()
	u.store.dead = true
	delete(u.store.entries, u.name)
	u.store.mu.Unlock()
	if p := u.wire(); p != nil {
		_ = p.Close()
	}
	u.stop()
	<-u.ended
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
