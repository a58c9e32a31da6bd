package lint

import (
	"slices"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// checkKeys finds differences of the keys in a group. Never does a message have one.
func checkKeys(group []*iface) (all []Finding) {
	known := slices.DeleteFunc(slices.Clone(group), func(c *iface) bool { _, ok := c.key(); return !ok })
	ref := reference(known, sameKey)
	for _, c := range known {
		switch mine, _ := c.key(); {
		case !sameKey(c, ref):
			what := "its pass is not that of"
			if mine.IsZero() {
				what = "it has no pass, unlike"
			}
			all = append(all, c.about(codeKeyDiffers, c.pass.place, "%s %s", what, ref.host.title()).
				see(ref, ref.pass.place, "the pass of %s", ref.host.title()).
				remedy("give every host of vhid %d the same pass: with different ones each discards what the other sends, "+
					"and all become MASTER", c.vhid.value))
		case c.pass.value != ref.pass.value:
			all = append(all, c.about(codeKeyTail, c.pass.place,
				"its pass differs from that of %s behind byte %d only, which is no difference on the wire", ref.host.title(), carp.MaxPasswordLen).
				see(ref, ref.pass.place, "the pass of %s", ref.host.title()).
				remedy("whoever changed it for one host changed nothing: set a new one within the first %d bytes, on all hosts", carp.MaxPasswordLen))
		}
	}
	return all
}

func sameKey(a, b *iface) bool {
	mine, _ := a.key()
	others, _ := b.key()
	return mine == others
}

// ownKey finds what is wrong with a key by itself.
func (c *iface) ownKey() (all []Finding) {
	if n := len(c.pass.value); n > carp.MaxPasswordLen {
		all = append(all, c.about(codeKeyCut, c.pass.place, "pass has %d bytes, of which the first %d count, as on every BSD", n, carp.MaxPasswordLen).
			remedy("use at most %d bytes", carp.MaxPasswordLen))
	}
	if key, known := c.key(); known && key.IsZero() && c.vhid.value != 0 {
		all = append(all, c.about(codeNoKey, c.pass.place, "no pass: everybody on the segment can take its addresses over").
			remedy("give every host of the group the same pass"))
	}
	return all
}
