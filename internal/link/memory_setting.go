package link

import "io/fs"

// birthSettings are the kernel's values on a new interface.
var birthSettings = map[string]string{
	"ipv4/arp_ignore": "0", "ipv4/arp_filter": "0", "ipv4/proxy_arp": "0", "ipv4/arp_announce": "0", "ipv4/rp_filter": "0", "ipv4/promote_secondaries": "0",
	"ipv6/disable_ipv6": "0", "ipv6/addr_gen_mode": "0", "ipv6/accept_dad": "1", "ipv6/dad_transmits": "1",
	"ipv6/accept_ra": "1", "ipv6/autoconf": "1", "ipv6/router_solicitations": "-1",
}

func (m *memory) readSetting(s setting) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.setting(s)
}

// setting is readSetting with the lock held. An interface that is not beneath has
// the values of a new one.
func (m *memory) setting(s setting) (string, error) {
	if s.device == "all" {
		if m.beneath != nil {
			return m.beneath.readSetting(s)
		}
		return "0", nil // nobody has changed these
	}
	l := m.links[s.device]
	if l == nil {
		return "", fs.ErrNotExist
	}
	value, ok := l.settings[s]
	switch {
	case ok:
		return value, nil
	case m.beneath == nil:
		return "", fs.ErrNotExist
	}
	s.device = l.origin
	if s.device == "" {
		s.device = "default"
	}
	return m.beneath.readSetting(s)
}

// disabled6 tells whether an interface has no IPv6.
func (m *memory) disabled6(l *memoryLink) bool {
	value, err := m.setting(setting{l.name, "ipv6", "disable_ipv6"})
	return err == nil && value == "1"
}

func (m *memory) writeSetting(s setting, value string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.setting(s); err != nil {
		return m.refuse(opWriteSetting(s, value), err)
	}
	if err := m.attempt(opWriteSetting(s, value)); err != nil {
		return err
	}
	m.links[s.device].settings[s] = value
	return nil
}
