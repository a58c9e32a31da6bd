package frame

import (
	"net/netip"
	"testing"
)

// hotPath is what runs once per frame, sent or received, with a buffer that has room.
func hotPath() map[string]func(buf []byte) {
	addr4, addr6 := netip.MustParseAddr("192.0.2.10"), netip.MustParseAddr("2001:db8::10")
	frame4, frame6 := sample4.Append(nil), sample6.Append(nil)
	refused := sample4.Append(nil)
	refused[22]--
	parse := func(b []byte) func([]byte) {
		return func([]byte) { sink, sinkErr = Parse(b) }
	}
	return map[string]func(buf []byte){
		"Append/IPv4":     func(buf []byte) { sinkBytes = sample4.Append(buf) },
		"Append/IPv6":     func(buf []byte) { sinkBytes = sample6.Append(buf) },
		"Parse/IPv4":      parse(frame4),
		"Parse/IPv6":      parse(frame6),
		"Parse/refused":   parse(refused),
		"GratuitousARP":   func(buf []byte) { sinkBytes = AppendGratuitousARP(buf, virtual, addr4, ARPReply) },
		"NeighborAdvert.": func(buf []byte) { sinkBytes = AppendNeighborAdvertisement(buf, virtual, addr6, true) },
	}
}

// The sinks keep the compiler from dropping the work.
var (
	sink      Packet
	sinkErr   error
	sinkBytes []byte
)

func TestNoAllocation(t *testing.T) {
	buf := make([]byte, 0, 256)
	for name, f := range hotPath() {
		if got := testing.AllocsPerRun(100, func() { f(buf) }); got != 0 {
			t.Errorf("%s: %v allocations, want 0", name, got)
		}
	}
}

func BenchmarkFrame(b *testing.B) {
	buf := make([]byte, 0, 256)
	for name, f := range hotPath() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f(buf)
			}
		})
	}
}
