package words

import (
	"math"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/bsdif"
)

// flagWords are the interface flags. -arp sets the flag that arp clears.
func flagWords() []row {
	return []row{
		{Word{Name: "debug", Family: Link,
			Help: "log as at net.inet.carp.log=2"}, setFlag(bsdif.Debug)},
		{Word{Name: "-debug", Family: Link,
			Help: "log as net.inet.carp.log says"}, clearFlag(bsdif.Debug)},
		{Word{Name: "arp", Family: Link,
			Help: "answer ARP requests for the addresses, as it is unless set"}, clearFlag(bsdif.NoARP)},
		{Word{Name: "-arp", Family: Link,
			Help: "neither answer ARP requests nor announce IPv4 addresses"}, setFlag(bsdif.NoARP)},
		{Word{Name: "promisc", Family: Link,
			Help: "kept and shown"}, setFlag(bsdif.Promisc)},
		{Word{Name: "-promisc", Family: Link,
			Help: "take promisc back"}, clearFlag(bsdif.Promisc)},
		{Word{Name: "-monitor", Family: Link,
			Help: "accepted: a carp interface never only listens"}, always},
		{Word{Name: "link0", Family: Link, Help: "kept and shown, without a meaning for carp"}, setFlag(bsdif.Link0)},
		{Word{Name: "-link0", Family: Link, Help: "take link0 back"}, clearFlag(bsdif.Link0)},
		{Word{Name: "link1", Family: Link, Help: "kept and shown, without a meaning for carp"}, setFlag(bsdif.Link1)},
		{Word{Name: "-link1", Family: Link, Help: "take link1 back"}, clearFlag(bsdif.Link1)},
		{Word{Name: "link2", Family: Link, Help: "kept and shown, without a meaning for carp"}, setFlag(bsdif.Link2)},
		{Word{Name: "-link2", Family: Link, Help: "take link2 back"}, clearFlag(bsdif.Link2)},
	}
}

func setFlag(flag bsdif.Flags) func(*parser, string) error {
	return func(p *parser, _ string) error {
		p.line.Change.SetFlags |= flag
		p.line.Change.ClearFlags &^= flag
		return nil
	}
}

func clearFlag(flag bsdif.Flags) func(*parser, string) error {
	return func(p *parser, _ string) error {
		p.line.Change.ClearFlags |= flag
		p.line.Change.SetFlags &^= flag
		return nil
	}
}

// mtu refuses what no interface can have; what this one can is for the kernel to say.
func mtu(p *parser, value string) (err error) {
	p.line.Change.MTU, err = count(p, value, "ioctl (set mtu)", 1, math.MaxUint16)
	return err
}

func metric(p *parser, value string) (err error) {
	p.line.Change.Metric, err = count(p, value, "ioctl (set metric)", 0, math.MaxInt32)
	return err
}

// count reads a decimal number; one out of bounds is refused as the kernel would.
func count(p *parser, value, call string, least, most int) (*int, error) {
	word := p.args[p.at-1]
	n, ok := decimal(value)
	switch {
	case !ok:
		return nil, p.badValue(p.hint("%s %s: not a decimal number", word, p.shown()))
	case n < least || n > most:
		return nil, bsderr.Errno(call, unix.EINVAL, p.hint("%s %s: must be %d to %d", word, p.shown(), least, most))
	}
	return &n, nil
}
