package netlab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Prefix begins the name of every namespace a lab makes.
const Prefix = "icl-"

// bridge is the name of the switch's bridge inside the switch's namespace.
const bridge = "br0"

// labs counts the labs of this process, for unique names.
var labs atomic.Int64

// errClosed is returned for work asked of a lab that has been closed.
var errClosed = errors.New("netlab: the lab is closed")

// Lab is one switch and the hosts plugged into it.
type Lab struct {
	name  string
	dir   string
	sw    namespace
	ctx   context.Context // ends with the lab; probes and sniffers live in it
	end   context.CancelFunc
	work  sync.WaitGroup // goroutines that hold sockets in the lab's namespaces
	close func() error

	mu     sync.Mutex
	hosts  []*Host
	closed bool
}

// New makes a lab with a switch and no hosts. It is closed when ctx ends, so that
// an interrupted program cleans up; a caller still calls [Lab.Close] (which waits
// for a clean-up in progress) before it exits.
func New(ctx context.Context) (*Lab, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("netlab: network namespaces need root")
	}
	dir, err := os.MkdirTemp("", Prefix)
	if err != nil {
		return nil, fmt.Errorf("netlab: %w", err)
	}
	name := fmt.Sprintf("%s%d-%d", Prefix, os.Getpid(), labs.Add(1))
	l := &Lab{name: name, dir: dir, sw: namespace(name + "-switch")}
	l.ctx, l.end = context.WithCancel(ctx)
	l.close = sync.OnceValue(l.remove)

	if err := l.addSwitch(ctx); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	context.AfterFunc(l.ctx, func() { _ = l.close() })
	return l, nil
}

// addSwitch makes the bridge. It floods multicast like a plain switch, and has no
// address and no IPv6 of its own, so that it never speaks.
func (l *Lab) addSwitch(ctx context.Context) error {
	if err := l.sw.add(ctx); err != nil {
		return err
	}
	if err := l.sw.setSysctl("net/ipv6/conf/default/disable_ipv6", "1"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return l.sw.batch(ctx,
		"link add "+bridge+" type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
		"link set "+bridge+" up")
}

// Host adds a powered host with the given addresses on its eth0. The name is also
// the name of its switch port, so at most 15 letters long.
func (l *Lab) Host(name string, addrs ...netip.Prefix) (*Host, error) {
	if name == "" || len(name) > 15 || strings.ContainsAny(name, " /\t\n") || name == bridge || name == "switch" || name == "lo" {
		return nil, fmt.Errorf("netlab: %q cannot name a host", name)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, errClosed
	}
	index := len(l.hosts) + 1
	if index > 99 {
		return nil, errors.New("netlab: a lab holds 99 hosts")
	}
	h := &Host{
		lab:   l,
		name:  name,
		ns:    namespace(l.name + "-" + name),
		addrs: addrs,
		mac:   MAC{0x02, 0x00, 0x00, 0x00, 0x00, byte(index)},
		ttl:   100 + index,
		dir:   l.dir + "/" + name,
	}
	// Listed before it is built, so that a host half built is removed as well.
	l.hosts = append(l.hosts, h)
	if err := h.build(l.ctx); err != nil {
		return nil, fmt.Errorf("netlab: host %s: %w", name, err)
	}
	return h, nil
}

// Hosts returns the lab's hosts in the order they were added.
func (l *Lab) Hosts() []*Host {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*Host(nil), l.hosts...)
}

// Dir is a temporary folder that lives as long as the lab.
func (l *Lab) Dir() string { return l.dir }

// Learned reads the switch's table: the MAC addresses it has learned and the port, by
// host name, on which each was last seen as a source.
func (l *Lab) Learned(ctx context.Context) (map[MAC]string, error) {
	return l.sw.forwarding(ctx)
}

// Close kills the processes that live in the lab's namespaces, removes the
// namespaces and the temporary folder. It may be called more than once.
func (l *Lab) Close() error {
	l.end()
	return l.close()
}

// remove does the work of Close. It goes on after an error, since the next thing
// may still be removable.
func (l *Lab) remove() error {
	l.mu.Lock()
	l.closed = true
	all := []namespace{l.sw}
	for _, h := range l.hosts {
		all = append(all, h.ns)
	}
	l.mu.Unlock()
	l.end()

	// The lab's own context has ended; this one bounds the clean-up.
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var errs []error
	for _, ns := range all {
		errs = append(errs, ns.kill(ctx))
	}
	l.work.Wait()
	for _, ns := range all {
		errs = append(errs, ns.remove(ctx))
	}
	errs = append(errs, os.RemoveAll(l.dir))
	return errors.Join(errs...)
}

// background runs f in a goroutine that Close waits for. f ends with the lab's
// context.
func (l *Lab) background(f func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errClosed
	}
	l.work.Go(f)
	return nil
}

// ownerOf maps the TTL of an answer to the name of the host that sent it. There is
// no router in a lab, so that the TTL arrives as it was sent.
func (l *Lab) ownerOf(ttl int) string {
	for _, h := range l.Hosts() {
		if h.ttl == ttl {
			return h.name
		}
	}
	return fmt.Sprintf("ttl %d", ttl)
}
