package wire

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
)

// advertisement is a frame that looks like one to the filter. The rest of the payload is text, so
// that a failing test shows which frame it was.
func advertisement(group frame.Group, vhid uint8, text string) []byte {
	src := netip.MustParseAddr("192.0.2.1")
	if group == frame.GroupIPv6 {
		src = netip.MustParseAddr("fe80::1")
	}
	return frame.Packet{
		SrcMAC:  frame.MAC{0, 0, 0x5e, 0, 1, vhid},
		Src:     src,
		Payload: append([]byte{0x21, vhid}, text...),
	}.To(group).Append(nil)
}

// metadata is what the kernel would answer the extension loads with.
type metadata struct {
	packetType, tagPresent, tag uint32
}

// run passes a frame through the whole filter. The extensions exist in the kernel only, so each is
// replaced by the constant it would load.
func (m metadata) run(t *testing.T, vhid uint8, b []byte) bool {
	t.Helper()
	program := append(metadataFilter(), frameFilter(vhid)...)
	for i, instruction := range program {
		load, ok := instruction.(bpf.LoadExtension)
		if !ok {
			continue
		}
		value, ok := map[bpf.Extension]uint32{
			bpf.ExtType:           m.packetType,
			bpf.ExtVLANTagPresent: m.tagPresent,
			bpf.ExtVLANTag:        m.tag,
		}[load.Num]
		if !ok {
			t.Fatalf("instruction %d loads %v, which the test does not know", i, load)
		}
		program[i] = bpf.LoadConstant{Dst: bpf.RegA, Val: value}
	}
	vm, err := bpf.NewVM(program)
	if err != nil {
		t.Fatal(err)
	}
	n, err := vm.Run(b)
	if err != nil {
		t.Fatal(err)
	}
	if n != 0 && n < len(b) {
		t.Fatalf("filter cuts %d bytes to %d", len(b), n)
	}
	return n != 0
}

func TestFilterFrames(t *testing.T) {
	v4, v6 := frame.GroupIPv4, frame.GroupIPv6
	set := func(b []byte, offset int, value byte) []byte { b[offset] = value; return b }
	withOptions := func(b []byte, words int) []byte {
		b[14] += byte(words)
		return append(b[:34:34], append(make([]byte, 4*words), b[34:]...)...)
	}
	tagged := append(advertisement(v4, 7, "")[:12:12],
		append([]byte{0x81, 0, 0, 10}, advertisement(v4, 7, "")[12:]...)...)
	tests := []struct {
		name  string
		frame []byte
		want  bool
	}{
		{"IPv4", advertisement(v4, 7, "payload"), true},
		{"IPv6", advertisement(v6, 7, "payload"), true},
		{"IPv4, nothing behind the vhid", advertisement(v4, 7, ""), true},
		{"IPv6, nothing behind the vhid", advertisement(v6, 7, ""), true},
		{"IPv4 with one option", withOptions(advertisement(v4, 7, "payload"), 1), true},
		{"IPv4 with all options", withOptions(advertisement(v4, 7, "payload"), 10), true},
		{"options shift another vhid away", withOptions(set(advertisement(v4, 8, "payload"), 34, 7), 1), false},
		{"to this host alone", set(advertisement(v4, 7, ""), 0, 0), true},
		{"TTL 1, for the owner to count", set(advertisement(v4, 7, ""), 22, 1), true},
		{"do not fragment", set(advertisement(v4, 7, ""), 20, 0x40), true},
		{"first fragment, for the owner to count", set(advertisement(v4, 7, ""), 20, 0x20), true},
		{"later fragment", set(advertisement(v4, 7, ""), 21, 1), false},
		{"latest fragment", set(advertisement(v4, 7, ""), 20, 0x1f), false},
		{"vhid one less", advertisement(v4, 6, "payload"), false},
		{"vhid one more, IPv6", advertisement(v6, 8, "payload"), false},
		{"UDP", set(advertisement(v4, 7, ""), 23, 17), false},
		{"UDP over IPv6", set(advertisement(v6, 7, ""), 20, 17), false},
		{"IPv6 fragment", set(advertisement(v6, 7, ""), 20, 44), false},
		{"ARP", set(advertisement(v4, 7, ""), 13, 6), false},
		{"tag in the bytes: inner tag of two", tagged, false},
		{"IPv4 cut before the vhid", advertisement(v4, 7, "")[:35], false},
		{"IPv6 cut before the vhid", advertisement(v6, 7, "")[:55], false},
		{"Ethernet header alone", advertisement(v4, 7, "")[:14], false},
		{"nothing", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := (metadata{}).run(t, 7, tt.frame); got != tt.want {
				t.Errorf("accepted: %v, want %v: %x", got, tt.want, tt.frame)
			}
		})
	}
}

func TestFilterMetadata(t *testing.T) {
	tests := []struct {
		name string
		meta metadata
		want bool
	}{
		{"for this host", metadata{packetType: unix.PACKET_HOST}, true},
		{"broadcast", metadata{packetType: unix.PACKET_BROADCAST}, true},
		{"multicast", metadata{packetType: unix.PACKET_MULTICAST}, true},
		{"for another host", metadata{packetType: unix.PACKET_OTHERHOST}, true},
		{"sent by this host", metadata{packetType: unix.PACKET_OUTGOING}, false},
		{"VLAN 10", metadata{packetType: unix.PACKET_MULTICAST, tagPresent: 1, tag: 10}, false},
		{"VLAN 4095, priority 7", metadata{tagPresent: 1, tag: 0xffff}, false},
		{"priority tag", metadata{tagPresent: 1, tag: 0xe000}, true},
		{"what an old kernel leaves of a tag", metadata{tagPresent: 0, tag: 10}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, group := range []frame.Group{frame.GroupIPv4, frame.GroupIPv6} {
				if got := tt.meta.run(t, 7, advertisement(group, 7, "")); got != tt.want {
					t.Errorf("%v accepted: %v, want %v", group.Addr, got, tt.want)
				}
				if tt.meta.run(t, 7, advertisement(group, 8, "")) {
					t.Errorf("%v: another vhid accepted", group.Addr)
				}
			}
		})
	}
}

func TestFilterEveryVHID(t *testing.T) {
	for vhid := 1; vhid <= 255; vhid++ {
		if _, err := assemble(uint8(vhid)); err != nil {
			t.Fatal(err)
		}
		for heard := range 256 {
			b := advertisement(frame.GroupIPv6, uint8(heard), "")
			if got := (metadata{}).run(t, uint8(vhid), b); got != (heard == vhid) {
				t.Fatalf("filter for %d, frame for %d: accepted %v", vhid, heard, got)
			}
		}
	}
	if _, err := assemble(0); !errors.Is(err, unix.EINVAL) {
		t.Errorf("vhid 0: %v, want EINVAL", err)
	}
}

// The filter and the parser agree on where the vhid is, options and all.
func FuzzFilterAgreesWithParse(f *testing.F) {
	f.Add(advertisement(frame.GroupIPv4, 7, "payload"))
	f.Add(advertisement(frame.GroupIPv6, 7, "payload"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := frame.Parse(b)
		if err != nil || len(p.Payload) < 2 {
			return
		}
		if etherType := binary.BigEndian.Uint16(b[12:]); etherType != unix.ETH_P_IP && etherType != unix.ETH_P_IPV6 {
			return // a tag in the bytes, which the kernel never leaves there
		}
		if got := (metadata{}).run(t, 7, b); got != (p.Payload[1] == 7) {
			t.Errorf("accepted %v a frame for vhid %d", got, p.Payload[1])
		}
	})
}
