package frame

import (
	"encoding/hex"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var virtual = MAC{0x00, 0x00, 0x5e, 0x00, 0x01, 0x07}

func TestGratuitousARP(t *testing.T) {
	addr := netip.MustParseAddr("192.0.2.10")
	tests := []struct {
		name string
		op   uint16
		want string
	}{
		{"request", ARPRequest, "ffffffffffff" + "00005e000107" + "0806" + "0001080006040001" +
			"00005e000107" + "c000020a" + "000000000000" + "c000020a"},
		{"reply", ARPReply, "ffffffffffff" + "00005e000107" + "0806" + "0001080006040002" +
			"00005e000107" + "c000020a" + "00005e000107" + "c000020a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := AppendGratuitousARP(nil, virtual, addr, tt.op)
			if diff := cmp.Diff(tt.want, hex.EncodeToString(b)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			a, err := ParseARP(append(tagged(b, 3), 0, 0, 0, 0))
			if err != nil {
				t.Fatal(err)
			}
			if a.SenderAddr != addr || a.TargetAddr != addr || a.SenderMAC != virtual || a.Op != tt.op {
				t.Errorf("parsed %+v", a)
			}
		})
	}
}

// FreeBSD 13's own announcement differs from our request form in the Ethernet source alone.
func TestGratuitousARPAgainstFreeBSD(t *testing.T) {
	recorded := readCapture(t, "freebsd-fbsd13-3-dual.pcap")[2]
	ours := AppendGratuitousARP(nil, virtual, netip.MustParseAddr("192.0.2.10"), ARPRequest)
	copy(ours[6:12], recorded[6:12])
	if diff := cmp.Diff(hex.EncodeToString(recorded), hex.EncodeToString(ours)); diff != "" {
		t.Errorf("(-FreeBSD +ours):\n%s", diff)
	}
}

func TestParseARPRefuses(t *testing.T) {
	good := AppendGratuitousARP(nil, virtual, netip.MustParseAddr("192.0.2.10"), ARPReply)
	wifi := append([]byte(nil), good...)
	wifi[15] = 6 // hardware type IEEE 802
	tests := []struct {
		name  string
		frame []byte
		want  Fault
	}{
		{"nothing", nil, ErrTruncated},
		{"cut", good[:41], ErrTruncated},
		{"an advertisement", sample4.Append(nil), ErrEtherType},
		{"other hardware", wifi, ErrARP},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if a, err := ParseARP(tt.frame); err != tt.want {
				t.Errorf("error %v, want %v (parsed %+v)", err, tt.want, a)
			}
		})
	}
}

func TestGratuitousARPNeedsIPv4(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	AppendGratuitousARP(nil, virtual, netip.MustParseAddr("fe80::1"), ARPRequest)
}
