package frame

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Whatever arrives: no parser panics, and what Parse accepts survives being built and parsed again.
func FuzzParse(f *testing.F) {
	for _, v := range vectors(f)[:4] {
		f.Add(v.bytes(f))
	}
	for _, name := range captures(f) {
		for _, b := range readCapture(f, name) {
			f.Add(b)
		}
	}
	f.Add(sample6.Append(nil))
	f.Add(AppendNeighborAdvertisement(nil, virtual, netip.MustParseAddr("fe80::10"), true))
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		p, err := Parse(b)
		if err == nil {
			again, err := Parse(p.Append(nil))
			if err != nil {
				t.Fatalf("own frame refused: %v", err)
			}
			if diff := cmp.Diff(p, again, compareAddr, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-first +second):\n%s", diff)
			}
		}
		if a, err := ParseARP(b); err == nil {
			if again, err := ParseARP(a.Append(nil)); err != nil || again != a {
				t.Errorf("ARP %+v became %+v, %v", a, again, err)
			}
		}
		if _, err := ParseNeighborAdvertisement(b); err == nil && len(b) < ethernetLen+ipv6Len+neighborLen {
			t.Errorf("accepted a neighbour advertisement of %d bytes", len(b))
		}
		if !bytes.Equal(before, b) {
			t.Error("input changed")
		}
	})
}

// Whatever is sent arrives: Parse(Append(p)) == p, also with padding behind it.
func FuzzAppend(f *testing.F) {
	f.Add(false, []byte("0123456789abcdef0123456789abcdef0123456789ab"), uint8(255), uint8(0x10), uint16(7), []byte("payload"), 3)
	f.Add(true, []byte("0123456789abcdef0123456789abcdef0123456789ab"), uint8(1), uint8(0xe3), uint16(0), []byte{}, 0)
	f.Fuzz(func(t *testing.T, v6 bool, addresses []byte, ttl, tos uint8, id uint16, payload []byte, padding int) {
		if len(addresses) < 44 || len(payload) > 2000 || padding < 0 || padding > 60 {
			return
		}
		p := Packet{
			SrcMAC: MAC(addresses[32:38]), DstMAC: MAC(addresses[38:44]),
			TTL: ttl, TOS: tos, Payload: payload,
		}
		if v6 {
			p.Src = netip.AddrFrom16([16]byte(addresses[:16]))
			p.Dst = netip.AddrFrom16([16]byte(addresses[16:32]))
		} else {
			p.Src = netip.AddrFrom4([4]byte(addresses[:4]))
			p.Dst = netip.AddrFrom4([4]byte(addresses[4:8]))
			p.ID = id
		}
		got, err := Parse(append(p.Append(nil), make([]byte, padding)...))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, got, compareAddr, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-sent +parsed):\n%s", diff)
		}
	})
}
