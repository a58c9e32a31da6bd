package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

const (
	// password is the group's, where there is one.
	password = "testpass"
	// settling bounds every wait for a MASTER.
	settling = 20 * time.Second
	// pace is the time between two requests of the client.
	pace = 2 * time.Millisecond
	// steady is how long a host has to be the one that answers.
	steady = 500 * time.Millisecond
	// aftermath is how long after a fault one looks who has the address still.
	aftermath = 10 * time.Second
)

// virtual is the group's address.
var virtual = netip.MustParseAddr("192.168.1.50")

// fault is something that befalls the MASTER.
type fault struct {
	what string
	do   func(ctx context.Context, p speaker, h *netlab.Host) error
	// yields tells that the other host is to be the one that answers. The address of one
	// that was killed may stay, and then it is chance who answers.
	yields bool
	// reachable tells that the host is that afterwards, so that it matters whether it has
	// the address still.
	reachable bool
}

var faults = []fault{
	{"the MASTER's link is lost", func(ctx context.Context, _ speaker, h *netlab.Host) error { return h.Unplug(ctx) }, true, false},
	{"the MASTER is stopped (SIGTERM)", signalled(unix.SIGTERM), true, true},
	{"the MASTER is killed (SIGKILL)", signalled(unix.SIGKILL), false, true},
}

// signalled sends a signal to all of a program's processes on a host; an orderly end is
// the business of the first, as of a service manager's main process.
func signalled(sig unix.Signal) func(context.Context, speaker, *netlab.Host) error {
	return func(_ context.Context, p speaker, h *netlab.Host) error {
		found, err := p.processes(h)
		if err != nil {
			return err
		}
		if sig == unix.SIGTERM {
			found = found[:1]
		}
		var errs []error
		for _, one := range found {
			errs = append(errs, one.Signal(sig))
		}
		return errors.Join(errs...)
	}
}

// outcome is what came of a fault.
type outcome struct {
	// gap is the client's longest time without an answer.
	gap time.Duration
	// lost is how many requests had none.
	lost int
	// both tells that the first host had the address still, long after.
	both bool
	// memory is the MASTER's before, in bytes.
	memory int64
}

func (o outcome) String() string {
	text := fmt.Sprintf("%.2f s", o.gap.Seconds())
	if o.lost == 0 {
		text = "none lost"
	}
	if o.both {
		text += fmt.Sprintf(", two hosts have the address %v later", aftermath)
	}
	return text
}

// try does a fault to the MASTER of two hosts on a LAN of their own.
func try(ctx context.Context, p speaker, f fault) (o outcome, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done within %v", limit))
	defer cancel()
	lab, err := netlab.New(ctx)
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, lab.Close()) }()
	var hosts [3]*netlab.Host
	for n, name := range []string{"one", "two", "client"} {
		address := netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 168, 1, byte(3 + n)}), 24)
		if hosts[n], err = lab.Host(name, address); err != nil {
			return o, err
		}
	}
	one, two, client := hosts[0], hosts[1], hosts[2]
	probe, err := netlab.StartProbe(ctx, client, virtual, pace)
	if err != nil {
		return o, err
	}
	for n, h := range hosts[:2] {
		if err := p.start(ctx, h, n); err != nil {
			return o, err
		}
		if err := served(ctx, probe, one); err != nil {
			return o, err
		}
	}
	if o.memory, err = pss(p, one); err != nil {
		return o, err
	}
	since := time.Now()
	if err := f.do(ctx, p, one); err != nil {
		return o, err
	}
	if f.yields {
		if err := served(ctx, probe, two); err != nil {
			return o, err
		}
	}
	if f.reachable {
		err := netlab.Wait(ctx, aftermath+time.Minute, "time to pass", func() (bool, string) { return time.Since(since) >= aftermath, "" })
		if err != nil {
			return o, err
		}
		if o.both, err = has(ctx, one); err != nil {
			return o, err
		}
	}
	r := probe.Stop().Since(since)
	o.gap, o.lost = r.LongestGap(), r.Lost
	return o, nil
}

// served waits until a host answers, and has been the one to answer for a while.
func served(ctx context.Context, probe *netlab.Probe, by *netlab.Host) error {
	since := time.Now()
	return netlab.Wait(ctx, settling, virtual.String()+" to be answered by "+by.Name(), func() (bool, string) {
		host, at := probe.LastFrom()
		if host != by.Name() {
			since = time.Now()
		}
		return at.Sub(since) > steady, host
	})
}

// pss is the memory of all of a program's processes on a host.
func pss(p speaker, h *netlab.Host) (sum int64, err error) {
	found, err := p.processes(h)
	if err != nil {
		return 0, err
	}
	for _, one := range found {
		n, err := one.PSS()
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// has tells whether a host has the virtual address on any interface.
func has(ctx context.Context, h *netlab.Host) (bool, error) {
	links, err := h.Links(ctx)
	if err != nil {
		return false, err
	}
	for _, l := range links {
		list, err := h.Addresses(ctx, l.Name)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(list, func(a netip.Prefix) bool { return a.Addr() == virtual }) {
			return true, nil
		}
	}
	return false, nil
}
