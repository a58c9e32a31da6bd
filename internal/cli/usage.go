package cli

import (
	"fmt"
	"io"
	"runtime/debug"
)

const usageText = `usage: ifconfig-carp [-f type:format] [-dkLmnuv] [--json] [--layout name]
                     interface [address_family]
       ifconfig-carp [-N] interface create [parameters]
       ifconfig-carp [-N] interface [address_family] [address] parameters
       ifconfig-carp [-N] interface destroy
       ifconfig-carp [-a] [-d | -u] [-f type:format] [-g group] [-G group] [-kLmnv]
                     [--json] [--layout name] [address_family]
       ifconfig-carp -l [-d | -u] [address_family]
       ifconfig-carp -g group [[-]carpdemote [number]]
       ifconfig-carp -C
       ifconfig-carp [-N] sysctl [-adeiNnq] [-f file] name[=value] ...
       ifconfig-carp [-N] rc start | stop | restart | status [options] [interface ...]
       ifconfig-carp rc lint [--json] [file ...]
       ifconfig-carp rc import file ...
       ifconfig-carp netstat -s [-s] [-vz] [--json]
       ifconfig-carp completion bash | fish | zsh
       ifconfig-carp -j netns ...

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
  backing KIND       macvlan, or tun where a second MAC is not allowed; at create
  description TEXT   free text; -description takes it away
  group G, -group G  join or leave an interface group
  name NAME          rename the interface
  up, down           take part, or bow out
  state master|backup

-N, --dry-run prints what would be done, as ip(8) and sysctl(8) commands, and does
nothing. Without operands all carp interfaces are shown. See ifconfig-carp(8).
`

// usage prints the usage and returns the status it is printed with.
func usage(w io.Writer, status int) int {
	_, _ = io.WriteString(w, usageText)
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
