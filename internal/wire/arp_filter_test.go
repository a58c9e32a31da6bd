package wire

import (
	"errors"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/frame"
)

var (
	balanced = netip.MustParseAddr("192.0.2.20")
	asker    = frame.ARP{
		SrcMAC: frame.MAC{2, 0, 0, 0, 0, 9}, DstMAC: frame.Broadcast, Op: frame.ARPRequest,
		SenderMAC: frame.MAC{2, 0, 0, 0, 0, 9}, SenderAddr: netip.MustParseAddr("192.0.2.9"), TargetAddr: balanced,
	}
)

func request(change func(*frame.ARP)) []byte {
	a := asker
	change(&a)
	return a.Append(nil)
}

func TestARPFilterFrames(t *testing.T) {
	same := request(func(*frame.ARP) {})
	set := func(offset int, value byte) []byte {
		b := slices.Clone(same)
		b[offset] = value
		return b
	}
	other := netip.MustParseAddr("192.0.2.21")
	tests := []struct {
		name  string
		frame []byte
		want  bool
	}{
		{"request", same, true},
		{"padded request", append(slices.Clone(same), make([]byte, 18)...), true},
		{"unicast request", request(func(a *frame.ARP) { a.DstMAC = frame.MAC{0, 0, 0x5e, 0, 1, 7} }), true},
		{"probe, from nobody", request(func(a *frame.ARP) { a.SenderAddr = netip.IPv4Unspecified() }), true},
		{"gratuitous request", frame.AppendGratuitousARP(nil, frame.MAC{2}, balanced, frame.ARPRequest), true},
		{"gratuitous reply", frame.AppendGratuitousARP(nil, frame.MAC{2}, balanced, frame.ARPReply), false},
		{"reply", request(func(a *frame.ARP) { a.Op = frame.ARPReply }), false},
		{"reverse ARP", request(func(a *frame.ARP) { a.Op = 3 }), false},
		{"operation beyond a byte", set(20, 1), false},
		{"for another address", request(func(a *frame.ARP) { a.TargetAddr = other }), false},
		{"from the address, for another", request(func(a *frame.ARP) { a.SenderAddr, a.TargetAddr = balanced, other }), false},
		{"not Ethernet", set(15, 6), false},
		{"not IPv4", set(17, 1), false},
		{"long hardware address", set(18, 8), false},
		{"long protocol address", set(19, 16), false},
		{"IPv4", advertisement(frame.GroupIPv4, 7, "the payload of an advertisement"), false},
		{"cut in the target", same[:41], false},
		{"nothing", nil, false},
	}
	program, err := arpFilter([]netip.Addr{netip.MustParseAddr("198.51.100.1"), balanced, netip.MustParseAddr("198.51.100.2")})
	if err != nil {
		t.Fatal(err)
	}
	vm, err := bpf.NewVM(program)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err := vm.Run(tt.frame)
			if err != nil {
				t.Fatal(err)
			}
			if (n != 0) != tt.want || (n != 0 && n < len(tt.frame)) {
				t.Errorf("accepted %d bytes, want %v", n, tt.want)
			}
		})
	}
}

func TestARPFilterTargets(t *testing.T) {
	program, err := arpFilter(nil)
	if err != nil {
		t.Fatal(err)
	}
	vm, err := bpf.NewVM(program)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := vm.Run(request(func(*frame.ARP) {})); n == 0 || err != nil {
		t.Errorf("no targets: accepted %d, %v, want any request", n, err)
	}
	if n, err := vm.Run(request(func(*frame.ARP) {})[:41]); n != 0 || err != nil {
		t.Errorf("no targets: accepted %d, %v of a frame cut short", n, err)
	}

	var many []netip.Addr
	for a := balanced; len(many) < maxARPTargets; a = a.Next() {
		many = append(many, a)
	}
	if _, err := assembleARP(many); err != nil {
		t.Error(err)
	}
	if _, err := assembleARP(append(many, balanced)); !errors.Is(err, unix.EINVAL) {
		t.Errorf("too many: %v, want EINVAL", err)
	}
	if _, err := assembleARP([]netip.Addr{netip.MustParseAddr("2001:db8::1")}); !errors.Is(err, unix.EINVAL) {
		t.Errorf("IPv6: %v, want EINVAL", err)
	}
	if _, err := assembleARP([]netip.Addr{{}}); !errors.Is(err, unix.EINVAL) {
		t.Errorf("no address: %v, want EINVAL", err)
	}
}

func TestHubARP(t *testing.T) {
	var hub Hub
	a, b, c := hub.PlugARP(balanced), hub.PlugARP(), hub.Plug(7)
	send(t, c, request(func(*frame.ARP) {}))
	send(t, c, request(func(r *frame.ARP) { r.TargetAddr = netip.MustParseAddr("192.0.2.21") }))
	if got := targets(t, a); !slices.Equal(got, []string{"192.0.2.20"}) {
		t.Errorf("one target: %v", got)
	}
	if got := targets(t, b); !slices.Equal(got, []string{"192.0.2.20", "192.0.2.21"}) {
		t.Errorf("any target: %v", got)
	}
	wantFrames(t, c)
}

// targets drains a port and returns what the requests asked for.
func targets(t *testing.T, s segment) (list []string) {
	t.Helper()
	buf := make([]byte, 2048)
	for {
		n, ok, err := s.Receive(buf)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return list
		}
		a, err := frame.ParseARP(buf[:n])
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, a.TargetAddr.String())
	}
}

// The filter accepts what the parser reads as a request for the address, and nothing else.
func FuzzARPFilterAgreesWithParse(f *testing.F) {
	f.Add(request(func(*frame.ARP) {}))
	f.Add(frame.AppendGratuitousARP(nil, frame.MAC{2}, balanced, frame.ARPReply))
	program, err := arpFilter([]netip.Addr{balanced})
	if err != nil {
		f.Fatal(err)
	}
	vm, err := bpf.NewVM(program)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 13 && b[12] == 0x81 && b[13] == 0 {
			return // a tag in the bytes, which the kernel never leaves there
		}
		n, err := vm.Run(b)
		if err != nil {
			t.Fatal(err)
		}
		a, err := frame.ParseARP(b)
		if want := err == nil && a.Op == frame.ARPRequest && a.TargetAddr == balanced; (n != 0) != want {
			t.Errorf("accepted %d bytes, want %v: %+v, %v", n, want, a, err)
		}
	})
}
