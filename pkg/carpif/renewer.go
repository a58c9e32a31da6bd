package carpif

import (
	"errors"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// renewTime is how soon after a renewal the next one follows at the earliest:
// an interval of 4 ms need not mean 256 calls a second for a lease of seconds.
const renewTime = 250 * time.Millisecond

// renewal is a lease to renew, and then what came of it.
type renewal struct {
	kernel  Kernel
	name    string
	leases  []link.Address
	readded []netip.Prefix
	err     error
	// parent, if set, is to be prepared again; mended says that it had to be.
	parent string
	mended bool
}

func (job *renewal) do() {
	job.readded, job.err = job.kernel.Renew(job.name, job.leases)
	if job.parent != "" {
		job.mended = mend(job.kernel, job.parent)
	}
}

// renewer renews leases in a goroutine of its own. Renewing needs the kernel's
// network lock, which a busy host may hold for a tenth of a second while it
// makes and removes namespaces; the owner has the next advertisement to send.
type renewer struct {
	todo chan renewal // capacity 1
	done chan renewal // capacity 1
}

func newRenewer() *renewer {
	return &renewer{todo: make(chan renewal, 1), done: make(chan renewal, 1)}
}

func startRenewer() *renewer {
	r := newRenewer()
	go func() {
		defer close(r.done)
		for job := range r.todo {
			job.do()
			r.done <- job
		}
	}()
	return r
}

// mendTime is how often a MASTER's parent is looked at: a reload of the host's
// sysctl.conf may have made it speak for the virtual addresses.
const mendTime = 10 * time.Second

// mend prepares a parent again and tells whether that was needed.
func mend(k Kernel, parent string) bool {
	before, err := k.ParentSettings(parent)
	if err != nil {
		return false // gone, which is news that come another way
	}
	if _, err := k.PrepareParent(parent); err != nil {
		return false
	}
	after, err := k.ParentSettings(parent)
	return err == nil && !maps.Equal(before, after)
}

// stop ends the goroutine and waits for a renewal under way.
func (r *renewer) stop() {
	close(r.todo)
	for range r.done { // takes what nobody has taken, until it is closed
		continue
	}
}

// renew has the lease renewed. While an earlier renewal still waits for the
// kernel nothing is added to it: the next advertisement comes back here.
func (i *Interface) renew() {
	job := renewal{kernel: i.kernel(), name: i.name, leases: i.leases()}
	if i.now().Sub(i.mendedAt) >= mendTime {
		job.parent = i.record.Parent
	}
	select {
	case i.renewer.todo <- job:
		i.renewedAt = i.now()
		if job.parent != "" {
			i.mendedAt = i.renewedAt
		}
	default:
	}
}

// renewed takes what came of a renewal. It claims anew where claiming has
// failed before, or where the addresses have changed meanwhile: a MASTER must
// not go on advertising what it does not answer for.
func (i *Interface) renewed(job renewal) {
	if i.machine.State() != carp.Master || !i.attached {
		return
	}
	switch {
	case errors.Is(job.err, link.ErrReleased), !slices.Equal(job.leases, i.leases()):
		i.claim()
		return
	case job.err != nil:
		i.limited("renew", "renewing the lease of the addresses", "err", job.err)
		i.renewedAt = time.Time{}
	}
	if job.mended {
		i.limited("mended", "another program had changed the parent's arp_ignore or arp_announce", "parent", job.parent)
	}
	if len(job.readded) > 0 {
		i.limited("readded", "put back addresses that were gone from the kernel", "addresses", job.readded)
	}
}
