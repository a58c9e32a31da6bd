package netlab

import (
	"context"
	"net/netip"
	"slices"
)

// Addresses lists the addresses of an interface as the kernel has them, IPv4 first,
// each with its prefix length. A missing interface is an error.
func (h *Host) Addresses(ctx context.Context, ifname string) ([]netip.Prefix, error) {
	var links []struct {
		Info []struct {
			Local netip.Addr `json:"local"`
			Len   int        `json:"prefixlen"`
		} `json:"addr_info"`
	}
	if err := h.ns.query(ctx, &links, "ip", "addr", "show", "dev", ifname); err != nil {
		return nil, err
	}
	var addrs []netip.Prefix
	for _, link := range links {
		for _, a := range link.Info {
			if a.Local.IsValid() {
				addrs = append(addrs, netip.PrefixFrom(a.Local, a.Len))
			}
		}
	}
	return addrs, nil
}

// Link is an interface of a host as ip(8) shows it.
type Link struct {
	Name  string   `json:"ifname"`
	MAC   string   `json:"address"`
	Flags []string `json:"flags"`
}

// Up tells whether the interface is set up, whatever its carrier.
func (l Link) Up() bool { return slices.Contains(l.Flags, "UP") }

// Carrier tells whether the interface is up and has a carrier.
func (l Link) Carrier() bool { return slices.Contains(l.Flags, "LOWER_UP") }

// Links lists the host's interfaces.
func (h *Host) Links(ctx context.Context) ([]Link, error) {
	var links []Link
	err := h.ns.query(ctx, &links, "ip", "link", "show")
	return links, err
}

// Link finds one interface by name; ok is false if there is none.
func (h *Host) Link(ctx context.Context, name string) (link Link, ok bool, err error) {
	links, err := h.Links(ctx)
	for _, l := range links {
		if l.Name == name {
			return l, true, err
		}
	}
	return Link{}, false, err
}

// Neighbour looks up an address in the host's ARP or neighbour table; ok is false
// if there is no entry or it has no MAC.
func (h *Host) Neighbour(ctx context.Context, addr netip.Addr) (mac MAC, ok bool, err error) {
	var entries []struct {
		MAC string `json:"lladdr"`
	}
	if err := h.ns.query(ctx, &entries, "ip", "neigh", "show", "to", addr.String()); err != nil {
		return MAC{}, false, err
	}
	for _, e := range entries {
		if e.MAC == "" {
			continue
		}
		mac, err := ParseMAC(e.MAC)
		return mac, err == nil, err
	}
	return MAC{}, false, nil
}
