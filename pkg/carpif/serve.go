package carpif

import (
	"errors"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// errEnding answers what comes after a destroy.
var errEnding = errors.New("the supervisor is ending")

func refused(err error) control.Response {
	return control.Response{Error: bsderr.From(err)}
}

// serve takes one request in the owner's goroutine. What hands the addresses
// over is answered when the handover is done, so that the next command on the
// administrator's line finds it done.
func (i *Interface) serve(c call) {
	switch c.req.Op {
	case control.OpStatus:
		c.reply <- control.Response{Status: i.status(c.req.Keys)}
	case control.OpCreate, control.OpChange:
		notes, err := i.change(c.req.Change)
		switch {
		case err == nil:
			i.waiting = append(i.waiting, withReply(c, control.Response{Notes: notes}))
		case c.req.Op == control.OpCreate:
			i.finish(c, refused(errors.Join(err, i.dismantle(true))))
		default:
			c.reply <- refused(err)
		}
	case control.OpDestroy:
		i.step(carp.Event{Kind: carp.EventDown})
		i.waiting = append(i.waiting, c)
	}
}

// withReply keeps the answer with the call until it may be given.
func withReply(c call, r control.Response) call {
	c.answer = &r
	return c
}

// answerWaiting answers what has waited for a handover that is over now.
func (i *Interface) answerWaiting() {
	if i.machine.HandingOver() {
		return
	}
	waiting := i.waiting
	i.waiting = nil
	for _, c := range waiting {
		switch {
		case c.answer != nil:
			c.answer.Status = i.status(c.req.Keys)
			c.reply <- *c.answer
		case i.finished && c.reply != nil:
			c.reply <- refused(errEnding)
		case c.req.Op == control.OpDestroy:
			if err := i.dismantle(true); err != nil {
				c.reply <- refused(err)
				continue
			}
			i.finish(c, control.Response{})
		case c.req.Op == opExit:
			if err := i.dismantle(false); err != nil {
				i.log.Warn("ending", "err", err)
			}
			i.finished = true
		}
	}
}

// finish ends Run; c is answered by Goodbye.
func (i *Interface) finish(c call, r control.Response) {
	i.finished = true
	i.goodbyes = append(i.goodbyes, func() { c.reply <- r })
}
