// Package failover holds the tests of the reference set-up: the real program on
// hosts of a lab, with a client that tells what it saw. It has no code but tests,
// which need root and the build tag netns.
//
//	hosta    192.168.1.3   vhid 1  192.168.1.50/24
//	hostb    192.168.1.4   vhid 2  192.168.1.51/24
//	provider 192.168.1.5   both, with advskew 100
//	client   192.168.1.10  probes, and never learns a MAC but the virtual one
//
// The tests look from outside: at the answers that the client gets, at the frames
// on the wire, at the supervisors' logs and at what the command prints. Figures
// worth quoting are logged in lines that begin with "figure:".
package failover
