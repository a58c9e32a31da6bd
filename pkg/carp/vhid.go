package carp

import (
	"fmt"
	"strconv"
)

// VHID is a virtual host ID, 1 to 255: the number of a group of hosts that
// share addresses on one segment. Zero means "not set".
type VHID uint8

// NewVHID checks n against the range 1 to 255.
func NewVHID(n int) (VHID, error) {
	if n < 1 || n > 255 {
		return 0, fmt.Errorf("vhid %d: must be 1 to 255", n)
	}
	return VHID(n), nil
}

// MAC is the group's virtual Ethernet address, 00:00:5e:00:01:VHID: the block
// that IANA set aside for VRRP and that CARP has used since OpenBSD 3.5.
func (v VHID) MAC() [6]byte { return [6]byte{0x00, 0x00, 0x5e, 0x00, 0x01, byte(v)} }

// String is the number in decimal.
func (v VHID) String() string { return strconv.Itoa(int(v)) }
