package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"reflect"
	"slices"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carpif"
	"golang.org/x/sys/unix"
)

// Host is an imaginary host with its carp interfaces. Its clock stands still, but
// for what a request has to wait for. Only one goroutine may use it.
type Host struct {
	*Folder
	kernel  *link.Imaginary
	tun     *link.TUN
	running map[string]*supervisor
	clock   time.Time
}

// supervisor is one interface at work.
type supervisor struct {
	*carpif.Manual
	name string
	// expectant says that something has been done that bears on when it becomes
	// MASTER.
	expectant bool
}

// NewHost makes a host of a kernel and a folder. No interface is at work yet.
func NewHost(kernel *link.Imaginary, folder *Folder) *Host {
	h := &Host{Folder: folder, kernel: kernel, tun: kernel.TUN(), running: map[string]*supervisor{}, clock: time.Now()}
	kernel.Log(folder.plan.operate)
	return h
}

// Kernel is the host's.
func (h *Host) Kernel() *link.Imaginary { return h.kernel }

// Seed puts an interface to work as a living supervisor says that it is. That is no
// part of the plan.
func (h *Host) Seed(record state.Record, as string) {
	h.plan.quietly(func() {
		s := h.supervise(record, true)
		if as == carp.Master.String() {
			s.Force(carp.Master)
		}
		s.expectant = false
	})
	h.changed = false
}

// Begin starts a supervisor, of an interface that is recorded or of a new one. unit is
// the unit of the service manager that it is to be, empty for none.
func (h *Host) Begin(record state.Record, recorded bool, unit string) {
	h.born(record.Name)
	if unit != "" {
		unit = " as " + unit
	}
	h.plan.note("%s: its supervisor starts%s", record.Name, unit)
	h.supervise(record, recorded)
	h.follow()
}

func (h *Host) supervise(record state.Record, recorded bool) *supervisor {
	s := &supervisor{name: record.Name}
	tell := func(what string) { h.plan.note("%s: %s", s.name, what) }
	h.running[s.name] = s
	s.Manual = carpif.ByHand(carpif.Options{
		Record:  record,
		Created: recorded,
		Kernel:  h.kernel,
		TUN:     h.tun,
		Store:   h.Folder,
		OpenSegment: func(parent string, vhid carp.VHID) (carpif.Segment, error) {
			tell(fmt.Sprintf("listens on %s for vhid %d", parent, vhid))
			return silence{tell}, nil
		},
		OpenUnicast: func(_ string, src, dst netip.Addr) (carpif.Unicast, error) {
			return correspondence{src, dst, tell}, nil
		},
		OpenARP: func(parent string, targets []netip.Addr) (carpif.Segment, error) {
			tell(fmt.Sprintf("answers ARP on %s for %v", parent, targets))
			return silence{tell}, nil
		},
		Rename: func(_ context.Context, to string) (carpif.Renaming, error) { return h.rename(s, to) },
		Now:    func() time.Time { return h.clock },
		OnTransition: func(a carp.Action) {
			tell(a.String())
			s.expectant = s.expectant || a.To == carp.Backup
		},
		Random: func() uint64 { return 0 }, // nothing is sent that it would have to hide
	})
	return s
}

// Running tells whether an interface is at work.
func (h *Host) Running(name string) bool { return h.running[name] != nil }

// Ask sends a request to a supervisor. When it is answered, the handover that it led
// to is over and the other interfaces have heard of it.
func (h *Host) Ask(name string, req control.Request) control.Response {
	s := h.running[name]
	before := h.units[name].record
	reply := s.Ask(req)
	h.handOver(s)
	h.after(s, before)
	select {
	case r := <-reply:
		return r
	default: // every request is answered when no handover is left to wait for
		return control.Response{Error: bsderr.Newf("%s: no answer", name)}
	}
}

// handOver lets the time pass in which an interface that has bowed out still answers.
func (h *Host) handOver(s *supervisor) {
	for s.HandingOver() {
		due, _ := s.Deadline()
		heading := fmt.Sprintf("after %v, or when another host is heard:", due.Sub(h.clock))
		h.clock = due
		h.plan.under(heading, s.Due)
	}
}

// after is what follows a request.
func (h *Host) after(s *supervisor, before state.Record) {
	if s.Ended() {
		h.plan.note("%s: its supervisor ends", s.name)
		delete(h.running, s.name)
		h.units[s.name].alive = false
	} else if !sameElection(before, h.units[s.name].record) {
		s.expectant = true
	}
	h.follow()
}

// sameElection tells whether two records differ in nothing that the election or the
// addresses depend on.
func sameElection(a, b state.Record) bool {
	for _, r := range []*state.Record{&a, &b} {
		r.Name, r.NewName, r.Description, r.Groups, r.Created = "", "", "", nil, time.Time{}
	}
	return reflect.DeepEqual(a, b)
}

// follow tells the interfaces of knobs and demotions that have changed.
func (h *Host) follow() {
	for h.changed {
		h.changed = false
		for _, s := range h.supervisors() {
			s.KnobsChanged()
			h.handOver(s)
		}
	}
}

func (h *Host) supervisors() (all []*supervisor) {
	for _, name := range h.names() {
		if s := h.running[name]; s != nil {
			all = append(all, s)
		}
	}
	return all
}

// Note adds a comment to the plan.
func (h *Host) Note(text string) { h.plan.note("%s", text) }

// Plan is what has happened since the last call: one operation of the kernel's on
// each line, as the command for it; what is none is a comment.
func (h *Host) Plan() []string {
	h.follow()
	return h.plan.take()
}

// Outlook is what would happen by itself if nobody else was heard: the interfaces
// that have become BACKUP, or have been changed as such, become MASTER. It is the
// end of the rehearsal.
func (h *Host) Outlook() []string {
	now := h.clock
	var waiting []*supervisor
	for _, s := range h.supervisors() {
		if s.expectant && s.Status().State == carp.Backup.String() {
			waiting = append(waiting, s)
		}
	}
	deadline := func(s *supervisor) time.Time {
		at, _ := s.Deadline()
		return at
	}
	slices.SortStableFunc(waiting, func(a, b *supervisor) int { return deadline(a).Compare(deadline(b)) })
	for _, s := range waiting {
		h.clock = deadline(s)
		h.plan.under(fmt.Sprintf("after %.3f s without a better advertisement:", h.clock.Sub(now).Seconds()), s.Due)
	}
	return h.Plan()
}

// renaming is a new name that an interface has taken hold of: carpif.Renaming.
type renaming struct {
	h  *Host
	s  *supervisor
	to string
}

func (h *Host) rename(s *supervisor, to string) (carpif.Renaming, error) {
	switch _, err := h.Load(to); {
	case errors.Is(err, unix.EINVAL): // no name at all
		return nil, err
	case !errors.Is(err, fs.ErrNotExist), h.Alive(to):
		return nil, carpif.ErrNameInUse
	}
	return &renaming{h, s, to}, nil
}

func (r *renaming) Commit() error {
	r.h.Folder.rename(r.s.name, r.to)
	delete(r.h.running, r.s.name)
	r.s.name = r.to
	r.h.running[r.to] = r.s
	return nil
}

func (r *renaming) Abort() {}
