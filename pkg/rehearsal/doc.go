// Package rehearsal is a host on which a command is tried before it is done: what
// -N prints is what happened there. The carp interfaces are the real owner loop
// (pkg/carpif), driven by hand under a clock that stands still; the kernel is an
// imaginary one (internal/link), the state folder is in memory, and what would go out
// on the wire becomes a line of the plan.
//
// The invariants:
//
//   - Nothing here writes: no file, no kernel setting, no packet, no lock. What is
//     read is read once, at the start, but for the kernel's settings.
//   - No rule is written twice. What the plan says was decided by the code that does
//     it, so the two cannot part.
//   - A password is in the records only, and in no line.
package rehearsal
