package link

import (
	"encoding/binary"
	"maps"
	"slices"

	"golang.org/x/sys/unix"
)

// Offsets in an RTM_NEWADDR message.
const (
	offsetType   = 4                            // nlmsghdr.nlmsg_type, 16 bit
	offsetFamily = unix.SizeofNlMsghdr          // ifaddrmsg.ifa_family and ifa_prefixlen, 8 bit each
	offsetFlags  = unix.SizeofNlMsghdr + 2      // ifaddrmsg.ifa_flags, 8 bit
	offsetIndex  = unix.SizeofNlMsghdr + 4      // ifaddrmsg.ifa_index, 32 bit
	maxFiltered  = (unix.BPF_MAXINSNS - 16) / 2 // interfaces that fit into a program
)

// watchFilter returns a classic BPF program that drops RTM_NEWADDR for the
// given interfaces, and for the IPv6 addresses that a TUN puts on its parent.
// Each renewal of a lease makes the kernel tell every subscriber: with 255
// carpN, each watched by its own supervisor, that would be 65,000 wake-ups a
// second for nothing.
func watchFilter(carps map[int]bool) []unix.SockFilter {
	const (
		load8          = unix.BPF_LD | unix.BPF_B | unix.BPF_ABS
		load16, load32 = unix.BPF_LD | unix.BPF_H | unix.BPF_ABS, unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		and            = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K
		ifEqual, give  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_RET | unix.BPF_K
		all            = 0xffffffff
	)
	program := []unix.SockFilter{
		{Code: load16, K: offsetType},
		{Code: ifEqual, K: uint32(swap16(unix.RTM_NEWADDR)), Jt: 1},
		{Code: give, K: all},
		{Code: load16, K: offsetFamily},
		{Code: ifEqual, K: unix.AF_INET6<<8 | 128, Jf: 4},
		{Code: load8, K: offsetFlags},
		{Code: and, K: virtualFlags},
		{Code: ifEqual, K: virtualFlags, Jf: 1},
		{Code: give, K: 0},
		{Code: load32, K: offsetIndex},
	}
	indexes := slices.Sorted(maps.Keys(carps))
	for _, index := range indexes[:min(len(indexes), maxFiltered)] {
		program = append(program,
			unix.SockFilter{Code: ifEqual, K: swap32(uint32(index)), Jf: 1},
			unix.SockFilter{Code: give, K: 0})
	}
	return append(program, unix.SockFilter{Code: give, K: all})
}

// Netlink is in host order, but a BPF load reads network order.
func swap16(v uint16) uint16 {
	return binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, v))
}

func swap32(v uint32) uint32 {
	return binary.BigEndian.Uint32(binary.NativeEndian.AppendUint32(nil, v))
}

// setWatchFilter puts the filter on the socket, in place of an older one.
func setWatchFilter(fd int, carps map[int]bool) error {
	program := watchFilter(carps)
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})
}
