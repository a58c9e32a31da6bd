package cli

import (
	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
	"golang.org/x/sys/unix"
)

// opOf names the call of a word that FreeBSD's refusal is about where that is not the
// word itself.
var opOf = map[string]string{
	"description":  "ioctl (set descr)",
	"-description": "ioctl (set descr)",
	"group":        "SIOCAIFGROUP",
	"-group":       "SIOCDIFGROUP",
	"name":         "ioctl SIOCSIFNAME (set name)",
	"mtu":          "ioctl (set mtu)",
	"metric":       "ioctl (set metric)",
}

// notPermitted is FreeBSD's refusal to whoever is not root: each call has its
// own text, and the first that the line would make is refused.
func notPermitted(line *words.Line, args []string) error {
	const hint = "only root may change interfaces; use sudo or doas"
	denied := func(what string) error { // ifconfig.c, Perror
		return &bsderr.Error{Text: what + ": permission denied", Errno: unix.EPERM, Hints: []string{hint}}
	}
	first := words.Acting(args)
	addresses := line.Change.Addresses
	switch {
	case line.Create:
		return bsderr.Errno("SIOCIFCREATE2", unix.EPERM, hint)
	case line.Destroy:
		return bsderr.Errno("SIOCIFDESTROY", unix.EPERM, hint)
	case first.Family == words.Carp:
		return bsderr.Errno("SIOCSVH", unix.EPERM, hint)
	case opOf[first.Name] != "":
		return bsderr.Errno(opOf[first.Name], unix.EPERM, hint)
	case first.Name != "":
		return denied(first.Name)
	case len(addresses) > 0 && addresses[0].Op == control.AddressDelete:
		return denied("ioctl (SIOCDIFADDR)")
	case len(addresses) > 0:
		return denied("ioctl (SIOCAIFADDR)")
	}
	return denied(line.Name) // words that change nothing
}
