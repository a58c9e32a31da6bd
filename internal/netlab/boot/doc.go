// Package boot holds tests of what surrounds the program on a host: the systemd units
// and the packages, tried on a Debian of its own whose process 1 is systemd.
//
// That Debian is made by debootstrap from the sources that the machine's own apt has, in
// a minute or so. For who runs the tests often, BOOT_TREE names a folder in which it is
// made once and then found again.
package boot
