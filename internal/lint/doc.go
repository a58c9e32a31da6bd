// Package lint finds what is wrong with CARP in the rc.conf files of several hosts,
// before any of them is started. It is pure: files come in as read by package rcconf.
//
// [Read] makes a [Host] of a configuration, with the place of everything in it, and
// [Check] holds the hosts against each other. Hosts call their interfaces differently,
// so a group is found by its vhid and its segment, and a segment by the networks of
// the parents' own addresses. The findings have one table, [Rules].
//
// Nothing is found without evidence: what a file does not tell, because an address is
// leased or a password is in a file of its own, is not guessed at. And no finding
// repeats a password, nor anything that may be a part of one.
package lint
