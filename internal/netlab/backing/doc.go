// Package backing holds the tests of what may bear the virtual addresses besides one
// macvlan for each: a TUN, for links that allow a host one MAC only, and the load
// balancing that lets several vhids share an address. They play the real program on
// hosts of a lab, and look from outside: at who answers the clients, and at the MAC
// that the clients have for the address. It has no code but tests, which need root and
// the build tag netns.
//
// Figures worth quoting are logged in lines that begin with "figure:".
package backing
