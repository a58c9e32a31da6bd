package carpif

import (
	"context"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
)

// The owner has to advertise, so whatever a request has to wait for, it waits for here,
// in the goroutine of whoever sent it: its turn among the changes of all interfaces, and
// a new name. It then holds both until the owner has done with it.

// call is a request on its way to the owner.
type call struct {
	req    control.Request
	reply  chan control.Response // capacity 1; nil for opExit
	answer *control.Response     // to be given when the handover is over
	folder Exclusive             // for a change; nil: needs none
	naming *naming               // nil: no new name on the line
}

// release lets go of what the request holds.
func (c *call) release() {
	c.naming.abort()
	c.unlock()
}

// unlock lets the other interfaces change things again.
func (c *call) unlock() {
	if c.folder != nil {
		c.folder.Unlock()
		c.folder = nil
	}
}

// excludes tells whether a request has to keep the other interfaces out.
func (c *call) excludes() bool {
	return c.req.Op == control.OpCreate || c.req.Op == control.OpChange
}

// newCall makes a call of a request, with the new name that it has.
func (i *Interface) newCall(ctx context.Context, req control.Request) call {
	c := call{req: req, reply: make(chan control.Response, 1)}
	if c.excludes() {
		c.naming = i.takeName(ctx, &c.req)
	}
	return c
}

// exclusiveTime is how long a change waits for those of other interfaces, a
// little less than the command waits for the change.
const exclusiveTime = 8 * time.Second

// takeTime is how long a change waits, with the other interfaces kept out, for the
// owner to take it. The owner may itself be waiting to keep the others out, as when it
// gives a parent its settings back, so who waits lets it pass.
const takeTime = 50 * time.Millisecond

// passTime is how long the way is left free: some attempts of the owner's.
const passTime = 10 * time.Millisecond

// Handle answers one request of the control socket. It is safe to call from
// any goroutine. A request that Run has not taken when ctx ends is refused with
// ctx's cause.
func (i *Interface) Handle(ctx context.Context, req control.Request) control.Response {
	patience, cancel := context.WithTimeout(ctx, exclusiveTime)
	defer cancel()
	c := i.newCall(patience, req)
	if err := i.hand(ctx, patience, &c); err != nil {
		c.release()
		return refused(err)
	}
	// The owner answers everything that it took, by Goodbye at the latest.
	return <-c.reply
}

// hand gives a call to the owner. With an error the owner has not got it.
func (i *Interface) hand(ctx, patience context.Context, c *call) (err error) {
	for {
		var again <-chan time.Time
		if c.excludes() {
			if patience.Err() != nil && ctx.Err() == nil { // a lock that is free is had all the same
				return errLate
			}
			if c.folder, err = i.opts.Store.Exclusive(patience); err != nil {
				if ctx.Err() != nil { // not for want of patience
					err = ended(ctx)
				}
				return err
			}
			again = time.After(takeTime)
		}
		select {
		case i.requests <- *c:
			return nil
		case <-ctx.Done():
			return ended(ctx)
		case <-again:
			c.unlock()
			time.Sleep(passTime)
		}
	}
}

// ended is why a request that has not been taken will not be: ctx's cause, or that the
// supervisor is ending.
func ended(ctx context.Context) error {
	if err := context.Cause(ctx); err != ctx.Err() {
		return err
	}
	return errEnding
}
