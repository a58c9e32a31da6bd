package carpif

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/netip"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// Options are what an Interface is made of.
type Options struct {
	// Record is the interface as it was left, or a new one with its name.
	Record state.Record
	// Created says that Record is on disk already. A new interface is saved by
	// the create request that succeeds.
	Created bool
	Kernel  Kernel
	// TUN is the kernel with the other backing.
	TUN   Kernel
	Store Store
	// OpenSegment opens the wire of a parent for one vhid.
	OpenSegment func(parent string, vhid carp.VHID) (Segment, error)
	// OpenUnicast opens the way to a peer by unicast.
	OpenUnicast func(parent string, src, dst netip.Addr) (Unicast, error)
	// OpenARP opens a wire on which the parent's ARP requests for the targets
	// arrive.
	OpenARP func(parent string, targets []netip.Addr) (Segment, error)
	// Rename takes hold of another name for the interface, or says why it
	// cannot be had. It may wait, as long as ctx allows, and is called from any
	// goroutine.
	Rename func(ctx context.Context, to string) (Renaming, error)
	// KnobsChanged yields a value when knobs or demotions may have changed.
	KnobsChanged <-chan struct{}
	// Suspended is how long the host has been suspended since it was booted;
	// nil where that is not known.
	Suspended func() time.Duration
	// Now is the clock, time.Now if nil. Run goes by the real one: another is for
	// who drives the interface by hand.
	Now func() time.Time
	// OnTransition is told of each change of state before what comes of it; nil: nobody.
	OnTransition func(carp.Action)
	// OnTiming is told of advbase and advskew, again whenever they may have changed;
	// nil: nobody.
	OnTiming func(carp.Timing)
	// Manager watches over this process; nil: nobody does.
	Manager Manager
	// Random yields the numbers for the advertisements' counters.
	Random func() uint64
	// Log takes what people should know; nil discards.
	Log *slog.Logger
	// PID is shown in the status.
	PID int
}

// Interface is one carpN at work. Make one with New, run it with Run, talk to
// it through Handle.
type Interface struct {
	opts Options
	name string
	log  *slog.Logger

	record     state.Record
	saved      bool // the record is on disk
	machine    carp.Machine
	group      *carp.Group // nil without vhid
	generation uint64
	knobs      sysctl.Values
	knobsRead  bool // knobs are not just the zero values
	demotion   int
	ledger     state.Ledger  // what demotion is the sum of
	entries    []state.Entry // our reasons for demotion
	published  []state.Entry // those of them that are in the ledger

	parent   *link.Parent // as last seen; nil: none, or gone
	attached bool         // backing, settings and segment of parent are ours
	// inherit says to look for what an earlier supervisor left in the kernel,
	// inherited that it was found.
	inherit, inherited bool
	backing            int // ifindex of carpN
	// original are the parent's own settings if this was its first user, for
	// when the state folder that keeps them is gone.
	original link.Settings
	segment  Segment
	ready    <-chan struct{} // segment's; nil without one
	ipID     uint16
	// sentAt is when an advertisement last went out, renewedAt when the lease
	// of all addresses was last renewed.
	sentAt, renewedAt time.Time
	mendedAt          time.Time // when the parent's settings were last looked at
	claimErr          error     // why the kernel does not hold a MASTER's addresses
	announcedAt       time.Time
	suspended         time.Duration // as last seen

	news     <-chan link.Event // nil: they have ended, and Watch is tried again
	retry    <-chan time.Time  // when what failed is to be tried again; nil: nothing
	renewer  *renewer
	requests chan call
	folder   Exclusive // of the request being served; nil: not ours alone
	waiting  []call    // answered when the handover is over
	goodbyes []func()  // answered when all is over
	finished bool      // Run ends
	events   []carp.Event
	stepping bool

	since       time.Time
	transitions uint64
	told        string // the state, as the manager was told
	received    [carp.NumVerdicts]uint64
	families    [2]family
	balance     balancer
	peers       carp.Peers
	quiet       quiet
	buf         [2048]byte
	out         []byte
	former      []carp.Advertisement // scratch of advertise
}

// New makes an Interface; nothing happens before Run.
func New(opts Options) *Interface {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Manager == nil {
		opts.Manager = unmanaged{}
	}
	return &Interface{
		opts:     opts,
		name:     opts.Record.Name,
		log:      opts.Log.With("iface", opts.Record.Name),
		record:   opts.Record,
		saved:    opts.Created,
		requests: make(chan call),
		since:    opts.Now(),
		families: newFamilies(),
	}
}

// Run is the owner's loop. It returns when the interface has been destroyed,
// or when ctx has ended and the interface has bowed out; the record then
// stays. It fails only if there are no news of the kernel at the start.
func (i *Interface) Run(ctx context.Context) error {
	watchCtx, stopWatch := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWatch()
	var err error
	if i.news, err = i.opts.Kernel.Watch(watchCtx); err != nil {
		return err
	}
	if i.opts.Suspended != nil {
		i.suspended = i.opts.Suspended()
	}
	i.renewer = startRenewer()
	defer i.renewer.stop()
	i.resume()
	timer := time.NewTimer(0)
	defer timer.Stop()
	lifeSign, mute := i.lifeSigns()
	defer mute()
	done, knobs := ctx.Done(), i.opts.KnobsChanged
	i.opts.Manager.Ready()
	i.tellState()
	for {
		if i.answerWaiting(); i.finished {
			i.opts.Manager.Stopping()
			break
		}
		if at, ok := i.machine.Deadline(); ok {
			timer.Reset(time.Until(at))
		} else {
			timer.Stop()
		}
		select {
		case <-i.ready:
			i.drain()
			if i.segment != nil {
				i.segment.Rearm()
			}
		case <-i.balance.ready:
			i.answerARP()
			if i.balance.wire != nil {
				i.balance.wire.Rearm()
			}
		case <-timer.C:
			i.due()
		case ev, open := <-i.news:
			if !open {
				i.news = nil
				i.log.Error("the kernel's news have ended; asking for them again")
				i.tryAgain()
				continue
			}
			i.linkNews(ev)
		case job := <-i.renewer.done:
			i.renewed(job)
		case <-i.retry:
			i.again(watchCtx)
		case _, open := <-knobs:
			if !open { // the folder's watch ends with ctx
				knobs = nil
				continue
			}
			i.loadKnobs()
		case <-lifeSign:
			i.opts.Manager.Alive()
		case c := <-i.requests:
			i.serve(c)
			i.tellState()
		case <-done:
			done = nil
			i.step(carp.Event{Kind: carp.EventDown})
			i.waiting = append(i.waiting, call{req: control.Request{Op: opExit}})
		}
	}
	return nil
}

func (i *Interface) now() time.Time { return i.opts.Now() }

// due does what the machine's deadline is about. What has arrived meanwhile comes
// first: late is not dead.
func (i *Interface) due() {
	i.drain()
	i.step(carp.Event{Kind: carp.EventDeadline})
}

// slept tells whether the host has been suspended for more than a dead time
// since it was last asked: on a host that wakes, timers and leases go on as if
// nothing had been.
func (i *Interface) slept() bool {
	if i.opts.Suspended == nil {
		return false
	}
	total := i.opts.Suspended()
	lately := total - i.suspended
	i.suspended = total
	if lately <= i.machine.Advertised().DeadTime() {
		return false
	}
	i.log.Warn("the host was suspended", "for", lately)
	return true
}

// opExit is the orderly end of the supervisor: like a destroy that keeps the
// record. It never comes over the socket.
const opExit control.Op = "exit"

// resume takes up the record, as after a restart. The ledger comes after the
// parent: before it has been looked at, its carrier only seems to be missing,
// and a demotion of a millisecond would cost the host's other interfaces their
// mastership.
func (i *Interface) resume() {
	i.readKnobs()
	i.inherit = i.opts.Created
	i.takeBackName()
	if err := i.resolveParent(); err != nil {
		i.limited("parent", "parent interface", "err", err)
		i.tryAgain()
	}
	i.reconfigure()
	if i.inherited {
		i.step(carp.Event{Kind: carp.EventInherited})
	}
	i.showLink()
	i.loadDemotion()
	if i.record.Up {
		i.step(carp.Event{Kind: carp.EventUp})
	}
}

func (i *Interface) readKnobs() {
	values, err := i.opts.Store.Knobs()
	if err != nil {
		i.limited("knobs", "knobs", "err", err)
		// A file that cannot be read says nothing; one with a bad line still
		// says the rest.
		if _, unreadable := errors.AsType[*fs.PathError](err); unreadable && i.knobsRead {
			return
		}
	}
	i.knobs, i.knobsRead = values, true
}

// loadKnobs follows the knobs and the host's demotion.
func (i *Interface) loadKnobs() {
	i.readKnobs()
	i.reconfigure()
	i.refreshEntries()
	i.loadDemotion()
}

// loadDemotion follows the host's demotion.
func (i *Interface) loadDemotion() {
	ledger, err := i.opts.Store.Demotions()
	if err != nil {
		i.limited("demotion", "demotion ledger", "err", err)
	}
	ledger = ledger.For(i.record.Groups)
	i.ledger = ledger
	if demotion := ledger.Sum(); demotion != i.demotion {
		i.demotion = demotion
		i.step(carp.Demoted(demotion))
	}
}

// Goodbye gives the answers that tell a command that the interface has ended.
// Call it after Run, when nothing of the interface is left.
func (i *Interface) Goodbye() {
	for _, say := range i.goodbyes {
		say()
	}
	i.goodbyes = nil
}

// addresses are the virtual addresses without their lengths.
func addresses(prefixes []netip.Prefix) []netip.Addr {
	list := make([]netip.Addr, len(prefixes))
	for n, p := range prefixes {
		list[n] = p.Addr()
	}
	return list
}
