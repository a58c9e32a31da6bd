// Package frame turns CARP's Ethernet frames into Go values and back: protocol 112 over IPv4 and
// IPv6, ARP, and the IPv6 neighbour advertisement.
//
// What holds throughout:
//
//   - It is pure: bytes in, bytes out, no socket, no clock, no interface lookup.
//   - Append functions extend the slice they are given and allocate only when its capacity is too
//     small; Parse functions allocate nothing and alias their input.
//   - A Parse function accepts only what it has checked to the last byte it returns. It judges
//     whether the bytes are well formed, never whether they are welcome: TTL, destination and
//     CARP header are for the caller, who counts each refusal under its own name.
//   - Frames go out without padding, as the BSDs build them; the driver fills short ones up.
package frame
