// Package boot holds tests of what surrounds the program on a host: the systemd units,
// tried under a systemd that is process 1 of a Debian of its own.
package boot
