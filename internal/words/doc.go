// Package words is the word grammar of BSD's ifconfig(8): everything that may
// stand behind an interface name, read into one typed [Line]. It is pure: no
// I/O, no name resolution, no look at the machine.
//
// The grammar is a table per family of words, one file each (clone.go, carp.go,
// inet.go, inet6.go, link.go), and for some of them a second (pass.go, peer.go, flag.go);
// a new word is a row there. FreeBSD's rules hold:
// words are read from left to right in any order, a word that takes a value
// takes the next one whatever it is, a word said twice counts the last time,
// and a word that is in no table is taken for an address. The address is
// handled last, wherever it stands.
//
// Where this parser departs from FreeBSD 9, on purpose:
//
//   - Nothing takes effect while a line is read; it is applied whole or not at
//     all, and the first mistake from the left is the one reported.
//   - A literal IPv6 address needs no inet6 before it; FreeBSD, with inet
//     assumed, calls it a bad value.
//   - Numbers are decimal digits and nothing else. FreeBSD's atoi(3) reads
//     "1O0" as 1 and "abc" as 0. There is no 0x form, as atoi has none; pltime
//     and vltime have one, as FreeBSD reads them with strtoul(3).
//   - Host and network names are never looked up.
//   - A second address is refused: FreeBSD takes it for the destination, which
//     an interface that is not point-to-point has none of.
//   - destroy tolerates no other word beside it.
//   - A word that ifconfig(8) has and we have not is refused by name instead
//     of being taken for an address.
//   - prefixlen goes with IPv4 too, as on OpenBSD.
//   - state takes no init, carpver no 3, and monitor and -no_dad are refused.
//   - What is no address of one host, the network and the broadcast address of
//     a subnet included, is refused.
//
// The invariants, which the tests hold it to: Parse never panics; the order of
// words does not matter but for repeated ones; no error and no note ever
// repeats a password.
package words
