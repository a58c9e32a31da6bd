package link

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Every change this package makes, as the command line a person would type
// for it: the Imaginary's log, and what a dry run prints.

func opAddDevice(d device, parent string) string {
	return fmt.Sprintf("ip link add link %s name %s address %s mtu %d group %d type macvlan mode %s",
		parent, d.name, net.HardwareAddr(d.mac[:]), d.mtu, d.group, d.mode)
}

func opOpenTUN(name string) string {
	return fmt.Sprintf("ip tuntap add dev %s mode tun", name)
}

func opCloseTUN(name string) string {
	return fmt.Sprintf("ip tuntap del dev %s mode tun", name)
}

func opDeleteDevice(d device) string {
	return "ip link del dev " + d.name
}

// opsChangeDevice returns one line per thing changed, in the order in which
// they are done.
func opsChangeDevice(d device, c change) []string {
	var ops []string
	set := "ip link set dev " + d.name + " "
	if c.up != nil && !*c.up {
		ops = append(ops, set+"down")
	}
	if c.name != nil {
		ops = append(ops, set+"name "+*c.name)
	}
	if c.mac != nil {
		ops = append(ops, set+"address "+net.HardwareAddr(c.mac[:]).String())
	}
	if c.mtu != nil {
		ops = append(ops, fmt.Sprintf("%smtu %d", set, *c.mtu))
	}
	if c.label != nil {
		label := *c.label
		if strings.Contains(label, " ") {
			label = "'" + label + "'"
		}
		ops = append(ops, set+"alias "+label, set+"group default")
	}
	if c.up != nil && *c.up {
		ops = append(ops, set+"up")
	}
	return ops
}

func opPutAddress(d device, a Address, exclusive bool) string {
	verb := "replace"
	if exclusive {
		verb = "add"
	}
	return fmt.Sprintf("ip addr %s %s dev %s%s", verb, a.Prefix, d.name, addressFlags(a))
}

func opDeleteAddress(d device, p netip.Prefix) string {
	return fmt.Sprintf("ip addr del %s dev %s", p, d.name)
}

func opWriteSetting(s setting, value string) string {
	return fmt.Sprintf("sysctl -w %s=%s", s.path(), value)
}

// addressFlags returns the words after the device, with a leading blank.
func addressFlags(a Address) string {
	var words string
	inet6 := a.Prefix.Addr().Is6()
	if a.Lease > 0 {
		preferred := a.seconds()
		if inet6 {
			preferred = 0
		}
		words += fmt.Sprintf(" valid_lft %d preferred_lft %d", a.seconds(), preferred)
	}
	if inet6 {
		words += " nodad"
	}
	if a.NoPrefixRoute {
		words += " noprefixroute"
	}
	return words
}

// picture returns what is configured on a host in the manner of `ip -o`, by
// ifindex, the addresses and settings of each interface sorted below it: the
// settings that this package cares for, of parents and backings.
func picture(h host) (string, error) {
	all, err := h.devices()
	if err != nil {
		return "", err
	}
	locals, err := h.addresses(0)
	if err != nil {
		return "", err
	}
	names := map[int]string{}
	for _, d := range all {
		names[d.index] = d.name
	}
	var lines []string
	for _, d := range all {
		if d.loopback || !(d.ether || d.ours()) {
			continue
		}
		lines = append(lines, pictureDevice(d, names[d.on()]))
		var below []string
		for _, l := range locals {
			if l.index == d.index {
				below = append(below, pictureAddress(d, l.Address))
			}
		}
		slices.Sort(below)
		lines = append(lines, below...)
		lines = append(lines, pictureSettings(h, d)...)
	}
	return strings.Join(lines, "\n") + "\n", nil
}

func pictureDevice(d device, parent string) string {
	name := d.name
	if parent != "" {
		name += "@" + parent
	}
	var flags []string
	if d.up {
		flags = append(flags, "UP")
	}
	if d.carrier {
		flags = append(flags, "RUNNING")
	}
	line := fmt.Sprintf("%d: %s: <%s> mtu %d", d.index, name, strings.Join(flags, ","), d.mtu)
	if d.ether {
		line += " link/ether " + net.HardwareAddr(d.mac[:]).String()
	}
	switch d.kind {
	case "macvlan":
		line += " macvlan mode " + d.mode
	case "tun":
		line += " link/none tun"
	}
	if d.alias != "" {
		line += " alias " + d.alias
	}
	return line
}

func pictureAddress(d device, a Address) string {
	family := "inet"
	if a.Prefix.Addr().Is6() {
		family = "inet6"
	}
	line := fmt.Sprintf("%d: %s %s %s", d.index, d.name, family, a.Prefix)
	if a.NoPrefixRoute {
		line += " noprefixroute"
	}
	if a.Lease > 0 {
		return fmt.Sprintf("%s valid_lft %dsec", line, a.seconds())
	}
	return line + " valid_lft forever"
}

func pictureSettings(h host, d device) []string {
	var lines []string
	add := func(family, key string) {
		s := setting{d.name, family, key}
		if value, err := h.readSetting(s); err == nil {
			lines = append(lines, fmt.Sprintf("%d: %s = %s", d.index, s.path(), value))
		}
	}
	switch {
	case d.kind == "tun":
		for _, s := range tunSettings {
			add(s.family, s.key)
		}
	case d.ours():
		for _, s := range backingSettings {
			add(s.family, s.key)
		}
	default:
		for _, s := range parentNeeds { // the same keys as a TUN's
			add("ipv4", s.key)
		}
	}
	slices.Sort(lines)
	return lines
}
