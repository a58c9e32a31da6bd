package lint

import "fmt"

// checkIntervals finds hosts of a group that none would be preferred of, and such as
// disagree about how long silence lasts.
func checkIntervals(group []*iface) (all []Finding) {
	for n, c := range group {
		if c.broken {
			continue
		}
		for _, other := range group[:n] {
			if other.broken || c.advBase.value != other.advBase.value || c.advSkew.value != other.advSkew.value {
				continue
			}
			all = append(all, c.about(codeSkewEqual, c.advSkew.place, "it has %s, as %s has: neither is preferred", c.skew(), other.host.title()).
				see(other, other.advSkew.place, "%s has %s", other.host.title(), other.skew()).
				remedy("give each host of the group another advskew; the smallest becomes MASTER"))
			break
		}
	}
	ref := reference(group, sameBase)
	for _, c := range group {
		if c.broken || ref.broken || sameBase(c, ref) {
			continue
		}
		all = append(all, c.about(codeBaseDiffers, c.advBase.place, "advbase %d, where %s has %d", c.advBase.value, ref.host.title(), ref.advBase.value).
			see(ref, ref.advBase.place, "%s has advbase %d", ref.host.title(), ref.advBase.value).
			remedy("give every host of the group the same advbase, and tell them apart by advskew: "+
				"a host waits three of its own advbase for a MASTER, and one that is slower is not waited for"))
	}
	return all
}

func sameBase(a, b *iface) bool { return a.advBase.value == b.advBase.value }

// skew is the advskew in words.
func (c *iface) skew() string {
	if c.advSkew.said() {
		return fmt.Sprintf("advskew %d", c.advSkew.value)
	}
	return fmt.Sprintf("advskew %d by default", c.advSkew.value)
}
