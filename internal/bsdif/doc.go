// Package bsdif is what ifconfig(8) of the BSDs knows of an interface besides what
// CARP needs: its flags, with the BSDs' values, and what may be said of an IPv6
// address. It is pure, and below everything that sets, keeps or shows them.
package bsdif
