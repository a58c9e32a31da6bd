// Package netlab builds small LANs out of network namespaces: hosts with an
// eth0 each, plugged into one Linux bridge that plays the switch. The tests, the
// demo and the benchmarks run the real program on these hosts and watch it from
// outside, with a 1 kHz echo prober, a page fetcher and a sniffer.
//
//	     icl-<pid>-<n>-switch
//	  +------------ br0 ------------+
//	  |             |               |
//	hosta         hostb           client      ports, named after their host
//	  |             |               |
//	eth0          eth0            eth0        icl-<pid>-<n>-<host>, one each
//
// Invariants:
//
//   - The switch lives in a namespace of its own too. The machine's own network
//     shows nothing of a lab but the names under /run/netns, all beginning with
//     [Prefix] and unique to the process and the lab.
//   - [Lab.Close], or the end of the context the lab was made with, removes
//     everything, and kills what still runs in the lab's namespaces, and only that.
//   - netlab is independent of the code it tests: it uses ip(8) and its own raw
//     sockets and imports no other package of this module.
//   - Nothing sleeps for luck; [Wait] polls a condition until a deadline.
//
// Every host sends with a default TTL of its own, so that the prober can tell
// which of two hosts with the same address and the same MAC has answered.
//
// Everything here needs root.
package netlab
