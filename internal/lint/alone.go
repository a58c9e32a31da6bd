package lint

import (
	"slices"

	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
)

// title names a host in a message.
func (h *Host) title() string { return words.Visible(h.Name) }

// alone finds what is wrong with a host by itself.
func (h *Host) alone() (all []Finding) {
	for _, file := range h.exposed {
		at := slices.IndexFunc(h.carps, func(c *iface) bool { return c.pass.value != "" && c.pass.place.File == file })
		if at >= 0 {
			all = append(all, h.carps[at].about(codeExposed, h.carps[at].pass.place, "everybody on the host can read this file, which has a pass").
				remedy("chmod 600 %s", words.Visible(file)))
		}
	}
	for _, c := range h.carps {
		all = append(all, c.ownKey()...)
		all = append(all, c.subnets()...)
		switch {
		case c.broken:
		case c.vhid.value == 0 && len(c.addresses) > 0:
			all = append(all, c.about(codeNoVHID, c.addresses[0].place, "it has an address and no vhid, and would stay INIT").
				remedy("add vhid N, 1 to 255, the same on every host of the group"))
		case c.vhid.value != 0 && len(c.addresses) == 0:
			all = append(all, c.about(codeNoAddress, c.vhid.place, "it has no address, and would stay INIT").
				remedy("add the group's addresses, the same on every host"))
		}
	}
	return all
}
