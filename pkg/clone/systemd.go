package clone

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"golang.org/x/sys/unix"
)

// unitTemplate is the unit of which each carp interface is an instance.
const unitTemplate = "carp@.service"

// unitName is the instance of an interface. All that may be in the name of one
// (internal/state) may be in the name of a unit as it is (systemd.unit(5)).
func unitName(name string) string { return "carp@" + name + ".service" }

// systemd is the service manager of a host.
type systemd struct {
	// booted exists where systemd is process 1 (sd_booted(3)).
	booted string
	// folders are where it looks for units, the first that has one decides
	// (systemd.unit(5)).
	folders []string
	// folder is the state folder that units use.
	folder string
	// program is this program's file.
	program string
}

// machineSystemd is the machine's own.
var machineSystemd = systemd{
	booted: "/run/systemd/system",
	folders: []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
		"/usr/lib/systemd/system", "/lib/systemd/system"},
	folder:  state.DefaultPath,
	program: "/proc/self/exe",
}

// runs tells whether the supervisors of a state folder are systemd's to start: it is
// in charge of this host, has a unit for them that runs this very program, and both the
// folder and the network are those that units have. A log that goes to a file does
// not, as a unit's goes to the journal.
func (s systemd) runs(dir *state.Dir, getenv func(string) string) bool {
	if dir.Path() != s.folder || getenv(state.EnvVar) != "" || getenv(LogVar) != "" {
		return false
	}
	if info, err := os.Stat(s.booted); err != nil || !info.IsDir() {
		return false
	}
	ours, err := os.Stat(s.program)
	if err != nil {
		return false
	}
	theirs, err := os.Stat(s.unitProgram())
	return err == nil && os.SameFile(ours, theirs)
}

// unitProgram is the file that the unit runs; empty without a unit.
func (s systemd) unitProgram() string {
	for _, folder := range s.folders {
		data, err := os.ReadFile(filepath.Join(folder, unitTemplate))
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
			if argv, ok := strings.CutPrefix(lines.Text(), "ExecStart="); ok {
				path, _, _ := strings.Cut(argv, " ")
				return path
			}
		}
		return ""
	}
	return ""
}

// errUnitBusy is a unit that runs, but not for the interface it is named after.
var errUnitBusy = errors.New("it runs for an interface that had this name before")

// errUnitDeaf is a unit that systemd calls started, but that asks for no request.
var errUnitDeaf = errors.New("it does not ask what it was started for")

const (
	// deafTime is how long a unit that is up is asked to start again: it may have been
	// up for another command, which was refused, and be about to end.
	deafTime = time.Second
	// deafPause is the time between two attempts, and how long a supervisor that has
	// asked for its request may take to be heard.
	deafPause = 20 * time.Millisecond
)

// start has systemd start the supervisor of name, and waits until it has asked for its
// first request.
func (s systemd) start(ctx context.Context, dir *state.Dir, name string, create bool) (birth, error) {
	call, err := summon(dir, name, create)
	if err != nil {
		return birth{}, err
	}
	defer call.withdraw()
	ctx, cancel := context.WithTimeout(ctx, changeTime)
	waiting, giveUp := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		giveUp(startUnit(ctx, waiting, dir, name))
	}()
	done := func() {
		cancel()
		<-ended
	}
	conn, err := call.accept(waiting)
	giveUp(nil)
	if err != nil {
		done()
		switch {
		case dir.Alive(name): // another command was quicker
			err = errHeld(name)
		case !errors.Is(err, errUnitBusy) && !errors.Is(err, errUnitDeaf): // or it would be tried again for ever
			_ = systemctl(context.WithoutCancel(ctx), "stop", "--no-block", unitName(name))
		}
		return birth{}, err
	}
	return birth{conn: conn, done: done, said: func() string { return "(see journalctl -u " + unitName(name) + ")" }}, nil
}

// startUnit has systemd start the unit of name until that cannot be, or until waiting
// ends, as it does when the supervisor has asked for its request. It tells why nobody
// has asked.
func startUnit(ctx, waiting context.Context, dir *state.Dir, name string) error {
	for deadline := time.Now().Add(deafTime); ; {
		// It returns when the unit is up, or cannot be.
		if err := systemctl(ctx, "start", unitName(name)); err != nil {
			return err
		}
		select {
		case <-waiting.Done():
			return nil
		case <-time.After(deafPause):
		}
		switch {
		case dir.Alive(name):
			return errHeld(name)
		case serves(dir, name) != "":
			return errUnitBusy
		case time.Now().After(deadline):
			return errUnitDeaf
		}
	}
}

// stopped tells whether the unit of name has been stopped, or is being, by an
// administrator who does not want the interface to come back because somebody looks at
// it, and which unit that is. A unit that failed is not meant, nor one that is about to
// be started again, nor that of an interface whose supervisor was none of systemd's.
func (s systemd) stopped(ctx context.Context, dir *state.Dir, name string) (unit string, is bool) {
	if unit = unitOf(dir, name); unit == "" {
		return "", false
	}
	out, _ := exec.CommandContext(ctx, "systemctl", "is-active", unitName(unit)).Output()
	switch strings.TrimSpace(string(out)) {
	case "inactive", "deactivating":
		return unit, true
	}
	return unit, false
}

// stopping tells whether the host is going down, when no unit can be started and no
// process should be.
func (s systemd) stopping(ctx context.Context) bool {
	out, _ := exec.CommandContext(ctx, "systemctl", "is-system-running").Output()
	return strings.TrimSpace(string(out)) == "stopping"
}

// systemctl runs it; the error is what it said.
func systemctl(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "systemctl", append([]string{"--no-ask-password"}, args...)...)
	cmd.Dir = "/"
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	if first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n"); first != "" {
		return fmt.Errorf("systemctl: %s", strings.TrimSuffix(first, "."))
	}
	return fmt.Errorf("systemctl: %w", err)
}

// errHeld is the refusal of a name that has a supervisor.
func errHeld(name string) *bsderr.Error {
	return bsderr.Errno(opCreate, unix.EBUSY, name+": it has a supervisor already")
}
