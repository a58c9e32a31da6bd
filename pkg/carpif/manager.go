package carpif

import (
	"fmt"
	"time"
)

// Manager is the service manager that watches over the supervisor. None of its
// methods waits.
type Manager interface {
	// Ready says that the record has been taken up and requests are answered.
	Ready()
	// Stopping says that the supervisor is about to end, as it should.
	Stopping()
	// Status is the interface's state, in one line for people.
	Status(line string)
	// Alive says that the owner is at its work.
	Alive()
	// AliveEvery is how often Alive is to be said; 0 if nobody listens.
	AliveEvery() time.Duration
}

// unmanaged is what there is without a service manager.
type unmanaged struct{}

func (unmanaged) Ready()                    {}
func (unmanaged) Stopping()                 {}
func (unmanaged) Status(string)             {}
func (unmanaged) Alive()                    {}
func (unmanaged) AliveEvery() time.Duration { return 0 }

// lifeSigns yields a value when the owner is to say that it is alive. It says so
// in its loop and nowhere else: a goroutine of its own would do it for an owner that
// hangs.
func (i *Interface) lifeSigns() (due <-chan time.Time, stop func()) {
	every := i.opts.Manager.AliveEvery()
	if every <= 0 {
		return nil, func() {}
	}
	t := time.NewTicker(every)
	return t.C, t.Stop
}

// tellState tells the manager what the interface is, if that is news.
func (i *Interface) tellState() {
	line := i.stateLine()
	if line != i.told {
		i.told = line
		i.opts.Manager.Status(line)
	}
}

// stateLine is the state as it stands in the manager's list of services. The name is
// in it since a renamed interface stays in the unit of its old name.
func (i *Interface) stateLine() string {
	line := fmt.Sprintf("%s: %s", i.name, i.machine.State())
	if i.record.VHID == 0 {
		return line + ", no vhid"
	}
	line += fmt.Sprintf(" vhid %d", i.record.VHID)
	if i.record.Parent != "" {
		line += " on " + i.record.Parent
	}
	if why := i.machine.Reason(); why != "" {
		line += " (" + why + ")"
	}
	return line
}
