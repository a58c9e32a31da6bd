package carpif

import (
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
)

// usesTUN tells whether a record's interface is a TUN, for a link that allows
// one MAC only.
func usesTUN(r *state.Record) bool { return r.Backing == string(control.TUN) }

func (i *Interface) isTUN() bool { return usesTUN(&i.record) }

// kernel is the kernel as this interface's backing uses it.
func (i *Interface) kernel() Kernel {
	if i.isTUN() {
		return i.opts.TUN
	}
	return i.opts.Kernel
}

// mac is what advertisements and announcements come from: the virtual MAC, or
// with a TUN the parent's own, which is the only one that the link carries.
func (i *Interface) mac() frame.MAC {
	if i.isTUN() && i.parent != nil {
		return i.parent.MAC
	}
	return i.record.VHID.MAC()
}
