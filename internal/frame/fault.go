package frame

// Fault is why a frame was refused. Every error of this package is one of the constants below, so a
// caller can compare, switch on it, or count by it.
type Fault string

// The faults a Parse function returns.
const (
	// ErrTruncated means that the frame ends before the length its own headers announce.
	ErrTruncated Fault = "frame: truncated"
	// ErrEtherType means that the frame does not carry the network protocol asked for.
	ErrEtherType Fault = "frame: unexpected EtherType"
	// ErrVersion means that the IP version does not agree with the EtherType.
	ErrVersion Fault = "frame: wrong IP version"
	// ErrLength means that the lengths in a header contradict each other.
	ErrLength Fault = "frame: impossible header length"
	// ErrChecksum means that the IPv4 header or the ICMPv6 message fails its Internet checksum.
	ErrChecksum Fault = "frame: bad checksum"
	// ErrFragment means a piece of an IP packet; no advertisement is long enough to need one.
	ErrFragment Fault = "frame: fragment"
	// ErrExtension means an IPv6 extension header before the payload. No CARP sender uses one.
	ErrExtension Fault = "frame: IPv6 extension header"
	// ErrProtocol means an IP protocol, or an ICMPv6 type, other than the one asked for.
	ErrProtocol Fault = "frame: other protocol"
	// ErrARP means ARP for something else than IPv4 over Ethernet.
	ErrARP Fault = "frame: ARP is not IPv4 over Ethernet"
)

// Error gives the fault in words, with the package's name in front.
func (f Fault) Error() string { return string(f) }
