package frame

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var compareAddr = cmpopts.EquateComparable(netip.Addr{})

// sample4 and sample6 are advertisements with a recognisable payload.
var (
	sample4 = Packet{
		SrcMAC: MAC{0, 0, 0x5e, 0, 1, 7}, Src: netip.MustParseAddr("192.0.2.1"),
		TOS: 0x10, ID: 0x1234, Payload: []byte("\x21\x07-payload"),
	}.To(GroupIPv4)
	sample6 = Packet{
		SrcMAC: MAC{0, 0, 0x5e, 0, 1, 7}, Src: netip.MustParseAddr("fe80::1"),
		TOS: 0xe3, Payload: []byte("\x21\x07-payload"),
	}.To(GroupIPv6)
)

// Every advertisement that FreeBSD's code built comes out of Append byte for byte, given nothing but
// what Parse took from it.
func TestFreeBSDVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(strings.Fields(v.Source)[1]+"/"+v.ID, func(t *testing.T) {
			want := v.bytes(t)
			p, err := Parse(want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(hex.EncodeToString(want), hex.EncodeToString(p.Append(nil))); diff != "" {
				t.Errorf("Append(Parse(frame)) (-recorded +built):\n%s", diff)
			}
			wantTOS := uint8(0x10)
			switch {
			case p.Dst.Is6() && strings.Contains(v.Source, "9.1"):
				wantTOS = 0
			case strings.Contains(v.Source, "13.0"):
				wantTOS = 0xe0
			}
			if p.TOS != wantTOS || p.TTL != TTLCARP || len(p.Payload) != 36 {
				t.Errorf("TOS %#x TTL %d, %d bytes of payload; want %#x, 255, 36", p.TOS, p.TTL, len(p.Payload), wantTOS)
			}
			group := GroupIPv4
			if p.Dst.Is6() {
				group = GroupIPv6
			}
			if p.Dst != group.Addr || p.DstMAC != group.MAC {
				t.Errorf("destination %v %v, want %v", p.Dst, p.DstMAC, group)
			}
		})
	}
}

// The same for what four implementations really put on a wire; frames of other protocols in the
// recordings are refused by every parser but their own.
func TestCaptures(t *testing.T) {
	for _, name := range captures(t) {
		t.Run(name, func(t *testing.T) {
			var carp, arp, other int
			for i, want := range readCapture(t, name) {
				p, err := Parse(want)
				a, errARP := ParseARP(want)
				var got []byte
				switch {
				case err == nil && errARP == nil:
					t.Fatalf("frame %d is both CARP and ARP", i)
				case err == nil:
					got = p.Append(nil)
					carp++
				case errARP == nil:
					got = a.Append(nil)
					arp++
				default:
					other++
					continue
				}
				if !bytes.Equal(want, got) {
					t.Errorf("frame %d:\nrecorded %x\nbuilt    %x", i, want, got)
				}
			}
			if carp < 4 || arp < 1 {
				t.Errorf("found %d CARP and %d ARP frames (%d others)", carp, arp, other)
			}
		})
	}
}

func TestParseTolerates(t *testing.T) {
	tests := []struct {
		name   string
		packet Packet
		edit   func([]byte) []byte
	}{
		{"padding after IPv4", sample4, func(b []byte) []byte { return append(b, make([]byte, 14)...) }},
		{"padding after IPv6", sample6, func(b []byte) []byte { return append(b, 0xff) }},
		{"802.1Q tag", sample4, func(b []byte) []byte { return tagged(b, 10) }},
		{"802.1Q tag before IPv6", sample6, func(b []byte) []byte { return tagged(b, 4095) }},
		{"IPv4 options", sample4, func(b []byte) []byte {
			b = append(b[:34:34], append([]byte{0x94, 4, 0, 0}, b[34:]...)...) // router alert
			b[14] = 0x46
			binary.BigEndian.PutUint16(b[16:], uint16(len(b)-14))
			return reseal(b)
		}},
		{"no do-not-fragment bit", sample4, func(b []byte) []byte { b[20] = 0; return reseal(b) }},
		{"flow label", sample6, func(b []byte) []byte { b[15] |= 0xf; b[17] = 1; return b }},
		{"empty payload", withPayload(sample4, nil), func(b []byte) []byte { return b }},
		{"no source address", withSource(sample4, netip.IPv4Unspecified()), func(b []byte) []byte { return b }},
		{"TTL that CARP refuses", withTTL(sample4, 1), func(b []byte) []byte { return b }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.edit(tt.packet.Append(nil)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.packet, got, compareAddr, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-sent +parsed):\n%s", diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	set := func(offset int, value byte) func([]byte) []byte {
		return func(b []byte) []byte { b[offset] = value; return b }
	}
	setSealed := func(offset int, value byte) func([]byte) []byte {
		return func(b []byte) []byte { b[offset] = value; return reseal(b) }
	}
	cut := func(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:n] } }
	tests := []struct {
		name   string
		packet Packet
		edit   func([]byte) []byte
		want   Fault
	}{
		{"nothing", sample4, cut(0), ErrTruncated},
		{"half an Ethernet header", sample4, cut(13), ErrTruncated},
		{"half a tag", sample4, func(b []byte) []byte { return tagged(b, 1)[:17] }, ErrTruncated},
		{"ARP", sample4, set(13, 0x06), ErrEtherType},
		{"two tags", sample4, func(b []byte) []byte { return tagged(tagged(b, 1), 2) }, ErrEtherType},
		{"half an IPv4 header", sample4, cut(33), ErrTruncated},
		{"half an IPv6 header", sample6, cut(53), ErrTruncated},
		{"IPv4 payload cut", sample4, func(b []byte) []byte { return b[:len(b)-1] }, ErrTruncated},
		{"IPv6 payload cut", sample6, func(b []byte) []byte { return b[:len(b)-1] }, ErrTruncated},
		{"version 6 in IPv4", sample4, set(14, 0x65), ErrVersion},
		{"version 4 in IPv6", sample6, set(14, 0x4e), ErrVersion},
		{"header of 16 bytes", sample4, set(14, 0x44), ErrLength},
		{"options beyond the frame", withPayload(sample4, nil), set(14, 0x4f), ErrTruncated},
		{"total length inside the header", sample4, setSealed(17, 19), ErrLength},
		{"header checksum", sample4, set(22, 254), ErrChecksum},
		{"more fragments", sample4, setSealed(20, 0x20), ErrFragment},
		{"later fragment", sample4, setSealed(21, 1), ErrFragment},
		{"IPv6 fragment", sample6, set(20, nextFragment), ErrFragment},
		{"hop-by-hop options", sample6, set(20, nextHopByHop), ErrExtension},
		{"routing header", sample6, set(20, nextRouting), ErrExtension},
		{"destination options", sample6, set(20, nextDestination), ErrExtension},
		{"UDP", sample4, setSealed(23, 17), ErrProtocol},
		{"UDP over IPv6", sample6, set(20, 17), ErrProtocol},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Parse(tt.edit(tt.packet.Append(nil)))
			if err != tt.want {
				t.Errorf("error %v, want %v (parsed %+v)", err, tt.want, p)
			}
		})
	}
}

// A parent without an address sends from the unspecified one, as FreeBSD's carp_send_ad does.
func TestAppendWithoutSource(t *testing.T) {
	for _, p := range []Packet{withSource(sample4, netip.Addr{}), withSource(sample6, netip.Addr{})} {
		got, err := Parse(p.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		if !got.Src.IsUnspecified() || got.Src.Is4() != p.Dst.Is4() {
			t.Errorf("source %v for destination %v", got.Src, p.Dst)
		}
	}
}

func TestAppendExtends(t *testing.T) {
	prefix := []byte("kept")
	got := sample4.Append(bytes.Clone(prefix))
	if want := append(bytes.Clone(prefix), sample4.Append(nil)...); !bytes.Equal(got, want) {
		t.Errorf("after a prefix:\ngot  %x\nwant %x", got, want)
	}
}

func TestAppendPanics(t *testing.T) {
	tests := map[string]Packet{
		"no destination":    {},
		"families differ":   {Src: sample6.Src, Dst: sample4.Dst},
		"too long for IPv4": withPayload(sample4, make([]byte, 65516)),
		"too long for IPv6": withPayload(sample6, make([]byte, 65536)),
	}
	for name, p := range tests {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			p.Append(nil)
		})
	}
}

// The payload must not let an append by the caller run into the padding behind it.
func TestParsePayloadCapacity(t *testing.T) {
	for _, p := range []Packet{sample4, sample6} {
		got, err := Parse(append(p.Append(nil), 0, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		if cap(got.Payload) != len(p.Payload) {
			t.Errorf("capacity %d, want %d", cap(got.Payload), len(p.Payload))
		}
	}
}

func TestMACString(t *testing.T) {
	if got, want := (MAC{0x00, 0x1a, 0x5e, 0xff, 0x01, 0x9c}).String(), "00:1a:5e:ff:01:9c"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func withPayload(p Packet, payload []byte) Packet { p.Payload = payload; return p }
func withSource(p Packet, src netip.Addr) Packet  { p.Src = src; return p }
func withTTL(p Packet, ttl uint8) Packet          { p.TTL = ttl; return p }

// tagged puts an 802.1Q tag into a frame.
func tagged(b []byte, vlan uint16) []byte {
	tag := binary.BigEndian.AppendUint16([]byte{0x81, 0x00}, vlan)
	return append(append(bytes.Clone(b[:12]), tag...), b[12:]...)
}

// reseal repairs the IPv4 header checksum after an edit.
func reseal(b []byte) []byte {
	header := b[14 : 14+int(b[14]&0xf)*4]
	header[10], header[11] = 0, 0
	binary.BigEndian.PutUint16(header[10:], checksum(header, 0))
	return b
}
