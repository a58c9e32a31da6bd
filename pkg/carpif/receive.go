package carpif

import (
	"errors"
	"net/netip"

	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// drainAtMost bounds the frames taken in one go, so that a flood cannot keep
// the owner from its timer.
const drainAtMost = 512

// drain takes every frame that waits. It is called before a timer is believed.
func (i *Interface) drain() {
	for n := 0; n < drainAtMost && i.segment != nil; n++ {
		length, ok, err := i.segment.Receive(i.buf[:])
		if err != nil {
			i.limited("receive", "packet socket", "err", err)
		}
		if !ok {
			return
		}
		i.receive(i.buf[:length])
	}
}

// receive judges one frame and, if it is believed, lets the machine hear it.
func (i *Interface) receive(b []byte) {
	now := i.now()
	p, err := frame.Parse(b)
	i.familyOf(frame.IsIPv6(b)).received++
	if err != nil {
		i.received[carp.Malformed]++
		return
	}
	var ad carp.Advertisement
	verdict := carp.NotAllowed
	if i.knobs.Allow && i.group != nil {
		// In the handover too: whoever is down listens for its successor.
		running := i.machine.State() != carp.Init || i.machine.Answering()
		ad, verdict = i.group.Judge(now, &carp.Packet{
			From:     p.Src,
			Own:      i.ours(p.Src),
			TTL:      p.TTL,
			ToGroup:  p.Dst == frame.GroupIPv4.Addr || p.Dst == frame.GroupIPv6.Addr,
			FromPeer: p.Src == i.peer(i.of(p.Src)) && i.ours(p.Dst),
			Payload:  p.Payload,
		}, running, i.machine.Advertised().DeadTime())
	}
	i.received[verdict]++
	peer := i.peers.Note(now, p.Src, ad.Timing, verdict)
	if verdict.Believed() {
		f := i.of(p.Src)
		f.heard++
		f.lastHeard = now
		i.step(carp.Heard(ad.Timing))
	}
	// A host that is understood may speak to others by its former list too.
	understood := now.Sub(peer.Believed) <= i.machine.Advertised().DeadTime()
	if verdict != carp.Accepted && !(understood && (verdict == carp.BadAuthentication || verdict == carp.BadAddressList)) {
		i.report(p.Src, verdict)
	}
}

// report names the sender of a frame that was not simply accepted. What looks
// like a member of the group that cannot be understood is said by default: it
// is why both hosts are MASTER.
func (i *Interface) report(from netip.Addr, v carp.Verdict) {
	switch {
	case i.logLevel() >= 1 && meaning[v] != "":
		key := v.String()
		if len(i.quiet) < maxQuiet/2 { // the other half is for what is not a sender's choice
			key += from.String()
		}
		i.limited(key, v.String(), "vhid", i.record.VHID, "from", from, "meaning", meaning[v])
	case i.logLevel() >= 2:
		i.limited(v.String(), v.String(), "vhid", i.record.VHID, "from", from)
	}
}

// meaning explains the verdicts that an administrator has to hear of.
var meaning = map[carp.Verdict]string{
	carp.BadInterface:      "a unicast advertisement from a host that is not our peer",
	carp.BadAuthentication: "the password or the list of addresses differs from ours",
	carp.BadAddressList:    "the password is right, the list of addresses differs from ours",
	carp.VRRPClash:         "VRRP uses our number and so our MAC on this segment",
	carp.OwnEcho:           "the network returns our own frames",
	carp.Replayed:          "an old advertisement came back",
}

var errNoSegment = errors.New("no wire")
