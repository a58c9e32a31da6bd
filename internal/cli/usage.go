package cli

import (
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/completion"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// ownForms are the forms of the command line, without those of the subcommands that have
// a usage of their own.
var ownForms = []string{
	"ifconfig-carp [-f type:format] [-dkLmnuv] [--json] [--layout name] interface [address_family]",
	"ifconfig-carp [-N] interface create [parameters]",
	"ifconfig-carp [-N] interface [address_family] [address] parameters",
	"ifconfig-carp [-N] interface destroy",
	"ifconfig-carp [-aA] [-d | -u] [-f type:format] [-g group] [-G group] [-kLmnv] [--json] [--layout name] [address_family]",
	"ifconfig-carp -l [-d | -u] [address_family]",
	"ifconfig-carp [-N] -g group [[-]carpdemote [number]]",
	"ifconfig-carp -C",
}

// otherForms follow those of the subcommands.
var otherForms = []string{
	"ifconfig-carp completion " + strings.Join(completion.Shells(), " | "),
	"ifconfig-carp -j netns ...",
	"ifconfig-carp -h | --help",
	"ifconfig-carp --version",
}

const parametersText = `
parameters, applied together or not at all; inet and inet6 go first, the rest in
any order:
  vhid N             number of the group, 1 to 255
  advbase N          seconds between advertisements, 0 to 255; default 1
  advskew N          1/256 s more, 0 to 254; the smallest is preferred
  pass WORD          the group's password; passfile FILE reads it from a file
  carpdev IF         parent interface; default: the one with the subnet
  A.B.C.D/LEN        virtual address; also: inet A netmask M, inet6 A/LEN
  alias, -alias      add another address, remove one
  peer A, peer6 A    advertise to one host by unicast; mcast, mcast6 undo it
  backing KIND       at create: macvlan, or tun where only one MAC is allowed
  description TEXT   free text; -description takes it away
  group G, -group G  join or leave an interface group
  name NAME          rename the interface
  up, down           take part, or bow out
  state master|backup
  mtu N, metric N    and other words of ifconfig(8), which the manual page lists

Without operands all carp interfaces are shown. -N, --dry-run prints what would
be done, as ip(8) and sysctl(8) commands, and does nothing.
Manual pages: ifconfig-carp(8), carp(4), sysctl-carp(8), ifconfig-carp.rc(5).
`

// usageText is what there is to type, with the words in short.
func usageText() string {
	return usageOf(slices.Concat(ownForms, sysctl.Forms(program+" [-N] sysctl"), rcForms, netstatForms, otherForms)) +
		parametersText
}

// usageOf lays forms out as a usage: each begins a line, and goes on under what follows
// its first word.
func usageOf(forms []string) string {
	const width = 80
	var b strings.Builder
	head := "usage: "
	for _, form := range forms {
		name, _, _ := strings.Cut(form, " ")
		indent := strings.Repeat(" ", len(head)+len(name))
		line := head
		for n, part := range partsOf(form) {
			switch {
			case n == 0:
				line += part
			case len(line)+1+len(part) > width:
				b.WriteString(line + "\n")
				line = indent + " " + part
			default:
				line += " " + part
			}
		}
		b.WriteString(line + "\n")
		head = strings.Repeat(" ", len(head))
	}
	return b.String()
}

// partsOf are the parts of a form between its blanks, of which those within brackets
// separate nothing.
func partsOf(form string) (parts []string) {
	depth, from := 0, 0
	for n, c := range form {
		switch c {
		case '[':
			depth++
		case ']':
			depth--
		case ' ':
			if depth == 0 {
				parts = append(parts, form[from:n])
				from = n + 1
			}
		}
	}
	return append(parts, form[from:])
}

// usage prints the usage and returns the status it is printed with.
func usage(w io.Writer, status int) int {
	_, _ = io.WriteString(w, usageText())
	return status
}

// release is the version of a package, which scripts/package sets.
var release string

// version is the package's, or else the module's as the go command stamped it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	switch {
	case !ok:
		return "unknown"
	case release != "":
		return fmt.Sprintf("%s (%s)", release, info.GoVersion)
	}
	return fmt.Sprintf("%s (%s)", info.Main.Version, info.GoVersion)
}
