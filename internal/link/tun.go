package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"syscall"
)

// tunLabel and the parent's ifindex are the label of a TUN.
const tunLabel = Label + " parent "

// TUN makes carpN a TUN in place of a macvlan, for links that allow a host one
// MAC only. It has the methods of a Kernel, and the same promises but for what
// follows; a process that wants both kinds has one of each.
//
// The interface is not persistent: it is there for as long as this process
// holds it open, so whatever ends the process also ends its addresses at once.
// Nothing is routed into it on purpose; what is, is thrown away.
//
// An IPv4 address on it is local to the host, and the parent answers ARP for
// it with its own MAC, which takes arp_ignore 0. IPv6 is stricter: a neighbour
// solicitation is only answered for an address of the interface that was asked
// (ndisc.c, ndisc_recv_ns), proxy entries only on a host that is a router. So
// an IPv6 address is put on the parent itself, as a /128 without a route and
// deprecated, so that it is no source for the host's own traffic. That one goes
// when its lease runs out, or at once when it is released; a supervisor that is
// killed leaves it for the rest of the lease, as it does with a macvlan.
type TUN struct {
	*backings
	watch func(context.Context) (<-chan Event, error)
	open  map[string]io.Closer // by name, under mu
}

func newTUN(h host, watch func(context.Context) (<-chan Event, error)) *TUN {
	b := newBackings(h)
	b.kind, b.needs, b.hostWide, b.settings = "tun", tunNeeds, tunHostWide, tunSettings
	return &TUN{backings: b, watch: watch, open: map[string]io.Closer{}}
}

// What the parent of a TUN needs.
//
// arp_ignore 0: answer ARP for the addresses of every interface. 3 (the same,
// but for addresses of scope host, which ours are not) serves as well.
//
// arp_announce 2: ask with an address of the interface asking. A request that
// carries a virtual address brings this host's MAC into the neighbours' caches,
// which is wrong at the moment when another host takes over.
var tunNeeds = []need{
	{"arp_announce", "2", nil},
	{"arp_ignore", "0", []string{"3"}},
}

// tunHostWide is what a TUN needs of the settings for all interfaces.
var tunHostWide = []need{{"arp_ignore", "0", []string{"3"}}}

// tunSettings are written to a new or adopted TUN.
var tunSettings = []backingSetting{
	{"ipv6", "disable_ipv6", "1"},        // its IPv6 addresses are on the parent
	{"ipv4", "promote_secondaries", "1"}, // or deleting one address takes all others of its subnet along
}

// EnsureBacking makes carpN (name) a TUN for the parent with this index, and
// returns its ifindex. It is down and without addresses afterwards, whatever it
// was before; one that this TUN holds open is adopted. The MAC is not used. The
// error matches fs.ErrExist when the name belongs to something that is not
// ours, EBUSY when another process holds it or a macvlan is in use on the
// parent, fs.ErrNotExist when the parent is gone, and EOPNOTSUPP when this
// kernel has no TUN.
func (t *TUN) EnsureBacking(name string, parentIndex int, _ [6]byte) (index int, err error) {
	if err := checkName(name); err != nil {
		return 0, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	parent, err := t.deviceByIndex(parentIndex)
	if err != nil {
		return 0, failed(name, fmt.Sprintf("find parent with index %d", parentIndex), err)
	}
	if err := t.alone(parent); err != nil {
		return 0, err
	}
	found, err := t.host.device(name)
	switch {
	case missing(err): // also one that somebody deleted while we hold it
		err = t.shut(name)
	case err != nil:
		err = failed(name, "look up interface", err)
	case !found.ours() || found.name != name:
		err = failed(name, "make interface", fmt.Errorf("a %s interface that is not ours has this name: %w", kindOf(found), fs.ErrExist))
	case found.kind == "tun" && t.open[name] == nil:
		err = failed(name, "make interface", fmt.Errorf("another process holds it: %w", syscall.EBUSY))
	case found.kind != "tun": // of a record that had the other backing
		if err = t.host.deleteDevice(found); err != nil {
			err = failed(name, "delete interface of the other backing", err)
		}
	case found.on() != parent.index:
		err = t.shut(name)
	default:
		err = t.letGo(name)
	}
	if err != nil {
		return 0, err
	}
	return t.make(name, parent)
}

// make opens a TUN, unless it is open, and brings it into the state of a new
// one.
func (t *TUN) make(name string, parent device) (index int, err error) {
	if t.open[name] == nil {
		t.open[name], err = t.host.openTUN(name)
		if err != nil {
			delete(t.open, name)
			return 0, failed(name, "make interface", err)
		}
	}
	made, err := t.host.device(name)
	if err == nil {
		want := device{mtu: parent.mtu, alias: tunLabel + strconv.Itoa(parent.index)}
		err = t.adopt(made, want)
	}
	if err != nil {
		return 0, errors.Join(failed(name, "make interface", err), t.shut(name))
	}
	t.known[name] = &backing{device: made, parent: parent}
	return made.index, nil
}

// letGo takes the addresses of carpN away, on the parent too, and forgets it.
func (t *TUN) letGo(name string) error {
	k := t.known[name]
	delete(t.known, name)
	if k == nil {
		return nil
	}
	var errs []error
	for i := len(k.held) - 1; i >= 0; i-- {
		if err := t.drop(k, k.held[i].Prefix); !missing(err) { // it may have been deleted
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// shut closes carpN, and the kernel deletes it with its addresses.
func (t *TUN) shut(name string) error {
	err := t.letGo(name)
	if c := t.open[name]; c != nil {
		delete(t.open, name)
		err = errors.Join(err, c.Close())
	}
	return err
}

// Inherit always says no: a TUN ends with the process that held it.
func (t *TUN) Inherit(string, int, [6]byte) (index int, ok bool, err error) {
	return 0, false, nil
}

// DeleteBacking is Kernel.DeleteBacking.
func (t *TUN) DeleteBacking(name string) error {
	t.mu.Lock()
	err := t.shut(name)
	t.mu.Unlock()
	return errors.Join(err, t.backings.DeleteBacking(name))
}

// Watch is Kernel.Watch.
func (t *TUN) Watch(ctx context.Context) (<-chan Event, error) { return t.watch(ctx) }

// Close deletes every interface that it holds open.
func (t *TUN) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	for name := range t.open {
		errs = append(errs, t.shut(name))
	}
	return errors.Join(errs...)
}
