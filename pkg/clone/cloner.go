package clone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carpif"
	"golang.org/x/sys/unix"
)

const (
	// Driver is the cloner's name, and the prefix of its interfaces.
	Driver = "carp"

	// readTime is how long a supervisor may take to tell its state before it
	// is shown as one that does not answer.
	readTime = time.Second
	// changeTime is how long it may take to apply a line.
	changeTime = 10 * time.Second
	// maxUnit is the largest unit number (FreeBSD, IF_MAXUNIT).
	maxUnit = 0x7fff
)

// Cloner is the door to the carp interfaces of one network namespace.
type Cloner struct {
	getenv  func(string) string
	dir     *state.Dir
	world   world
	systemd systemd
	// Notify takes one sentence for the person typing, such as that a
	// supervisor had died and was started again; nil discards.
	Notify func(string)
}

// Open finds the state folder of this network namespace; getenv is
// os.Getenv or like it. It creates nothing.
func Open(getenv func(string) string) (*Cloner, error) {
	dir, err := state.Find(getenv)
	if err != nil {
		return nil, err
	}
	c := &Cloner{getenv: getenv, dir: dir, systemd: machineSystemd}
	c.world = live{dir, c}
	return c, nil
}

func (c *Cloner) notify(format string, args ...any) {
	if c.Notify != nil {
		c.Notify(fmt.Sprintf(format, args...))
	}
}

// Names are the carp interfaces, carp2 before carp10.
func (c *Cloner) Names() ([]string, error) {
	units, err := c.world.Units()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, u := range units {
		if u.Recorded {
			names = append(names, u.Name)
		}
	}
	return names, nil
}

// unit finds one by name. The error is FreeBSD's and matches fs.ErrNotExist.
func (c *Cloner) unit(name string) (state.Unit, error) {
	units, err := c.world.Units()
	if err != nil {
		return state.Unit{}, err
	}
	for _, u := range units {
		if u.Name == name && u.Recorded {
			return u, nil
		}
	}
	return state.Unit{}, &bsderr.Error{Text: fmt.Sprintf("interface %s does not exist", name), Errno: unix.ENOENT}
}

// OnParent finds the carp interfaces on a parent; with a vhid other than 0 only
// the one that has it. It reads the records, which are root's.
func (c *Cloner) OnParent(parent string, vhid carp.VHID) ([]string, error) {
	return c.recorded(func(r state.Record) bool {
		return (r.Parent == parent || r.CarpDev == parent) && (vhid == 0 || r.VHID == vhid)
	})
}

// InGroup finds the carp interfaces that have joined a group. It reads the
// records, which are root's.
func (c *Cloner) InGroup(group string) ([]string, error) {
	return c.recorded(func(r state.Record) bool { return slices.Contains(r.Groups, group) })
}

// recorded are the carp interfaces whose records fit.
func (c *Cloner) recorded(fits func(state.Record) bool) ([]string, error) {
	names, err := c.Names()
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range names {
		r, err := c.world.Load(name)
		if err != nil {
			return nil, err
		}
		if fits(r) {
			found = append(found, name)
		}
	}
	return found, nil
}

// Exists tells whether there is a carp interface of that name.
func (c *Cloner) Exists(name string) bool {
	_, err := c.unit(name)
	return err == nil
}

// Create makes a carp interface and applies a line to it, both or neither, and
// returns its name: the one given, or for the driver's bare name the lowest
// free one. It returns when the supervisor has done the work.
func (c *Cloner) Create(ctx context.Context, name string, change control.Change) (string, []string, error) {
	if change.Name != nil {
		return c.createNamed(ctx, name, change)
	}
	if name != Driver {
		notes, err := c.create(ctx, name, change)
		return name, notes, err
	}
	// The supervisor's lock on the name is what decides between two commands
	// that choose the same unit; the loser tries the next.
	for n := range maxUnit + 1 {
		name := Driver + strconv.Itoa(n)
		if c.Exists(name) {
			continue
		}
		resp, err := c.world.start(ctx, name, launching{create: true, asUnit: true}, control.Request{Op: control.OpCreate, Change: &change})
		if taken(err, unix.EBUSY) || taken(err, unix.EEXIST) {
			continue
		}
		return name, resp.Notes, err
	}
	return "", nil, bsderr.Errno(opCreate, unix.ENOSPC)
}

// taken tells whether a create was refused because the name has a supervisor
// (EBUSY), or a record or another interface of the host (EEXIST). By the call
// and not by the errno alone: the kernel says EBUSY too, of a parent that belongs
// to a bridge, and every unit would be tried.
func taken(err error, errno unix.Errno) bool {
	e, ok := errors.AsType[*bsderr.Error](err)
	return ok && e.Errno == errno && strings.HasPrefix(e.Text, opCreate)
}

const opCreate = "SIOCIFCREATE2"

// nameTaken is the refusal of a name that something else in the kernel has.
func nameTaken(name string) *bsderr.Error {
	return bsderr.Errno(opCreate, unix.EEXIST, name+": another interface of this host has that name")
}

// nameInUse is the refusal to create, with further words on the line, what
// exists: FreeBSD's text is another one then.
func nameInUse(name string) *bsderr.Error {
	return bsderr.Errno(opCreate, unix.EEXIST, name+": it exists already; leave out the word create to change it")
}

// existing is the refusal to create what exists.
func existing(name string, change control.Change) *bsderr.Error {
	if !change.IsEmpty() {
		return nameInUse(name)
	}
	return &bsderr.Error{Text: fmt.Sprintf("interface %s already exists", name), Errno: unix.EEXIST}
}

func (c *Cloner) create(ctx context.Context, name string, change control.Change) ([]string, error) {
	if c.Exists(name) {
		return nil, existing(name, change)
	}
	for again := 0; ; again++ {
		resp, err := c.world.start(ctx, name, launching{create: true, asUnit: true}, control.Request{Op: control.OpCreate, Change: &change})
		if !taken(err, unix.EBUSY) {
			return resp.Notes, err
		}
		// Another command was quicker. If its line is refused, the name is free again.
		if c.Await(ctx, name) || again == maxBirths {
			return nil, existing(name, change)
		}
	}
}

// maxBirths bounds how often a name is tried for whose supervisors come and go.
const maxBirths = 3

// Change applies a line, whole or not at all.
func (c *Cloner) Change(ctx context.Context, name string, change control.Change) ([]string, error) {
	resp, err := c.ask(ctx, name, control.Request{Op: control.OpChange, Change: &change}, changeTime)
	return resp.Notes, err
}

// Destroy ends the interface. When it returns, the name is free.
func (c *Cloner) Destroy(ctx context.Context, name string) error {
	if u, err := c.unit(name); err == nil && !u.Alive {
		if _, err := c.world.Load(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return c.world.destroyDamaged(name, err)
		}
	}
	_, err := c.ask(ctx, name, control.Request{Op: control.OpDestroy}, changeTime)
	return err
}

// Status reads the named interfaces, all of them if none is named, at once. An
// interface whose supervisor does not answer within a second is in the list
// with what its record tells.
func (c *Cloner) Status(ctx context.Context, keys bool, names ...string) ([]control.Status, error) {
	return c.read(ctx, control.Request{Op: control.OpStatus, Keys: keys}, names...)
}

// read sends a request that is answered with a status to each of the named
// interfaces, all of them if none is named.
func (c *Cloner) read(ctx context.Context, req control.Request, names ...string) ([]control.Status, error) {
	all := len(names) == 0
	if all {
		var err error
		if names, err = c.Names(); err != nil {
			return nil, err
		}
	}
	list := make([]control.Status, len(names))
	errs := make([]error, len(names))
	var wg sync.WaitGroup
	for n, name := range names {
		wg.Go(func() { list[n], errs[n] = c.readOne(ctx, req, name) })
	}
	wg.Wait()
	list = slices.DeleteFunc(list, func(s control.Status) bool { return s.Name == "" })
	if all { // one that was destroyed meanwhile is not missed
		errs = slices.DeleteFunc(errs, func(err error) bool { return errors.Is(err, fs.ErrNotExist) })
	}
	return list, errors.Join(errs...)
}

func (c *Cloner) readOne(ctx context.Context, req control.Request, name string) (control.Status, error) {
	resp, err := c.ask(ctx, name, req, readTime)
	switch {
	case err == nil && resp.Status != nil:
		return *resp.Status, nil
	case err == nil:
		err = errors.New("the supervisor gave no status")
	case errors.Is(err, fs.ErrNotExist):
		return control.Status{}, err
	}
	// One that cannot be asked must not hide the others.
	r, loadErr := c.world.Load(name)
	if loadErr != nil {
		return control.Status{}, err
	}
	s := *carpif.RecordStatus(r)
	s.Error = strings.TrimPrefix(bsderr.From(err).Text, name+": ")
	return s, nil
}

// ask sends one request to a supervisor, starting it again if it had died. One
// that dies in the middle of it is asked once more.
func (c *Cloner) ask(ctx context.Context, name string, req control.Request, limit time.Duration) (control.Response, error) {
	req.Name = name
	for again := false; ; again = true {
		u, err := c.unit(name)
		if err != nil {
			return control.Response{}, err
		}
		if !u.Alive {
			if (req.Op == control.OpStatus || req.Op == control.OpClear) && c.systemd.runs(c.dir, c.getenv) {
				if unit, is := c.systemd.stopped(ctx, c.dir, name); is {
					return control.Response{}, bsderr.Newf("stopped; systemctl start carp@%s starts it", unit)
				}
			}
			// One that is to end needs no unit; and where systemd is about to stop
			// carp-rc.service, which has it ended, it would not start one.
			if err := c.restart(ctx, name, req.Op != control.OpDestroy); err != nil {
				return control.Response{}, err
			}
		}
		resp, err := c.world.converse(ctx, name, req, limit)
		if again || !errors.Is(err, errLost) || !c.ends(ctx, name) {
			return said(resp, err)
		}
	}
}

// errLost is a conversation that the supervisor's end has cut short.
var errLost = errors.New("the supervisor has ended")

// ends waits for a supervisor that has dropped a connection to be gone.
func (c *Cloner) ends(ctx context.Context, name string) bool {
	for deadline := time.Now().Add(readTime); c.world.Alive(name); time.Sleep(time.Millisecond) {
		if ctx.Err() != nil || time.Now().After(deadline) {
			return false
		}
	}
	return true
}

func (c *Cloner) converse(ctx context.Context, name string, req control.Request, limit time.Duration) (control.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	path, err := c.dir.SocketPath(name)
	if err != nil {
		return control.Response{}, err
	}
	client, err := c.dial(ctx, name, path)
	if err != nil {
		return control.Response{}, unreachable(name, err)
	}
	defer func() { _ = client.Close() }()
	resp, err := client.Do(ctx, req)
	for _, cut := range []error{io.EOF, io.ErrUnexpectedEOF, unix.ECONNRESET, unix.EPIPE} {
		if errors.Is(err, cut) {
			err = fmt.Errorf("%s: %w: %w", name, errLost, err)
		}
	}
	return resp, unanswered(name, req, err)
}

// unanswered adds to the error of a supervisor that hangs what can be done about it.
func unanswered(name string, req control.Request, err error) error {
	if errors.Is(err, control.ErrNoAnswer) && req.Op != control.OpStatus {
		err = bsderr.Hint(fmt.Errorf("%s: %w", name, err),
			"%s: nothing was changed; if it stays so, end the process `supervise %s` with kill -9, and any command starts it again", name, name)
	}
	return err
}

// dial connects to a supervisor that is alive. One that is just starting has
// its lock before it has its socket.
func (c *Cloner) dial(ctx context.Context, name, path string) (*control.Client, error) {
	for {
		client, err := control.Dial(ctx, path)
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ECONNREFUSED) {
			return client, err
		}
		if !c.dir.Alive(name) {
			return nil, fmt.Errorf("%w: %w", errLost, err)
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// said makes one error of the conversation's and the supervisor's.
func said(resp control.Response, err error) (control.Response, error) {
	if err == nil && resp.Error != nil {
		err = resp.Error
	}
	return resp, err
}

func unreachable(name string, err error) error {
	if errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0 {
		return bsderr.Errno(name, unix.EPERM, name+": its state is for root to see; use sudo or doas")
	}
	if errors.Is(err, errLost) {
		return err
	}
	return bsderr.Hint(fmt.Errorf("%s: %w", name, err), "%s: the supervisor holds its lock but cannot be reached", name)
}

// restart starts the supervisor of a record again and says so.
func (c *Cloner) restart(ctx context.Context, name string, asUnit bool) error {
	if os.Geteuid() != 0 {
		return bsderr.Errno(name, unix.EPERM, name+": its supervisor has died; as root any command starts it again")
	}
	_, err := c.world.start(ctx, name, launching{asUnit: asUnit}, control.Request{Op: control.OpStatus})
	if taken(err, unix.EBUSY) {
		return nil // another command was quicker
	}
	if err != nil {
		return bsderr.Hint(err, "%s: its supervisor had died and could not be started again", name)
	}
	c.notify("%s: its supervisor had died; started it again with its record", name)
	return nil
}
