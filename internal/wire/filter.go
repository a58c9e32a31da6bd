package wire

import (
	"fmt"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// The filter runs in the kernel for every frame the parent receives, so it says no as early as it
// can: nearly all traffic of a busy host is refused by its protocol byte, after eight instructions.
// The offsets below are into an untagged Ethernet frame.
const (
	offsetEtherType    = 12
	offsetIPv4         = 14
	offsetIPv4Fragment = 14 + 6
	offsetIPv4Protocol = 14 + 9
	offsetIPv6Next     = 14 + 6
	offsetIPv6Payload  = 14 + 40

	// offsetVHID is the place of the vhid in the CARP header, and of the VRID in VRRP's.
	offsetVHID = 1

	protocolCARP = 112

	// wholeFrame is more bytes than any frame has: accept, cut nothing off.
	wholeFrame = 1 << 18
)

// assemble builds the socket filter for one vhid, 1 to 255.
func assemble(vhid uint8) ([]bpf.RawInstruction, error) {
	if vhid == 0 {
		return nil, fmt.Errorf("vhid 0: %w", unix.EINVAL)
	}
	raw, err := bpf.Assemble(append(metadataFilter(), frameFilter(vhid)...))
	if err != nil {
		return nil, fmt.Errorf("assemble filter for vhid %d: %w", vhid, err)
	}
	return raw, nil
}

// metadataFilter refuses by what the kernel knows beside the bytes, and lets the rest fall through
// to the instructions behind it. It is apart because these loads exist in the Linux kernel only.
//
// A tag never shows in the bytes of a received frame: the kernel has moved it into its metadata,
// where a frame of eth0.10 would look like one of eth0. Tag 0 carries a priority and no network; the
// kernel takes such frames for untagged ones, and so do we.
func metadataFilter() []bpf.Instruction {
	return []bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtType},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.PACKET_OUTGOING, SkipTrue: 5},
		bpf.LoadExtension{Num: bpf.ExtVLANTagPresent},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 4},
		bpf.LoadExtension{Num: bpf.ExtVLANTag},
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0x0fff},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 1},
		bpf.RetConstant{Val: 0},
	}
}

// frameFilter accepts protocol 112 over IPv4 or IPv6 whose second payload byte is vhid. A later
// IPv4 fragment has no header to look at and is refused here; a first one passes, so that the owner
// can count it. A load beyond the end of the frame refuses it too.
func frameFilter(vhid uint8) []bpf.Instruction {
	return []bpf.Instruction{
		bpf.LoadAbsolute{Off: offsetEtherType, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.ETH_P_IP, SkipFalse: 7},

		bpf.LoadAbsolute{Off: offsetIPv4Protocol, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: protocolCARP, SkipFalse: 11},
		bpf.LoadAbsolute{Off: offsetIPv4Fragment, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: 0x1fff, SkipTrue: 9},
		bpf.LoadMemShift{Off: offsetIPv4}, // X = length of the header with its options
		bpf.LoadIndirect{Off: offsetIPv4 + offsetVHID, Size: 1},
		bpf.Jump{Skip: 4},

		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.ETH_P_IPV6, SkipFalse: 5},
		bpf.LoadAbsolute{Off: offsetIPv6Next, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: protocolCARP, SkipFalse: 3},
		bpf.LoadAbsolute{Off: offsetIPv6Payload + offsetVHID, Size: 1},

		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(vhid), SkipFalse: 1},
		bpf.RetConstant{Val: wholeFrame},
		bpf.RetConstant{Val: 0},
	}
}
