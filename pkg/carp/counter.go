package carp

// Counter yields the 64-bit number that goes into each advertisement's digest,
// as FreeBSD and NetBSD do: a fresh random number for every advertisement
// until one from a peer has been accepted, from then on the last number seen
// or sent plus one. It wraps, it is not monotonic, and nobody checks it.
type Counter struct {
	draw  func() uint64
	last  uint64
	heard bool
}

// NewCounter makes a Counter that takes its random numbers from draw.
func NewCounter(draw func() uint64) *Counter { return &Counter{draw: draw} }

// Next is the number for the next advertisement. With both families in a
// group each family's advertisement takes one.
func (c *Counter) Next() uint64 {
	if c.heard {
		c.last++
	} else {
		c.last = c.draw()
	}
	return c.last
}

// Heard adopts the number of an accepted advertisement; a MASTER does so too.
func (c *Counter) Heard(n uint64) { c.last, c.heard = n, true }
