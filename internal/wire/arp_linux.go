package wire

import (
	"fmt"
	"net/netip"
)

// ARPConn is a packet socket on a parent interface that hears ARP requests, and sends whatever frame
// it is given. It has the methods of a Conn and their promises.
type ARPConn struct{ *Conn }

// OpenARP opens a socket on the interface named ifname that hears the ARP requests for targets,
// broadcast and unicast alike, or with no targets those for any address. Gratuitous requests are
// among them; what this host sends is not. A macvlan on the parent answers unicast requests to its
// MAC by itself and does not keep them from being heard here.
//
// The error is one of Open's, unix.EINVAL for a target that is not IPv4, or for more than 1024.
func OpenARP(ifname string, targets []netip.Addr) (*ARPConn, error) {
	filter, err := assembleARP(targets)
	if err != nil {
		return nil, fmt.Errorf("%s: open packet socket: %w", ifname, err)
	}
	c, err := listen(ifname, filter)
	if err != nil {
		return nil, err
	}
	return &ARPConn{c}, nil
}
