package carpif

import (
	"context"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// Manual is an interface whose owner is its caller: a goroutine that hands it one
// thing after another and turns the clock (Options.Now) in between. Nothing happens
// by itself, so what comes of a request can be told beforehand. It hears no news of
// the kernel and watches nothing.
type Manual struct{ i *Interface }

// ByHand makes a Manual and takes up its record, as Run does at first.
func ByHand(opts Options) *Manual {
	i := New(opts)
	i.renewer = newRenewer()
	i.resume()
	m := &Manual{i}
	m.settle()
	return m
}

// Ask hands it a request. The answer is in the channel when the work is done: at
// once, or when it is no longer HandingOver.
func (m *Manual) Ask(req control.Request) <-chan control.Response {
	ctx := context.Background()
	c := m.i.newCall(ctx, req)
	if c.excludes() {
		var err error
		if c.folder, err = m.i.opts.Store.Exclusive(ctx); err != nil {
			c.release()
			c.reply <- refused(err)
			return c.reply
		}
	}
	m.i.serve(c)
	m.settle()
	return c.reply
}

// Deadline is the time at which Due is to be called; false if nothing is due ever.
func (m *Manual) Deadline() (time.Time, bool) { return m.i.machine.Deadline() }

// HandingOver tells whether it has bowed out and still answers, until Deadline.
func (m *Manual) HandingOver() bool { return m.i.machine.HandingOver() }

// Due does what is due now.
func (m *Manual) Due() {
	m.i.due()
	m.settle()
}

// KnobsChanged makes it follow the knobs and the host's demotion.
func (m *Manual) KnobsChanged() {
	m.i.loadKnobs()
	m.settle()
}

// Force is `state backup` or `state master`, whatever a line of words would have to
// be for it.
func (m *Manual) Force(to carp.State) {
	m.i.step(carp.Force(to))
	m.settle()
}

// Status is everything there is to show, without the key.
func (m *Manual) Status() *control.Status { return m.i.status(false) }

// Ended tells whether the interface has been destroyed, or was never created.
func (m *Manual) Ended() bool { return m.i.finished }

// settle does what the loop does between two turns, and the work of the renewer.
func (m *Manual) settle() {
	i := m.i
	for done := false; !done; {
		select {
		case job := <-i.renewer.todo:
			job.do()
			i.renewed(job)
		default:
			done = true
		}
	}
	if i.answerWaiting(); i.finished {
		i.Goodbye()
	}
}
