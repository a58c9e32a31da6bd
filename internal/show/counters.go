package show

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// Counter is one line of FreeBSD's `netstat -s -p carp`, or one that no BSD has.
type Counter struct {
	// Key is its name in JSON, libxo's where FreeBSD has the counter.
	Key string
	// Text stands behind the number; %s is where FreeBSD puts the s of a plural.
	Text string
	// Names are those in [control.Status.Counters] that it is the sum of.
	Names []string
	// Ours says that it is shown with -v only.
	Ours bool

	// depth is how far the line is indented.
	depth int
	// field is the counter's place in FreeBSD's struct carpstats.
	field int
}

// none is the place of what struct carpstats has no room for.
const none = -1

// carpstatsLen is how many numbers of 64 bits are in struct carpstats (FreeBSD,
// netinet/ip_carp.h); carps_ostates and carps_preempt at its end nobody counts.
const carpstatsLen = 16

// counters has FreeBSD's order (usr.bin/netstat/inet.c, carp_stats). What FreeBSD never
// raises is counted here: the bad address list, which its kernel cannot tell from a bad
// digest. VRRP on our number is too short for FreeBSD, since it looks at the length first.
var counters = []Counter{
	{Key: "received-inet-packets", Text: "packet%s received (IPv4)", Names: []string{control.ReceivedInet}, depth: 1, field: 0},
	{Key: "received-inet6-packets", Text: "packet%s received (IPv6)", Names: []string{control.ReceivedInet6}, depth: 1, field: 1},
	{Key: "dropped-bad-interface", Text: "packet%s discarded for bad interface", Names: named(carp.BadInterface), Ours: true, depth: 2, field: 2},
	{Key: "dropped-wrong-ttl", Text: "packet%s discarded for wrong TTL", Names: named(carp.WrongTTL), depth: 2, field: 3},
	{Key: "dropped-short-header", Text: "packet%s shorter than header", Names: named(carp.Malformed), depth: 2, field: 4},
	{Key: "dropped-bad-checksum", Text: "discarded for bad checksum%s", Names: named(carp.BadChecksum), depth: 2, field: 5},
	{Key: "dropped-bad-version", Text: "discarded packet%s with a bad version", Names: named(carp.BadVersion), depth: 2, field: 6},
	{Key: "dropped-short-packet", Text: "discarded because packet too short", Names: named(carp.TooShort, carp.VRRPClash), depth: 2, field: 7},
	{Key: "dropped-bad-authentication", Text: "discarded for bad authentication", Names: named(carp.BadAuthentication), depth: 2, field: 8},
	{Key: "dropped-bad-vhid", Text: "discarded for bad vhid", Names: named(carp.BadVHID), depth: 2, field: 9},
	{Key: "dropped-bad-address-list", Text: "discarded because of a bad address list", Names: named(carp.BadAddressList), depth: 2, field: 10},
	{Key: "dropped-not-allowed", Text: "discarded because net.inet.carp.allow is 0", Names: named(carp.NotAllowed), Ours: true, depth: 2, field: none},
	{Key: "dropped-own-echo", Text: "packet%s of our own returned", Names: named(carp.OwnEcho), Ours: true, depth: 2, field: none},
	{Key: "received-replayed", Text: "packet%s received again", Names: named(carp.Replayed), Ours: true, depth: 2, field: none},
	{Key: "sent-inet-packets", Text: "packet%s sent (IPv4)", Names: []string{control.SentInet}, depth: 1, field: 11},
	{Key: "sent-inet6-packets", Text: "packet%s sent (IPv6)", Names: []string{control.SentInet6}, depth: 1, field: 12},
	{Key: "send-failed-memory-error", Text: "send failed due to mbuf memory error", Names: []string{control.NoMemory}, depth: 2, field: 13},
	{Key: "send-failed", Text: "send%s failed for any reason", Names: []string{control.SendErrors}, Ours: true, depth: 2, field: none},
}

// named are the names of verdicts' counters.
func named(list ...carp.Verdict) (names []string) {
	for _, v := range list {
		names = append(names, v.String())
	}
	return names
}

// Counters is the table of the counters, in the order in which they are shown.
func Counters() []Counter { return slices.Clone(counters) }

// of is the counter's value.
func (c Counter) of(counts map[string]uint64) (n uint64) {
	for _, name := range c.Names {
		n += counts[name]
	}
	return n
}

// plural is the text for n of them, after FreeBSD's plural().
func (c Counter) plural(n uint64) string {
	s := "s"
	if n == 1 {
		s = ""
	}
	return strings.Replace(c.Text, "%s", s, 1)
}

// sent tells whether it counts what we send.
func (c Counter) sent() bool { return strings.HasPrefix(c.Key, "sen") }

// Sum adds counters up by their names.
func Sum(all ...map[string]uint64) map[string]uint64 {
	sum := map[string]uint64{}
	for _, counts := range all {
		for name, n := range counts {
			sum[name] += n
		}
	}
	return sum
}

// Carpstats are the bytes of FreeBSD's struct carpstats, in the machine's order.
func Carpstats(counts map[string]uint64) []byte {
	var fields [carpstatsLen]uint64
	for _, c := range counters {
		if c.field != none {
			fields[c.field] = c.of(counts)
		}
	}
	var b []byte
	for _, n := range fields {
		b = binary.NativeEndian.AppendUint64(b, n)
	}
	return b
}

// ofPeer are a peer's frames as an interface counts them.
func ofPeer(p control.PeerStatus) map[string]uint64 {
	counts := Sum(p.Verdicts)
	var received uint64
	for _, n := range p.Verdicts {
		received += n
	}
	counts[receivedOver(p.Address)] = received
	return counts
}

// receivedOver is the name of the counter for frames from an address.
func receivedOver(a netip.Addr) string {
	if a.Is4() {
		return control.ReceivedInet
	}
	return control.ReceivedInet6
}

// table are the counters that are shown.
func table(verbose bool) []Counter {
	return slices.DeleteFunc(Counters(), func(c Counter) bool { return c.Ours && !verbose })
}

// tableOfPeer are the counters that can be a peer's.
func tableOfPeer(p control.PeerStatus) []Counter {
	other := control.ReceivedInet
	if p.Address.Is4() {
		other = control.ReceivedInet6
	}
	return slices.DeleteFunc(table(true), func(c Counter) bool { return c.sent() || slices.Contains(c.Names, other) })
}
