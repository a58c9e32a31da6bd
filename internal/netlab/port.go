package netlab

import (
	"context"
	"fmt"
)

// plugNewCard makes eth0 and its switch port, gives eth0 the host's addresses and
// sets both ends up. The card is made in both namespaces at once, so that the
// machine's own network never sees it.
func (h *Host) plugNewCard(ctx context.Context) error {
	sw := h.lab.sw
	err := sw.batch(ctx,
		fmt.Sprintf("link add name %s type veth peer name eth0 address %s netns %s", h.name, h.mac, h.ns),
		fmt.Sprintf("link set dev %s master %s up", h.name, bridge))
	if err != nil {
		return err
	}
	var lines []string
	for _, a := range h.addrs {
		line := "addr add " + a.String() + " dev eth0"
		if a.Addr().Is6() {
			line += " nodad"
		} else {
			line += " broadcast +"
		}
		lines = append(lines, line)
	}
	return h.ns.batch(ctx, append(lines, "link set eth0 up")...)
}

// Unplug pulls the cable: the switch port and the host's eth0 both lose the
// carrier. The flag drops at once; the notice to listeners may follow up to a
// second later, since Linux rations these notices.
func (h *Host) Unplug(ctx context.Context) error {
	return h.lab.sw.batch(ctx, "link set dev "+h.name+" down")
}

// Plug undoes Unplug.
func (h *Host) Plug(ctx context.Context) error {
	return h.lab.sw.batch(ctx, "link set dev "+h.name+" up")
}

// Cut stops the port from passing frames, in both directions, while the host keeps
// its carrier: a fault behind the first switch, which a host cannot see.
func (h *Host) Cut(ctx context.Context) error {
	return h.lab.sw.batch(ctx, "link set dev "+h.name+" nomaster")
}

// Mend undoes Cut.
func (h *Host) Mend(ctx context.Context) error {
	return h.lab.sw.batch(ctx, "link set dev "+h.name+" master "+bridge)
}

// PowerOff ends the host at once, without a word to anybody: its port falls silent
// first, then every process is killed, then eth0 goes with all that hangs on it, so
// that its kernel answers no more. The namespace with its settings and [Host.Dir]
// remain; what lives in /run on a real host the caller removes.
func (h *Host) PowerOff(ctx context.Context) error {
	if err := h.Cut(ctx); err != nil {
		return err
	}
	if err := h.ns.kill(ctx); err != nil {
		return err
	}
	return h.lab.sw.batch(ctx, "link delete dev "+h.name)
}

// PowerOn gives a host that was powered off a fresh eth0 with the same MAC and
// addresses. No process runs on it yet.
func (h *Host) PowerOn(ctx context.Context) error { return h.plugNewCard(ctx) }
