package link

// Imagine returns an imaginary host that is as this one is now: its interfaces, with
// their addresses and settings. What is done to it is done to nobody. A TUN ends with
// the process that holds it, which the imaginary host has not; those that missing
// tells of are left out, for whoever makes them anew.
func (k *Kernel) Imagine(missing func(name string) bool) (*Imaginary, error) {
	return imagine(k.net, missing)
}

func imagine(h host, missing func(name string) bool) (*Imaginary, error) {
	all, err := h.devices()
	if err != nil {
		return nil, failed("this host", "list interfaces", err)
	}
	locals, err := h.addresses(0)
	if err != nil {
		return nil, failed("this host", "list addresses", err)
	}
	f := NewImaginary()
	f.mem.beneath = h
	f.mem.mu.Lock()
	defer f.mem.mu.Unlock()
	byIndex := map[int]*memoryLink{}
	for _, d := range all {
		if d.kind == "tun" && d.ours() && missing(d.name) {
			continue
		}
		if d.kind != "macvlan" {
			d.parent = 0 // a veth's is the other end, whose own is this one
		}
		l := f.mem.insert(d)
		l.plugged, l.origin = d.carrier || !d.up, d.name
		byIndex[d.index] = l
	}
	for _, a := range locals {
		if l := byIndex[a.index]; l != nil {
			f.mem.hold(l, a.Address)
			l.held[l.find(a.Prefix)].unusable = !a.usable
		}
	}
	return f, nil
}
