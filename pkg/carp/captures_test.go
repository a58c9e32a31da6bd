package carp_test

import (
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// captured is one protocol 112 packet of a capture.
type captured struct {
	when    time.Time
	packet  carp.Packet
	fromMAC [6]byte
}

// readCapture reads the protocol 112 packets of a little-endian Ethernet pcap
// with microseconds: 24 bytes of file header, then 16 before every frame.
func readCapture(t testing.TB, name string) []captured {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "vectors", "captures", name))
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	if len(b) < 24 || le.Uint32(b) != 0xa1b2c3d4 || le.Uint32(b[20:]) != 1 {
		t.Fatalf("%s: not a pcap as expected", name)
	}
	var all []captured
	for b = b[24:]; len(b) >= 16; {
		size := int(le.Uint32(b[8:]))
		frame := b[16 : 16+size]
		c := captured{
			when:    time.Unix(int64(le.Uint32(b)), int64(le.Uint32(b[4:]))*1000),
			fromMAC: [6]byte(frame[6:]),
		}
		b = b[16+size:]
		ip := frame[14:]
		switch etherType := binary.BigEndian.Uint16(frame[12:]); {
		case etherType == 0x0800 && ip[9] == 112:
			c.packet = carp.Packet{
				From: netip.AddrFrom4([4]byte(ip[12:])), TTL: ip[8],
				ToGroup: netip.AddrFrom4([4]byte(ip[16:])) == netip.MustParseAddr("224.0.0.18"),
				Payload: ip[int(ip[0]&15)*4 : binary.BigEndian.Uint16(ip[2:])],
			}
		case etherType == 0x86dd && ip[6] == 112:
			c.packet = carp.Packet{
				From: netip.AddrFrom16([16]byte(ip[8:])), TTL: ip[7],
				ToGroup: netip.AddrFrom16([16]byte(ip[24:])) == netip.MustParseAddr("ff02::12"),
				Payload: ip[40 : 40+binary.BigEndian.Uint16(ip[4:])],
			}
		default:
			continue
		}
		all = append(all, c)
	}
	return all
}

// TestCaptures judges every CARP frame that BSD kernels and ucarp put on a
// wire.
func TestCaptures(t *testing.T) {
	type counts map[carp.Verdict]int
	for _, tt := range []struct {
		file      string
		password  string
		vhid      carp.VHID
		addresses []string
		want      counts
		bowOuts   int
	}{
		{"freebsd-fbsd13-3-dual.pcap", "secret", 7,
			[]string{"192.0.2.10", "2001:db8::10", "fe80::10"}, counts{carp.Accepted: 12}, 0},
		{"freebsd-fbsd91-1-v4-skew0.pcap", "secret", 1,
			[]string{"192.0.2.10"}, counts{carp.Accepted: 5}, 0},
		{"freebsd-fbsd91-4-two-nodes-bowout.pcap", "secret", 1,
			[]string{"192.0.2.10"}, counts{carp.Accepted: 18}, 1},
		{"freebsd-fbsd91-5-preempt.pcap", "secret", 1,
			[]string{"192.0.2.10"}, counts{carp.Accepted: 12}, 0},
		{"netbsd-02-v4-two-addrs-vhid1-testpass.pcap", "testpass", 1,
			[]string{"10.99.1.3", "10.99.0.200"}, counts{carp.Accepted: 5}, 1},
		{"netbsd-10-v6-linklocal-vip-NOTYETBUILD.pcap", "testpass", 9,
			[]string{"10.99.0.10", "fe80::c0de", "fd00:99::10"}, counts{carp.Accepted: 12}, 2},
		{"netbsd-20-two-peers-nopreempt-A0-B100.pcap", "testpass", 1,
			[]string{"10.99.0.10"}, counts{carp.Accepted: 16}, 2},
		// One peer holds 10.99.0.11 too. Who holds both can prove that the
		// other's key is right and its list is not; who holds the one cannot.
		{"netbsd-24-address-list-mismatch-both-master.pcap", "testpass", 1,
			[]string{"10.99.0.10", "10.99.0.11"}, counts{carp.Accepted: 6, carp.BadAddressList: 11}, 2},
		{"netbsd-24-address-list-mismatch-both-master.pcap", "testpass", 1,
			[]string{"10.99.0.10"}, counts{carp.Accepted: 11, carp.BadAuthentication: 6}, 2},
		{"netbsd-30-ucarp-alone-and-netbsd-backup.pcap", "testpass", 1,
			[]string{"10.99.0.10"}, counts{carp.Accepted: 13}, 1},
		{"netbsd-43-counter-wrap.pcap", "testpass", 1,
			[]string{"10.99.0.10"}, counts{carp.Accepted: 7}, 1},
	} {
		t.Run(tt.file, func(t *testing.T) {
			list := addresses(t, tt.addresses...)
			group := carp.NewGroup(tt.vhid, mustKey(tt.password), list, func() uint64 { return 7 })
			got, bowOuts := counts{}, 0
			for _, c := range readCapture(t, tt.file) {
				ad, verdict := group.Judge(c.when, &c.packet, true, 4*time.Second)
				got[verdict]++
				if ad.BowOut() {
					bowOuts++
				}
				// What was read is written back alike.
				if diff := cmp.Diff(c.packet.Payload, ad.Append(nil)); diff != "" {
					t.Errorf("at %v (-captured +ours):\n%s", c.when, diff)
				}
				mac := tt.vhid.MAC()
				ucarp := mac
				ucarp[4] = 0
				if c.fromMAC != mac && c.fromMAC != ucarp {
					t.Errorf("at %v from %x, want the virtual MAC %x or ucarp's", c.when, c.fromMAC, mac)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("verdicts (-want +got):\n%s", diff)
			}
			if bowOuts != tt.bowOuts {
				t.Errorf("%d bow-outs, want %d", bowOuts, tt.bowOuts)
			}
		})
	}
}
