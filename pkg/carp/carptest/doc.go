// Package carptest is a segment with hosts on it, in virtual time, for tests
// of the election: up to MaxHosts of [carp.Machine] that hear each other
// through a network which loses, delays, doubles and reorders frames and can be
// cut in one direction only, on hosts that lose power, lose their supervisor
// while the kernel goes on answering under its lease, are stopped and continue
// hours later, or lose their carrier.
//
// Everything follows from the seed: the same calls on a LAN with the same seed
// do the same things. Nothing sleeps; an hour of eight hosts takes some
// milliseconds.
//
// A LAN watches what must hold at every moment, whatever happens:
//
//   - Nobody but a MASTER claims, announces, or advertises anything else than
//     a bow-out.
//   - The kernel is asked to hold the addresses exactly while the machine says
//     that it answers, and a MASTER always answers.
//   - A deadline that was acted upon is gone.
//   - No two masters that hear each other stay masters for longer than an
//     advertisement takes.
//   - With the segment whole, nobody waits for a MASTER longer than the dead
//     time of the first healthy host.
//
// [LAN.Settle] adds what must hold once the faults are over. A [Schedule] is a
// whole experiment as a value: hosts, conditions, faults. It can be drawn at
// random, shrunk, printed and run again.
package carptest
