package frame

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNeighborAdvertisement(t *testing.T) {
	addr := netip.MustParseAddr("2001:db8::10")
	for _, router := range []bool{false, true} {
		b := AppendNeighborAdvertisement(nil, virtual, addr, router)
		want := NeighborAdvertisement{
			SrcMAC: virtual, DstMAC: AllNodes, Src: addr, Dst: netip.MustParseAddr("ff02::1"),
			HopLimit: 255, Router: router, Override: true, Target: addr, TargetMAC: virtual,
		}
		got, err := ParseNeighborAdvertisement(append(tagged(b, 3), 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, compareAddr); diff != "" {
			t.Errorf("router %v (-want +got):\n%s", router, diff)
		}
	}
}

// The bytes, with the checksum worked out by hand: the words of the pseudo-header (addresses,
// length 0x20, next header 0x3a) and of the message, added with end-around carry and inverted.
func TestNeighborAdvertisementBytes(t *testing.T) {
	want := "333300000001" + "00005e000107" + "86dd" +
		"60000000" + "0020" + "3a" + "ff" +
		"20010db8000000000000000000000010" + "ff020000000000000000000000000001" +
		"8800" + "CCCC" + "20000000" + "20010db8000000000000000000000010" +
		"0201" + "00005e000107"
	sum := 0x2001 + 0x0db8 + 0x0010 + 0xff02 + 0x0001 + 0x0020 + 0x003a +
		0x8800 + 0x2000 + 0x2001 + 0x0db8 + 0x0010 + 0x0201 + 0x5e00 + 0x0107
	sum = ^(sum>>16 + sum&0xffff) & 0xffff
	want = string(bytes.Replace([]byte(want), []byte("CCCC"),
		[]byte(hex.EncodeToString(binary.BigEndian.AppendUint16(nil, uint16(sum)))), 1))

	got := hex.EncodeToString(AppendNeighborAdvertisement(nil, virtual, netip.MustParseAddr("2001:db8::10"), false))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNeighborAdvertisementDropsZone(t *testing.T) {
	with := AppendNeighborAdvertisement(nil, virtual, netip.MustParseAddr("fe80::10%eth0"), false)
	without := AppendNeighborAdvertisement(nil, virtual, netip.MustParseAddr("fe80::10"), false)
	if !bytes.Equal(with, without) {
		t.Errorf("with a zone %x, without %x", with, without)
	}
}

func TestParseNeighborAdvertisementRefuses(t *testing.T) {
	edit := func(change func(b []byte) []byte) []byte {
		return change(AppendNeighborAdvertisement(nil, virtual, netip.MustParseAddr("fe80::10"), false))
	}
	tests := []struct {
		name  string
		frame []byte
		want  Fault
	}{
		{"nothing", nil, ErrTruncated},
		{"cut", edit(func(b []byte) []byte { return b[:85] }), ErrTruncated},
		{"IPv4", sample4.Append(nil), ErrEtherType},
		{"CARP", sample6.Append(nil), ErrProtocol},
		{"empty message", edit(func(b []byte) []byte { b[19] = 0; return b }), ErrTruncated},
		{"checksum", edit(func(b []byte) []byte { b[85]++; return b }), ErrChecksum},
		{"solicitation", edit(func(b []byte) []byte { b[54]--; return resealICMP(b) }), ErrProtocol},
		{"short message", edit(func(b []byte) []byte { b[19] = 20; return resealICMP(b[:74]) }), ErrTruncated},
		{"option without length", edit(func(b []byte) []byte { b[79] = 0; return resealICMP(b) }), ErrLength},
		{"option beyond the end", edit(func(b []byte) []byte { b[79] = 2; return resealICMP(b) }), ErrLength},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if n, err := ParseNeighborAdvertisement(tt.frame); err != tt.want {
				t.Errorf("error %v, want %v (parsed %+v)", err, tt.want, n)
			}
		})
	}
}

// resealICMP repairs the ICMPv6 checksum after an edit.
func resealICMP(b []byte) []byte {
	message := b[54:]
	message[2], message[3] = 0, 0
	sum := checksum(message, pseudoHeader(b[22:54], len(message), nextICMPv6))
	binary.BigEndian.PutUint16(message[2:], sum)
	return b
}
