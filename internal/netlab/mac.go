package netlab

import (
	"fmt"
	"net"
)

// MAC is an Ethernet address, comparable.
type MAC [6]byte

// VirtualMAC is the address that the hosts of a CARP vhid share.
func VirtualMAC(vhid uint8) MAC { return MAC{0x00, 0x00, 0x5e, 0x00, 0x01, vhid} }

// ParseMAC reads the usual form with colons.
func ParseMAC(s string) (MAC, error) {
	hw, err := net.ParseMAC(s)
	if err != nil || len(hw) != 6 {
		return MAC{}, fmt.Errorf("netlab: %q is no Ethernet address", s)
	}
	return MAC(hw), nil
}

// String prints the usual form with colons.
func (m MAC) String() string { return net.HardwareAddr(m[:]).String() }
