package link

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// watchBuffer is the receive buffer of a watch in bytes: room for some
// thousands of messages, as when all interfaces of a router come up at once.
const watchBuffer = 4 << 20

// maxWatchErrors is how many reads may fail in a row, for another reason than
// an overflow, before a watch gives up.
const maxWatchErrors = 10

// Watch returns news about all interfaces and addresses from now on: call it
// first, then read the state. The channel closes when ctx ends, or when the
// socket fails for good. A slow consumer gets a Resync in place of what it
// missed. Addresses that are put on any carpN are not reported, only ones that
// go: see watchFilter.
func (k *Kernel) Watch(ctx context.Context) (<-chan Event, error) {
	socket, err := nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR)
	if err != nil {
		return nil, fmt.Errorf("watch: open netlink socket: %w", err)
	}
	// Forcing a size above the system's limit takes CAP_NET_ADMIN.
	if err := socket.SetReceiveBufferSize(watchBuffer, true); err != nil {
		if err := socket.SetReceiveBufferSize(watchBuffer, false); err != nil {
			socket.Close()
			return nil, fmt.Errorf("watch: set receive buffer: %w", err)
		}
	}
	w := &watcher{
		receive: func() ([]syscall.NetlinkMessage, error) {
			msgs, _, err := socket.Receive()
			return msgs, err
		},
		setFilter: func(carps map[int]bool) error { return setWatchFilter(socket.GetFd(), carps) },
		names:     map[int]string{},
		carps:     map[int]bool{},
		events:    make(chan Event),
	}
	known, err := k.host.devices()
	if err != nil {
		socket.Close()
		return nil, fmt.Errorf("watch: list interfaces: %w", err)
	}
	for _, d := range known {
		w.learn(d)
	}
	if err := w.setFilter(w.carps); err != nil {
		socket.Close()
		return nil, fmt.Errorf("watch: attach filter: %w", err)
	}

	out := make(chan Event)
	inner, cancel := context.WithCancel(ctx)
	context.AfterFunc(inner, socket.Close) // wakes the reader
	go func() {
		defer cancel()
		w.read(inner)
	}()
	go forward(inner, w.events, out)
	return out, nil
}

// watcher turns netlink messages into events. Everything but events belongs
// to its reading goroutine.
type watcher struct {
	receive   func() ([]syscall.NetlinkMessage, error)
	setFilter func(carps map[int]bool) error
	names     map[int]string
	carps     map[int]bool // ifindexes of backings, all supervisors'
	events    chan Event
}

// read runs until ctx ends or the socket is of no use, then closes events.
func (w *watcher) read(ctx context.Context) {
	defer close(w.events)
	failures := 0
	for ctx.Err() == nil {
		msgs, err := w.receive()
		var events []Event
		switch {
		case errors.Is(err, os.ErrClosed):
			return
		case errors.Is(err, unix.ENOBUFS): // the kernel dropped messages
			events = []Event{{Kind: Resync}}
		case err != nil:
			if failures++; failures >= maxWatchErrors {
				return
			}
			events = []Event{{Kind: Resync}}
		default:
			failures = 0
			for _, m := range msgs {
				if e, ok := w.event(m); ok {
					events = append(events, e)
				}
			}
		}
		for _, e := range events {
			select {
			case w.events <- e:
			case <-ctx.Done():
				return
			}
		}
	}
}

// event returns what a message says, false when it is not news to us.
func (w *watcher) event(m syscall.NetlinkMessage) (Event, bool) {
	switch m.Header.Type {
	case unix.RTM_NEWLINK, unix.RTM_DELLINK:
		// The same group carries news about bridge ports (AF_BRIDGE): a
		// DELLINK there is a port leaving its bridge, not an interface going.
		if len(m.Data) < unix.SizeofIfInfomsg || m.Data[0] != unix.AF_UNSPEC {
			return Event{}, false
		}
		header := unix.NlMsghdr(m.Header)
		l, err := netlink.LinkDeserialize(&header, m.Data)
		if err != nil {
			return Event{Kind: Resync}, true
		}
		return w.linkEvent(deviceOf(l), m.Header.Type == unix.RTM_DELLINK), true
	case unix.RTM_NEWADDR, unix.RTM_DELADDR:
		return w.addressEvent(m)
	}
	return Event{}, false
}

func (w *watcher) linkEvent(d device, gone bool) Event {
	if gone {
		delete(w.names, d.index)
		if w.carps[d.index] {
			delete(w.carps, d.index)
			w.setFilter(w.carps) // on failure the old one serves: indexes are not used again
		}
		return Event{Kind: LinkGone, Index: d.index, Name: d.name}
	}
	if w.learn(d) {
		w.setFilter(w.carps) // on failure we wake more often than we need
	}
	return Event{Kind: LinkChanged, Index: d.index, Name: d.name, Up: d.up, Carrier: d.carrier}
}

// learn notes a device and reports whether it is a backing not known before.
func (w *watcher) learn(d device) bool {
	w.names[d.index] = d.name
	if !d.ours() || w.carps[d.index] {
		return false
	}
	w.carps[d.index] = true
	return true
}

func (w *watcher) addressEvent(m syscall.NetlinkMessage) (Event, bool) {
	if len(m.Data) < unix.SizeofIfAddrmsg {
		return Event{}, false
	}
	msg := nl.DeserializeIfAddrmsg(m.Data)
	attrs, err := nl.ParseRouteAttr(m.Data[unix.SizeofIfAddrmsg:])
	if err != nil {
		return Event{Kind: Resync}, true
	}
	e := Event{Kind: AddressChanged, Index: int(msg.Index), Name: w.names[int(msg.Index)], Removed: m.Header.Type == unix.RTM_DELADDR}
	for _, a := range attrs {
		// IFA_LOCAL is our end; without a peer IPv6 sends IFA_ADDRESS alone.
		if a.Attr.Type == unix.IFA_LOCAL || (a.Attr.Type == unix.IFA_ADDRESS && !e.Prefix.IsValid()) {
			e.Prefix = prefixFrom(a.Value, int(msg.Prefixlen))
		}
	}
	return e, true
}
