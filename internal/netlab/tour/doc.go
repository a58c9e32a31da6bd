// Package tour holds the test that walks README.md's tour, the section "Five
// minutes", command by command on hosts of a lab, and compares what is printed with
// what the README says; and so the EXAMPLES of the manual pages. It has no code but
// tests; the walk itself needs root and the build tag netns.
//
//	hosta    192.168.1.3
//	hostb    192.168.1.4
//	provider 192.168.1.5
//	client   192.168.1.10
//
// How the section is read:
//
//   - An indented line "hosta# COMMAND" is typed on that host, in sh. A here document
//     belongs to its command, up to the word that ends it.
//   - The indented lines below are what it prints, on both streams, word for word but
//     for what varies lists: counts and times.
//   - A command that only looks is repeated until its output is right, as a person
//     would who reads on before the host has got there. Any other is typed once.
//   - A command succeeds, unless failing lists its exit status.
//   - Two things cannot be typed. The sentences in events are done to the lab when the
//     text between two commands has them.
package tour
