package carpif

import (
	"context"
	"net/netip"

	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// Segment is the parent's wire as one vhid sees it: whole Ethernet frames, out
// and in. Receive never blocks; Ready yields a value when frames may be
// waiting, and the owner then receives until there are none and rearms.
type Segment interface {
	Send(frame []byte) error
	Receive(buf []byte) (n int, ok bool, err error)
	Ready() <-chan struct{}
	Rearm()
	Close() error
}

// Parents is what the host tells of its own interfaces.
type Parents interface {
	Parents() ([]link.Parent, error)
	Parent(name string) (link.Parent, error)
	PrepareParent(name string) (link.Settings, error)
	RestoreParent(name string, saved link.Settings) error
	// ParentSettings are the values that PrepareParent would change, now.
	ParentSettings(name string) (link.Settings, error)
	ReadSetting(ifname, family, key string) (string, error)
	WriteSetting(ifname, family, key, value string) error
	Watch(ctx context.Context) (<-chan link.Event, error)
}

// Backing is the kernel interface that bears the virtual MAC and the
// addresses while this host is MASTER.
type Backing interface {
	EnsureBacking(name string, parentIndex int, mac [6]byte) (index int, err error)
	// Inherit takes over what a supervisor that died left in the kernel, still
	// answering; false where there is no such thing.
	Inherit(name string, parentIndex int, mac [6]byte) (index int, ok bool, err error)
	DeleteBacking(name string) error
	SetMTU(name string, mtu int) error
	Claim(name string, addrs []link.Address) error
	Renew(name string, addrs []link.Address) (readded []netip.Prefix, err error)
	Release(name string) error
	RenameBacking(name, to string) error
}

// Kernel is all that the owner asks of the operating system's network.
type Kernel interface {
	Parents
	Backing
}

// Renaming is another name that nobody else can have now.
type Renaming interface {
	// Commit moves the record and all that goes by the interface's name to the
	// new one, and lets go of the old. With an error nothing has moved. The caller
	// keeps the other interfaces out (Store.Exclusive).
	Commit() error
	// Abort lets go of the new name.
	Abort()
}

// Users keep the parents' own settings safe while anybody uses them.
type Users interface {
	UseParent(parent string, index int, user string, read func() (map[string]string, error)) error
	LeaveParent(parent, user string, restore func(map[string]string) error) error
}

// Exclusive is a store with the other interfaces' supervisors kept out: nothing waits.
type Exclusive interface {
	Users
	// Unlock lets them in again.
	Unlock()
}

// Store is what survives the supervisor: its record, its part in the parent's
// settings and in the demotion ledger, and the host's knobs.
type Store interface {
	// Exclusive keeps every other interface's supervisor out, while a change is
	// held against their records, saved and carried out. It may wait, as long as
	// ctx allows; so the owner must not call it.
	Exclusive(ctx context.Context) (Exclusive, error)
	// Users without Exclusive wait for their turn, two seconds at most. That is for
	// an interface that is not MASTER, or is not any more.
	Users
	// Save writes the record, all of it or nothing; Remove forgets it.
	Save(state.Record) error
	Remove(name string) error
	// Siblings are the records of the host's other carp interfaces.
	Siblings(name string) ([]state.Record, error)
	// SetEntries replaces this interface's reasons for demotion.
	SetEntries(owner string, entries []state.Entry) error
	// Knobs are the host's knobs; with an error they are still usable, the
	// defaults standing in for what could not be read.
	Knobs() (sysctl.Values, error)
	// Demotions are the host's reasons for demotion; with an error, those that
	// could be read.
	Demotions() (state.Ledger, error)
}
