// Package migrate turns the interface files of OpenBSD, /etc/hostname.carp0, and of
// NetBSD, /etc/ifconfig.carp0 or ifconfig_carp0 in rc.conf, into the lines of
// FreeBSD's rc.conf(5) that mean the same. It is pure: files come in as bytes, and
// nothing of them is ever executed.
//
// A line of theirs becomes words as their boot scripts make them (OpenBSD's netstart,
// NetBSD's rc.d/network): positions on OpenBSD's inet lines get their words, netmask
// and prefixlen, and the shell's quotes are taken off. The words are then those of
// package words; what all lines make of the interface is written down once, in the
// shape that rc(8) wants. What has no meaning here is left out and told, with its
// place: [Result.Lost] says whether there was any.
//
// The lines hold the passwords, as the files did. No note has one.
package migrate
