// Package link is everything the project asks of the kernel's network
// configuration: the parent interfaces, the backing of carpN (a macvlan that
// bears the virtual MAC or, on links that allow one MAC only, a TUN), its
// addresses with their leases, the /proc/sys settings of both, and the news
// about all of them.
//
// The procedures (what is done, in which order, what is undone) are written
// once, over the narrow seams of host.go. [Kernel] runs them over netlink and
// /proc/sys, [Imaginary] over memory, so the two cannot drift apart; the latter
// tells each change as the ip or sysctl line that would do the same. Tests have
// one to themselves; a dry run has one that is as this host is ([Kernel.Imagine]).
//
// Invariants:
//
//   - A backing that is not claimed is down and has no address. A macvlan that
//     is up speaks with the virtual MAC, and an IPv4 address on an interface
//     that is down is still local: each alone would break a backup.
//   - Nothing that does not bear our label is ever changed or deleted, except
//     arp_ignore and arp_announce of the parent, which are recorded first, and
//     the IPv6 addresses of a TUN, which its parent bears.
//   - A parent has backings of one kind only.
//   - Settings are written per interface, never under "all" or "default".
//   - A creation that fails half-way leaves no interface behind, and one that
//     is killed half-way leaves one that the next creation adopts.
//
// It is the only package that imports a netlink library, and in one file the
// TUN library.
package link
