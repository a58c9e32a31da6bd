package netlab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Sniffer records the frames that pass an interface.
type Sniffer struct {
	cancel context.CancelFunc
	done   chan struct{}

	mu     sync.Mutex
	frames []Frame
	err    error
	end    time.Time
}

// Sniff records on a host's interface, e.g. eth0, the frames for which every filter
// holds. [Frame.Outgoing] is a frame that the host sends.
func (h *Host) Sniff(ctx context.Context, ifname string, filters ...Filter) (*Sniffer, error) {
	return h.lab.sniff(ctx, h.ns, ifname, filters)
}

// SniffPort records at the switch's end of the host's cable. Here [Frame.Outgoing]
// is a frame that the switch sends towards the host; what the host has sent comes in.
// It needs to be begun again after PowerOn, which brings a new port.
func (h *Host) SniffPort(ctx context.Context, filters ...Filter) (*Sniffer, error) {
	return h.lab.sniff(ctx, h.lab.sw, h.name, filters)
}

// sniff opens a packet socket in the namespace and reads it until the end.
func (l *Lab) sniff(ctx context.Context, ns namespace, ifname string, filters []Filter) (*Sniffer, error) {
	fd := -1
	err := ns.do(func() (err error) {
		fd, err = openPacket(ifname)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("netlab: sniff %s in %s: %w", ifname, ns, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &Sniffer{cancel: cancel, done: make(chan struct{})}
	stop := context.AfterFunc(l.ctx, cancel)
	context.AfterFunc(ctx, s.noteEnd)
	err = l.background(func() {
		defer stop()
		s.read(ctx, fd, filters)
	})
	if err != nil {
		cancel()
		_ = unix.Close(fd)
		return nil, err
	}
	return s, nil
}

// openPacket opens a packet socket that hears every frame on the interface. It is
// bound before it is told a protocol, so that it never hears another interface.
func openPacket(ifname string) (fd int, err error) {
	ifi, err := net.InterfaceByName(ifname)
	if err != nil {
		return -1, err
	}
	fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	wait := unix.NsecToTimeval((20 * time.Millisecond).Nanoseconds())
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait),
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ALL), Ifindex: ifi.Index}),
	)
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// networkOrder swaps the bytes of a protocol number: the kernel wants it in the
// order of the wire.
func networkOrder(v uint16) uint16 { return v<<8 | v>>8 }

// read records frames until ctx has ended and the frames from before are read. On
// a busy wire the read never times out, so that a frame from after the end ends it
// as well.
func (s *Sniffer) read(ctx context.Context, fd int, filters []Filter) {
	defer close(s.done)
	defer unix.Close(fd)
	buf := make([]byte, 64<<10)
	var control [256]byte
	for {
		// Asked before: a frame may come between a read in vain and the end.
		ended := ctx.Err() != nil
		n, cn, _, from, err := unix.Recvmsg(fd, buf, control[:], 0)
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
			if ended {
				return
			}
			continue
		case errors.Is(err, unix.ENETDOWN):
			continue // said once when the interface goes down; it may come up again
		case err != nil:
			s.mu.Lock()
			s.err = err
			s.mu.Unlock()
			return
		}
		f := Frame{At: time.Now(), Bytes: append([]byte(nil), buf[:n]...)}
		if at, ok := kernelTime(control[:cn]); ok {
			f.At = at
		}
		if ll, ok := from.(*unix.SockaddrLinklayer); ok {
			f.Outgoing = ll.Pkttype == unix.PACKET_OUTGOING
		}
		if end, stopped := s.stopped(); stopped && f.At.After(end) {
			return
		}
		if f.matches(filters) {
			s.mu.Lock()
			s.frames = append(s.frames, f)
			s.mu.Unlock()
		}
	}
}

// noteEnd keeps the time of the stop.
func (s *Sniffer) noteEnd() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end = time.Now()
}

// stopped tells whether and when the recording was stopped.
func (s *Sniffer) stopped() (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end, !s.end.IsZero()
}

// Frames returns what was recorded so far and passes the filters.
func (s *Sniffer) Frames(filters ...Filter) []Frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	var kept []Frame
	for _, f := range s.frames {
		if f.matches(filters) {
			kept = append(kept, f)
		}
	}
	return kept
}

// Stop ends the recording. Frames that had passed the interface before are in it.
func (s *Sniffer) Stop() ([]Frame, error) {
	s.cancel()
	<-s.done
	frames := s.Frames()
	s.mu.Lock()
	defer s.mu.Unlock()
	return frames, s.err
}
