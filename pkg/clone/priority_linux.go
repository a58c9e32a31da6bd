package clone

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// raisePriority lets the supervisor run before whatever keeps the host busy: a
// dead time of 12 ms must hold there too, and the supervisor needs the
// processor for microseconds only. The lowest real-time priority is enough;
// where that is forbidden (a container, a cgroup without real-time share) the
// highest ordinary one has to do. The error says that neither was had.
func raisePriority() error {
	// The runtime's threads so far; later ones inherit it from these. Twice,
	// for one that is started meanwhile by a thread not yet raised.
	err := errors.Join(eachThread(realTime), eachThread(realTime))
	if err != nil {
		err = errors.Join(eachThread(favoured), eachThread(favoured))
	}
	return err
}

func eachThread(raise func(tid int) error) error {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range tasks {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			return err
		}
		if err := raise(tid); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	return nil
}

func realTime(tid int) error {
	return os.NewSyscallError("sched_setattr", unix.SchedSetAttr(tid, &unix.SchedAttr{
		Size:     unix.SizeofSchedAttr,
		Policy:   unix.SCHED_RR,
		Priority: 1,
	}, 0))
}

// favoured is nice -20.
func favoured(tid int) error {
	return os.NewSyscallError("setpriority", unix.Setpriority(unix.PRIO_PROCESS, tid, -20))
}
