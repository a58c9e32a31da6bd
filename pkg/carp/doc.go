// Package carp is the Common Address Redundancy Protocol itself: the version 2
// header and its authentication, the timers, the election, and the verdict on
// every frame that arrives.
//
// It is pure. It imports the standard library only, starts no goroutine, reads
// no clock, draws no random number and does no I/O: what happens comes in as an
// [Event] with the time at which it happened, and what is to be done goes out
// as a list of [Action]. Given the same events at the same times, a [Machine]
// does the same things, always; so every argument about an election is a test
// that runs in microseconds.
//
// The invariants, which the tests hold it to:
//
//   - A Machine asks for addresses to be answered for (ActionClaim) only on
//     becoming MASTER and asks for their release on leaving it.
//   - Nothing is announced, and nothing but a bow-out advertised, by a machine
//     that is not MASTER.
//   - The next deadline is pulled ([Machine.Deadline]), never pushed, so a
//     stale timer cannot exist.
//   - Every frame ends in exactly one [Verdict].
//
// Sources, where they agree: FreeBSD 9 and 13 sys/netinet/ip_carp.c, NetBSD
// sys/netinet/ip_carp.c, OpenBSD sys/netinet/ip_carp.c. Where they differ, the
// comment beside the code says which one is followed and why.
package carp
