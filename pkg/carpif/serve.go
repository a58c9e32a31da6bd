package carpif

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
	"golang.org/x/sys/unix"
)

// errLate answers what its sender has given up on; nobody reads it, mostly.
var errLate = errors.New("the command has stopped waiting for this")

// errEnding answers what comes after a destroy.
var errEnding = &bsderr.Error{Text: "the supervisor is ending", Errno: unix.ESHUTDOWN}

func refused(err error) control.Response {
	return control.Response{Error: bsderr.From(err)}
}

// serve takes one request in the owner's goroutine. When it is answered, others can
// have what it held.
func (i *Interface) serve(c call) {
	i.folder = c.folder
	now := i.perform(c)
	i.folder = nil
	c.release()
	if now != nil {
		c.reply <- *now
	}
}

// perform does what a request asks for. What hands the addresses over is answered when
// the handover is done, so that the next command on the administrator's line finds it
// done; there is no answer now.
func (i *Interface) perform(c call) (now *control.Response) {
	if c.req.Late() {
		return new(refused(errLate))
	}
	if err := i.addressed(&c.req); err != nil {
		return new(refused(err))
	}
	switch c.req.Op {
	case control.OpStatus:
		return &control.Response{Status: i.status(c.req.Keys)}
	case control.OpClear:
		defer i.clear()
		return &control.Response{Status: i.status(false)}
	case control.OpCreate, control.OpChange:
		creating := c.req.Op == control.OpCreate
		if err := i.changeable(creating); err != nil {
			return new(refused(err))
		}
		notes, err := i.change(c.req.Change, c.naming)
		switch {
		case err == nil:
			i.waiting = append(i.waiting, withReply(c, control.Response{Notes: notes}))
		case creating:
			i.finish(c, refused(with(err, i.dismantle(true))))
		default:
			return new(refused(err))
		}
	case control.OpDestroy:
		i.step(carp.Event{Kind: carp.EventDown})
		i.waiting = append(i.waiting, c)
	default:
		return new(refused(bsderr.Newf("%s: unknown request %q", i.name, c.req.Op)))
	}
	return nil
}

// addressed refuses what was meant for the interface under a name that it had
// before: another may have that by now. Reading does no harm.
func (i *Interface) addressed(req *control.Request) error {
	if req.Name == "" || req.Name == i.name || req.Op == control.OpStatus {
		return nil
	}
	return &bsderr.Error{Text: fmt.Sprintf("interface %s does not exist", req.Name), Errno: unix.ENOENT,
		Hints: []string{fmt.Sprintf("%s: it has been renamed to %s", req.Name, i.name)}}
}

// changeable refuses what comes out of turn: a change while the interface is
// ending, or before it has been created, and a second creation, whose failure
// would end an interface at work.
func (i *Interface) changeable(creating bool) error {
	switch {
	case i.ending():
		return errEnding
	case creating && i.saved:
		return &bsderr.Error{Text: fmt.Sprintf("interface %s already exists", i.name), Errno: unix.EEXIST}
	case !creating && !i.saved:
		return &bsderr.Error{Text: fmt.Sprintf("interface %s does not exist", i.name), Errno: unix.ENOENT}
	}
	return nil
}

// ending tells whether a destroy or the orderly end waits for its handover.
func (i *Interface) ending() bool {
	return slices.ContainsFunc(i.waiting, func(c call) bool { return c.answer == nil })
}

// withReply keeps the answer with the call until it may be given.
func withReply(c call, r control.Response) call {
	c.answer = &r
	return c
}

// answerWaiting answers what has waited for a handover that is over now, and
// everything when Run ends.
func (i *Interface) answerWaiting() {
	if i.machine.HandingOver() && !i.finished {
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
				c.reply <- refused(i.reinstate(err))
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
