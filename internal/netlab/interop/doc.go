// Package interop holds the tests of the company that the program keeps: the cases
// that other implementations test themselves with, both address families, hosts that
// run ucarp or keepalived beside ours, and programs that read our packets. It has no
// code but tests, which need root and the build tag netns.
//
//	freebsd    tests/sys/netinet/carp.sh and carp.py, and pfsync.sh's planned switch
//	netbsd     tests/net/carp/t_basic.sh
//	unheard    cases that no implementation tests: the handbook's wrong password, one
//	           right counter for each mistake, what happens to the parent
//	inet6      IPv6 beside IPv4, alone, and when one family does not get through
//	ucarp      elections between ucarp and ours, both ways
//	keepalived VRRP with our number on the same segment
//	decode     tcpdump and tshark read what we send
//	ledger     the reasons for demotion, and who owns them
//	subsecond  advbase 0, also on a busy machine
//	silence    every word of the language typed on a MASTER, none of which delays it
//
// Each test makes its own LAN. What it waits for is a condition with a deadline;
// where time has to pass, that is the test. Figures worth quoting are logged in lines
// that begin with "figure:".
package interop
