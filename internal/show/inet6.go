package show

import (
	"net/netip"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

// properties is what an inet6 line says of its address behind the prefix's length, in
// the order of the BSDs (af_inet6.c, in6_status).
func properties(s control.Status, addr netip.Addr) string {
	said := s.Inet6[addr]
	text := ""
	for _, p := range []struct {
		is   bool
		word string
	}{{said.Anycast, " anycast"}, {said.Deprecated, " deprecated"}, {said.AutoConf, " autoconf"}} {
		if p.is {
			text += p.word
		}
	}
	return text
}

// lifetimes is what -L adds, for an address that has a limit.
func (o Options) lifetimes(s control.Status, addr netip.Addr) string {
	said := s.Inet6[addr]
	if !o.Lifetimes || !said.Limited() {
		return ""
	}
	return " pltime " + said.Pltime.String() + " vltime " + said.Vltime.String()
}
