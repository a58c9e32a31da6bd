package wire

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
)

// receiveBuffer is asked for in bytes. The kernel doubles it and charges one to two KiB for a small
// frame, so a thousand advertisements and more wait while the process is stopped: a quarter of an
// hour of a peer that sends each second.
const receiveBuffer = 1 << 20

// pauseAfterFault is how long the watcher waits when the poller itself fails, so that a condition
// nobody foresaw costs twenty wake-ups a second and not a processor.
const pauseAfterFault = 50 * time.Millisecond

// Conn is a packet socket on a parent interface that hears one vhid: the advertisements to the
// groups, and those that a peer sends to this host alone. It hears them before the host's own
// network code does, so no packet filter, no rp_filter and no missing route keeps them away. What a
// router has forwarded arrives with a lower TTL, from the router's MAC.
//
// Send, Receive and Rearm are for one goroutine, the owner. Ready, Stats and Close are for any.
type Conn struct {
	ifname string
	socket *packet.Conn
	raw    syscall.RawConn

	ready  chan struct{}
	rearm  chan struct{}
	closed chan struct{}
	close  func() error
	done   sync.WaitGroup

	// Of the owner.
	pending  error // met while frames may still be queued; told when the queue is empty
	wentDown bool  // the parent was down once; it may have been deleted since

	mu    sync.Mutex
	stats Stats
}

// Stats counts frames for the vhid since Open.
type Stats struct {
	// Received frames were queued for the owner.
	Received uint64
	// Dropped frames found the queue full: the owner was stopped or flooded.
	Dropped uint64
}

// Open opens a socket on the interface named ifname, in the network namespace of the calling
// thread, that hears the frames of one vhid, 1 to 255. The filter is in place before the first frame
// can arrive, the interface is told to accept both CARP groups, and the switches are told of our
// interest in them.
//
// The error matches unix.ENODEV when there is no such interface, unix.EAFNOSUPPORT when it is not
// an Ethernet, unix.EINVAL for vhid 0 or an impossible name, and fs.ErrPermission without
// CAP_NET_RAW.
func Open(ifname string, vhid uint8) (*Conn, error) {
	filter, err := assemble(vhid)
	if err != nil {
		return nil, fmt.Errorf("%s: open packet socket: %w", ifname, err)
	}
	return listen(ifname, filter, frame.GroupIPv4, frame.GroupIPv6)
}

// listen opens a Conn that hears what the filter accepts, the frames of these groups too.
func listen(ifname string, filter []bpf.RawInstruction, groups ...frame.Group) (*Conn, error) {
	c, err := open(ifname, filter, groups)
	if err != nil {
		return nil, fmt.Errorf("%s: open packet socket: %w", ifname, err)
	}
	return c, nil
}

func open(ifname string, filter []bpf.RawInstruction, groups []frame.Group) (*Conn, error) {
	index, err := interfaceIndex(ifname)
	if err != nil {
		return nil, err
	}
	// All protocols and not IPv4 and IPv6: only such a socket comes before the macvlan driver, and
	// the filter has refused the others before they cost anything.
	socket, err := packet.Listen(&net.Interface{Index: index, Name: ifname}, packet.Raw,
		unix.ETH_P_ALL, &packet.Config{Filter: filter})
	if err != nil {
		return nil, err
	}
	c := &Conn{
		ifname: ifname,
		socket: socket,
		ready:  make(chan struct{}, 1),
		rearm:  make(chan struct{}, 1),
		closed: make(chan struct{}),
	}
	if err := c.prepare(groups); err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	joined, err := join(index, groups)
	if err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	c.close = sync.OnceValue(func() error {
		close(c.closed)
		joined.leave()
		err := c.socket.Close() // wakes the watcher out of the poller
		c.done.Wait()
		return err
	})
	c.done.Go(c.watch)
	return c, nil
}

// prepare does what must be done before frames are wanted, on a bound socket.
func (c *Conn) prepare(groups []frame.Group) (err error) {
	c.raw, err = c.socket.SyscallConn()
	if err != nil {
		return err
	}
	hardware, err := c.boundTo()
	if err != nil {
		return err
	}
	if hardware.Hatype != unix.ARPHRD_ETHER {
		return fmt.Errorf("not an Ethernet (hardware type %d): %w", hardware.Hatype, unix.EAFNOSUPPORT)
	}
	if err := c.control(tune); err != nil {
		return err
	}
	for _, group := range groups {
		if err := c.socket.JoinGroup(group.MAC[:]); err != nil {
			return fmt.Errorf("join %v: %w", group.MAC, err)
		}
	}
	return nil
}

// tune sets the options that make the socket cheaper or roomier.
func tune(fd int) error {
	// Spares a busy host a clone of each frame it sends; since Linux 4.20, and the filter refuses
	// them in any case.
	_ = unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1)
	// The forced form goes beyond net.core.rmem_max and needs CAP_NET_ADMIN.
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) == nil {
		return nil
	}
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer))
}

// interfaceIndex asks for one name, where net.InterfaceByName lists every interface and loses the
// errno.
func interfaceIndex(ifname string) (int, error) {
	request, err := unix.NewIfreq(ifname)
	if err != nil {
		return 0, err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, request); err != nil {
		return 0, err
	}
	return int(request.Uint32()), nil
}

// Send puts one whole frame on the wire. It never waits: a send queue without room is
// unix.ENOBUFS. Other errors worth knowing are unix.ENETDOWN (the parent is down), unix.ENXIO (it
// is gone), unix.EPERM (a filter of this host refused), unix.EMSGSIZE and os.ErrClosed.
func (c *Conn) Send(b []byte) error {
	err := c.sendOnce(b)
	if err == unix.ENETDOWN {
		// A parent that was down and is up again leaves its error behind for the next call, which
		// is this one or Receive. Then the frame can go out, and Receive shall tell.
		if err = c.sendOnce(b); err == nil {
			c.wentDown, c.pending = true, unix.ENETDOWN
		}
	}
	if err == unix.EAGAIN {
		// The socket's own buffer is full and not the device's queue; to the caller it is one thing.
		err = unix.ENOBUFS
	}
	if err != nil {
		return fmt.Errorf("%s: send: %w", c.ifname, err)
	}
	return nil
}

func (c *Conn) sendOnce(b []byte) error {
	return c.control(func(fd int) error {
		for {
			if err := unix.Sendto(fd, b, unix.MSG_DONTWAIT, nil); err != unix.EINTR {
				return err
			}
		}
	})
}

// Receive takes the oldest waiting frame into buf and returns its length; a frame longer than buf is
// cut. ok is false when nothing is waiting, and only then can err be set: what went wrong since the
// last call, told once.
//
// unix.ENETDOWN says that the parent went down; the Conn hears again by itself when it comes up.
// unix.ENODEV says that the parent no longer exists; it stays, and the Conn is of no more use. The
// kernel gives no notice of a deletion that follows a going down, so ENODEV may wait for the next
// call. os.ErrClosed says the Conn was closed.
func (c *Conn) Receive(buf []byte) (n int, ok bool, err error) {
	for {
		err := c.control(func(fd int) (err error) {
			n, _, err = unix.Recvfrom(fd, buf, unix.MSG_DONTWAIT)
			return err
		})
		switch {
		case err == nil:
			return n, true, nil
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			return 0, false, c.fault()
		case err == unix.ENETDOWN:
			// It overtook frames that arrived before it. Those first.
			c.wentDown, c.pending = true, err
		default:
			c.pending = err
			return 0, false, c.fault()
		}
	}
}

// fault is what Receive has to say about an empty queue.
func (c *Conn) fault() error {
	err := c.pending
	c.pending = nil
	if c.wentDown {
		switch address, errBound := c.boundTo(); {
		case errBound != nil:
			err = errBound
		case address.Ifindex <= 0:
			err = unix.ENODEV
		}
	}
	if err != nil {
		return fmt.Errorf("%s: receive: %w", c.ifname, err)
	}
	return nil
}

// boundTo is the socket's own address. When the kernel has deleted the interface its index is -1.
func (c *Conn) boundTo() (*unix.SockaddrLinklayer, error) {
	var address unix.Sockaddr
	err := c.control(func(fd int) (err error) {
		address, err = unix.Getsockname(fd)
		return err
	})
	if err != nil {
		return nil, err
	}
	link, ok := address.(*unix.SockaddrLinklayer)
	if !ok {
		return nil, fmt.Errorf("socket address is a %T", address)
	}
	return link, nil
}

// Ready delivers a value when frames, or an error, may be waiting. The owner then calls Receive
// until ok is false, and Rearm. Until that Rearm there is no further notice. The channel is never
// closed.
func (c *Conn) Ready() <-chan struct{} { return c.ready }

// Rearm asks for the next notice; it comes at once when something arrived in the meantime. An
// extra call does no worse than an extra notice.
func (c *Conn) Rearm() {
	select {
	case c.rearm <- struct{}{}:
	default:
	}
}

// Close leaves the groups and frees the socket. The watching goroutine has ended when it returns.
// Later calls return the same result.
func (c *Conn) Close() error { return c.close() }

// Stats returns the counts so far. When the socket cannot be asked any more they are the last
// known ones.
func (c *Conn) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	// The kernel starts anew at each reading, and counts a dropped frame among the others too.
	if now, err := c.socket.Stats(); err == nil {
		c.stats.Dropped += uint64(now.Drops)
		c.stats.Received += uint64(now.Packets - now.Drops)
	}
	return c.stats
}

// watch is the one goroutine of a Conn: it sleeps in the runtime's poller until the socket has
// something, gives notice, and waits to be asked again. It takes nothing off the socket.
func (c *Conn) watch() {
	for {
		if err := c.raw.Read(readable); err != nil {
			select {
			case <-c.closed:
				return
			case <-time.After(pauseAfterFault):
			}
		}
		select {
		case c.ready <- struct{}{}:
		case <-c.closed:
			return
		}
		select {
		case <-c.rearm:
		case <-c.closed:
			return
		}
	}
}

// readable says whether a read of the socket would return something, an error included. It asks
// poll and does not peek, because a peek takes a pending ENETDOWN off the socket and the owner would
// never learn of it.
func readable(fd uintptr) bool {
	state := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(state, 0)
		if err != unix.EINTR {
			return n != 0 || err != nil
		}
	}
}

// control runs f on the descriptor, which stays open meanwhile. Unlike a read through the poller it
// does not contend with the watcher, which holds the read side nearly all the time.
func (c *Conn) control(f func(fd int) error) error {
	var err error
	if errControl := c.raw.Control(func(fd uintptr) { err = f(int(fd)) }); errControl != nil {
		select {
		case <-c.closed:
			return os.ErrClosed
		default:
			return errControl
		}
	}
	return err
}
