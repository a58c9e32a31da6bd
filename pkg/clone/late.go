package clone

import (
	"context"
	"errors"
)

// LateUnit is the unit that waits, without end, for what is missing for the interfaces of
// rc.conf.
const LateUnit = "carp-late.service"

// Leave has systemd start [LateUnit], from the beginning if it runs already. It does not
// wait until it has: the unit comes after the one that the caller may be. The error is that
// systemd has no hand in this state folder, or what it said.
func (c *Cloner) Leave(ctx context.Context) error {
	if !c.systemd.runs(c.dir, c.getenv) {
		return errors.New("it is not for the interfaces of " + c.dir.Path())
	}
	return systemctl(ctx, "restart", "--no-block", LateUnit)
}

// Recall has systemd stop [LateUnit], and waits until it has. Where there is none, nothing
// is done.
func (c *Cloner) Recall(ctx context.Context) {
	if c.systemd.runs(c.dir, c.getenv) {
		_ = systemctl(ctx, "stop", LateUnit)
	}
}
