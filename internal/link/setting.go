package link

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"syscall"
)

// setting names one per-interface kernel setting.
type setting struct {
	device, family, key string
}

// path returns the name below /proc/sys. It is never the dotted form: an
// interface name may hold a dot (eth0.10).
func (s setting) path() string {
	return "net/" + s.family + "/conf/" + s.device + "/" + s.key
}

// check returns an error matching EINVAL for what could leave the folder of
// the interface.
func (s setting) check() error {
	if err := checkName(s.device); err != nil {
		return err
	}
	if s.family != "ipv4" && s.family != "ipv6" {
		return fmt.Errorf("setting family %q: %w", s.family, syscall.EINVAL)
	}
	if s.key == "" || strings.Trim(s.key, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return fmt.Errorf("setting %q: %w", s.key, syscall.EINVAL)
	}
	return nil
}

// Settings are the values that settings had before they were changed, for
// example {"ipv4/arp_ignore": "0"}: fit for JSON.
type Settings map[string]string

// What the parent of a macvlan needs; tunNeeds are a TUN's.
//
// arp_ignore 1: answer ARP only for addresses of the interface that was
// asked, or the parent answers for carpN's with the physical MAC. 2 (the
// same, and the asker is in the same subnet) and 8 (never) serve as well and
// are left alone; 3 and the reserved values do not.
//
// arp_announce 2: ask with an address of the interface asking, or a single
// request of the parent's puts the physical MAC into the neighbours' caches.
var parentNeeds = []need{
	{"arp_announce", "2", nil},
	{"arp_ignore", "1", []string{"2", "8"}},
}

// need is an IPv4 setting of a parent.
type need struct {
	key, value string
	asGood     []string
}

// PrepareParent sets what a parent needs so that it never speaks for the
// virtual addresses (arp_ignore at least 1, arp_announce 2; for a TUN, whose
// addresses it does speak for, arp_ignore 0), and returns the values found,
// changed or not. Only the first carpN on a parent finds the owner's values, so
// the caller records what it returned to that one. When it fails nothing is
// changed; the error matches EBUSY when the other kind of backing is in use on
// this parent, EOPNOTSUPP when the host's settings for all interfaces forbid
// what is needed, and fs.ErrNotExist when there is no such interface.
//
// The kernel uses the greater of this value and the one under "all"; the
// latter is not ours to set.
func (b *backings) PrepareParent(name string) (Settings, error) {
	parent, err := b.host.device(name)
	if err != nil {
		return nil, failed(name, "look up interface", err)
	}
	if err := b.alone(parent); err != nil {
		return nil, err
	}
	if err := b.allows(name); err != nil {
		return nil, err
	}
	saved := Settings{}
	for _, want := range b.needs {
		old, err := b.ReadSetting(name, "ipv4", want.key)
		if err != nil {
			return nil, errors.Join(err, b.RestoreParent(name, saved))
		}
		saved["ipv4/"+want.key] = old
		if old == want.value || slices.Contains(want.asGood, old) {
			continue
		}
		if err := b.WriteSetting(name, "ipv4", want.key, want.value); err != nil {
			return nil, errors.Join(err, b.RestoreParent(name, saved))
		}
	}
	return saved, nil
}

// hostWide are the settings for all interfaces with which a macvlan does not
// answer: the kernel takes the stricter of them and its own.
var hostWide = []need{
	{"arp_ignore", "0", []string{"1", "2"}},
	{"arp_filter", "0", nil},
}

// allows returns an error matching EOPNOTSUPP when a setting for all interfaces
// keeps this kind of backing from answering. It is the owner's, for all: it is
// read and never written.
func (b *backings) allows(name string) error {
	for _, want := range b.hostWide {
		all, err := b.host.readSetting(setting{"all", "ipv4", want.key})
		switch {
		case err != nil:
			return failed(name, "read net/ipv4/conf/all/"+want.key, err)
		case all != want.value && !slices.Contains(want.asGood, all):
			return failed(name, "prepare for backing "+b.kind, fmt.Errorf("net/ipv4/conf/all/%s is %s, "+
				"so this host would not answer for the addresses: %w", want.key, all, syscall.EOPNOTSUPP))
		}
	}
	return nil
}

// RestoreParent puts back what PrepareParent found. A value that somebody
// has changed since is theirs and stays. The error matches fs.ErrNotExist
// when the interface is gone, and its settings with it.
func (b *backings) RestoreParent(name string, saved Settings) error {
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(saved)) {
		family, key, _ := strings.Cut(id, "/")
		now, err := b.ReadSetting(name, family, key)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, want := range b.needs {
			if want.key == key && now == want.value && now != saved[id] {
				errs = append(errs, b.WriteSetting(name, family, key, saved[id]))
			}
		}
	}
	return errors.Join(errs...)
}

// ReadSetting returns /proc/sys/net/FAMILY/conf/IFNAME/KEY without its
// newline; family is "ipv4" or "ipv6". The error matches fs.ErrNotExist when
// there is no such interface or setting, EINVAL when a name is not a name.
func (b *backings) ReadSetting(ifname, family, key string) (string, error) {
	s := setting{ifname, family, key}
	if err := s.check(); err != nil {
		return "", fmt.Errorf("read setting: %w", err)
	}
	value, err := b.host.readSetting(s)
	if err != nil {
		return "", failed(ifname, "read "+s.path(), err)
	}
	return value, nil
}

// WriteSetting sets what ReadSetting reads, with the same errors.
func (b *backings) WriteSetting(ifname, family, key, value string) error {
	s := setting{ifname, family, key}
	if err := s.check(); err != nil {
		return fmt.Errorf("write setting: %w", err)
	}
	if err := b.host.writeSetting(s, value); err != nil {
		return failed(ifname, "write "+value+" to "+s.path(), err)
	}
	return nil
}

// backingSettings are written to a new or adopted macvlan while it is down, in
// this order: IPv6 is silenced before anything can wake it.
var backingSettings = []backingSetting{
	{"ipv6", "disable_ipv6", "1"},  // on only while it has an IPv6 address
	{"ipv6", "addr_gen_mode", "1"}, // IN6_ADDR_GEN_MODE_NONE: an EUI-64 of the virtual MAC would be the same on every host
	{"ipv6", "accept_dad", "0"},    // the other members have the same addresses
	{"ipv6", "dad_transmits", "0"},
	{"ipv6", "accept_ra", "0"},
	{"ipv6", "autoconf", "0"},
	{"ipv6", "router_solicitations", "0"},
	{"ipv4", "arp_ignore", "1"},          // speak for our own addresses only
	{"ipv4", "arp_announce", "2"},        // and never put the parent's address under the virtual MAC
	{"ipv4", "rp_filter", "2"},           // loose: answers leave by the parent
	{"ipv4", "arp_filter", "0"},          // answers leave by the parent, and are answers all the same
	{"ipv4", "proxy_arp", "0"},           // a router must not speak for others from the virtual MAC
	{"ipv4", "promote_secondaries", "1"}, // or deleting one address takes all others of its subnet along
}

type backingSetting struct{ family, key, value string }

// writeBackingSettings writes those of the families.
func (b *backings) writeBackingSettings(name string, families ...string) error {
	for _, want := range b.settings {
		if !slices.Contains(families, want.family) {
			continue
		}
		err := b.WriteSetting(name, want.family, want.key, want.value)
		// A kernel without IPv6 has nothing to silence.
		if err != nil && !(want.family == "ipv6" && errors.Is(err, fs.ErrNotExist)) {
			return err
		}
	}
	return nil
}
