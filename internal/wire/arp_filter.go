package wire

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
)

// Offsets into an untagged ARP frame for IPv4 over Ethernet.
const (
	offsetARPTypes  = 14      // hardware type and protocol type
	offsetARPLens   = 14 + 4  // hardware length, protocol length
	offsetARPOp     = 14 + 6  //
	offsetARPTarget = 14 + 24 // target address
)

const (
	arpEthernetIPv4 = 1<<16 | unix.ETH_P_IP // hardware type 1, Ethernet
	arpLengths      = 6<<8 | 4
)

// maxARPTargets is how many addresses one ARP filter can name; the kernel takes 4096 instructions.
const maxARPTargets = 1024

// assembleARP builds the socket filter for requests that ask for one of targets.
func assembleARP(targets []netip.Addr) ([]bpf.RawInstruction, error) {
	program, err := arpFilter(targets)
	if err != nil {
		return nil, err
	}
	raw, err := bpf.Assemble(append(metadataFilter(), program...))
	if err != nil {
		return nil, fmt.Errorf("assemble filter for ARP: %w", err)
	}
	return raw, nil
}

// arpFilter accepts ARP requests for one of targets, or for any address when there are none. The
// request form of a gratuitous ARP is a request too.
func arpFilter(targets []netip.Addr) ([]bpf.Instruction, error) {
	if len(targets) > maxARPTargets {
		return nil, fmt.Errorf("%d addresses to listen for, at most %d: %w", len(targets), maxARPTargets, unix.EINVAL)
	}
	var program []bpf.Instruction
	for _, want := range []struct {
		load  bpf.LoadAbsolute
		value uint32
	}{
		{bpf.LoadAbsolute{Off: offsetEtherType, Size: 2}, unix.ETH_P_ARP},
		{bpf.LoadAbsolute{Off: offsetARPOp, Size: 2}, frame.ARPRequest},
		{bpf.LoadAbsolute{Off: offsetARPTypes, Size: 4}, arpEthernetIPv4},
		{bpf.LoadAbsolute{Off: offsetARPLens, Size: 2}, arpLengths},
	} {
		program = append(program, want.load,
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: want.value, SkipTrue: 1},
			bpf.RetConstant{Val: 0})
	}
	// A load beyond the end of the frame refuses it, also when any target will do.
	program = append(program, bpf.LoadAbsolute{Off: offsetARPTarget, Size: 4})
	if len(targets) == 0 {
		return append(program, bpf.RetConstant{Val: wholeFrame}), nil
	}
	for _, t := range targets {
		if !t.Is4() {
			return nil, fmt.Errorf("listen for ARP about %v: %w", t, unix.EINVAL)
		}
		ip := t.As4()
		program = append(program,
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: binary.BigEndian.Uint32(ip[:]), SkipFalse: 1},
			bpf.RetConstant{Val: wholeFrame})
	}
	return append(program, bpf.RetConstant{Val: 0}), nil
}
