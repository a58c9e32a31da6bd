package clone

import (
	"context"
	"time"
)

// Await waits for another command that is creating an interface of that name to have
// done so, or not, and tells whether the interface exists. Where nobody is at it, it
// answers at once.
func (c *Cloner) Await(ctx context.Context, name string) bool {
	for deadline := time.Now().Add(changeTime); ; time.Sleep(5 * time.Millisecond) {
		switch {
		case c.Exists(name):
			return true
		case !c.world.Alive(name), ctx.Err() != nil, time.Now().After(deadline):
			return c.Exists(name) // it may have come between the two questions
		}
	}
}

// AwaitGone waits for another command that is destroying an interface to have done so,
// and tells whether it has.
func (c *Cloner) AwaitGone(ctx context.Context, name string) bool {
	for deadline := time.Now().Add(changeTime); ; time.Sleep(5 * time.Millisecond) {
		switch {
		case !c.Exists(name):
			return true
		case !c.world.Alive(name), ctx.Err() != nil, time.Now().After(deadline):
			return !c.Exists(name)
		}
	}
}
