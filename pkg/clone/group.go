package clone

import (
	"context"

	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// DemoteGroup adds delta to the demotion of an interface group; see
// [sysctl.DemoteGroup]. The supervisors of its interfaces follow at once.
func (c *Cloner) DemoteGroup(ctx context.Context, group string, delta int) error {
	if imagined := c.Knobs(); imagined != nil {
		return sysctl.DemoteGroup(ctx, imagined, group, delta)
	}
	dir, err := state.Open(c.getenv)
	if err != nil {
		return err
	}
	return sysctl.DemoteGroup(ctx, dir, group, delta)
}

// GroupDemotion is the demotion of an interface group.
func (c *Cloner) GroupDemotion(group string) (int, error) { return sysctl.GroupDemotion(c.dir, group) }
