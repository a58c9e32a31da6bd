// Package wire puts CARP frames on an Ethernet segment and takes them off it, without ever making
// the protocol's owner wait.
//
// Conn is the real segment: a packet socket on the parent interface, the one place for both
// directions, because it hears frames before a macvlan on that parent can take them and can send
// with the virtual MAC as source whether or not the carp interface is up. Hub is a segment in
// memory for tests; a Port of it behaves as a Conn does and hears through the same filter.
//
// Beside it, ARPConn is the same for the ARP requests that arpbalance answers, and Unicast sends the
// advertisements of a vhid that has a peer in place of a group: those the kernel routes. They too are
// received on the Conn.
//
// What holds throughout:
//
//   - Receive never blocks. The owner can therefore empty the queue whenever it wants to know
//     everything that has arrived, above all when its timer fires late: a host that was stopped
//     must hear what is waiting before it believes that there was silence.
//   - Waiting is a notice on a channel, and a notice may be superfluous but is never missing: as
//     long as the owner answers each one by calling Receive until it says "empty" and then Rearm,
//     no frame stays unseen.
//   - Nothing is received that this host sent, and on a Conn nothing but whole or first fragments of protocol
//     112 on the untagged network with the vhid asked for. VRRP shares that protocol number and the
//     place of the number; telling the two apart is the owner's work.
//   - An error of the network is one that errors.Is finds as its errno; one of use after Close is
//     os.ErrClosed.
package wire
