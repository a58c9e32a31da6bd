package carpif

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
)

// newName is another name of a unit: Renaming over a folder in memory.
type newName struct {
	*unit
	to    string
	ended bool
}

// rename is Options.Rename.
func (u *unit) rename(ctx context.Context, to string) (Renaming, error) {
	if u.nameTakes != 0 {
		select {
		case <-time.After(u.nameTakes):
		case <-ctx.Done():
		}
		return nil, ErrNameInUse
	}
	if _, taken := u.host.store.record(to); taken {
		return nil, fmt.Errorf("another carp interface has that name: %w", unix.EEXIST)
	}
	leave, err := u.store.enter("Rename")
	leave()
	if err != nil {
		return nil, err
	}
	return &newName{unit: u, to: to}, nil
}

// reaches kills the supervisor at its moment.
func (u *unit) reaches(moment string) {
	if u.dieAt == moment {
		u.die()
	}
}

func (n *newName) Commit() error {
	n.reaches("before Commit")
	if len(n.store.lock) == 0 {
		n.Error("committed, and the others are not kept out")
	}
	leave, err := n.store.enter("Commit")
	if err == nil {
		s := n.store
		r := s.records[n.name]
		if r.NewName != n.to {
			n.Errorf("committed without the intention: %v", r)
		}
		delete(s.records, n.name)
		s.records[n.to] = r
		for parent, users := range s.users {
			s.users[parent] = append(slices.DeleteFunc(users, func(u string) bool { return u == n.name }), n.to)
		}
		if entries, ok := s.entries[n.name]; ok {
			delete(s.entries, n.name)
			s.entries[n.to] = entries
		}
		n.name = n.to
	}
	leave()
	n.reaches("after Commit")
	return err
}

// keep notes the names that are taken.
func keep(taken *[]*newName, take func(context.Context, string) (Renaming, error)) func(context.Context, string) (Renaming, error) {
	return func(ctx context.Context, to string) (Renaming, error) {
		r, err := take(ctx, to)
		if n, ok := r.(*newName); ok {
			*taken = append(*taken, n)
		}
		return r, err
	}
}

func (n *newName) Abort() {
	if n.ended {
		n.Error("aborted twice")
	}
	n.ended = true
}

// TestRename is on a MASTER, in which nobody hears anything of it.
func TestRename(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		before, transitions := a.fake.String(), a.status().Transitions
		a.fake.Ops()
		then := time.Now()
		if s := a.set(name("web")).Status; s == nil || s.Name != "web" || s.Transitions != transitions {
			t.Errorf("the answer: %+v", s)
		}
		if ops := a.fake.Ops(); !slices.Equal(ops, []string{"ip link set dev carp0 name web"}) {
			t.Errorf("in the kernel: %q", ops)
		}
		if now := a.fake.String(); now != strings.ReplaceAll(before, "carp0", "web") {
			t.Errorf("the kernel has now\n%s\nbefore\n%s", now, before)
		}
		oneName(t, a.host, "web", "carp0")

		// It goes on as if nothing had been.
		time.Sleep(10 * time.Second)
		a.is("MASTER", "master timed out")
		a.answers(true)
		b.is("BACKUP", "up")
		if a.status().Transitions != transitions {
			t.Error("the state changed")
		}
		for _, what := range l.since(then) {
			if what != "192.0.2.2 advertises 1/0" {
				t.Errorf("heard since: %s", what)
			}
		}
		if !strings.Contains(a.said.String(), "iface=web") {
			t.Error("the log has not the new name")
		}

		// The old name is free, also while the new one ends.
		other := a.create("carp0", vhid(2), addr("192.0.2.51/24"))
		a.ask(control.Request{Op: control.OpDestroy})
		<-a.ended
		time.Sleep(10 * time.Second)
		other.is("MASTER", "")
		oneName(t, a.host, "carp0", "web")
	})
}

// oneName asserts that the record, the parent's user and the kernel interface
// have one name and not the other.
func oneName(t *testing.T, h *host, name, not string) {
	t.Helper()
	synctest.Wait()
	h.store.mu.Lock()
	defer h.store.mu.Unlock()
	if r, ok := h.store.records[name]; !ok || r.Name != name || r.NewName != "" {
		t.Errorf("record of %s: %v", name, r)
	}
	if _, ok := h.store.records[not]; ok {
		t.Errorf("%s has a record", not)
	}
	if users := h.store.users["eth0"]; !slices.Equal(users, []string{name}) {
		t.Errorf("eth0 is used by %q", users)
	}
	if s := h.fake.String(); !strings.Contains(s, " "+name+"@eth0: ") || strings.Contains(s, " "+not+"@") {
		t.Errorf("the kernel has\n%s", s)
	}
}

// With other words, before which or after which it stands.
func TestRenameWithMore(t *testing.T) {
	inLab(t, func(l *lab) {
		a, _ := l.pair()
		a.set(name("web"), advskew(7), alias("192.0.2.51/32"))
		s := a.status()
		if s.Name != "web" || s.AdvSkew != 7 || len(s.Addresses) != 2 || s.State != "MASTER" {
			t.Errorf("now %+v", s)
		}
		oneName(t, a.host, "web", "carp0")
		a.set(name("carp0"), down)
		a.is("INIT", "")
		oneName(t, a.host, "carp0", "web")
		a.set(name("carp0")) // its own name is none
		a.set(name("web"), up)
		oneName(t, a.host, "web", "carp0")
	})
}

// Before there is anything in the kernel, the record alone has the name.
func TestRenameWithoutVHID(t *testing.T) {
	inLab(t, func(l *lab) {
		u := l.host(2).create("carp0")
		u.set(name("web"))
		if _, ok := u.host.store.record("web"); !ok {
			t.Error("no record")
		}
		u.set(member(0))
		time.Sleep(10 * time.Second)
		oneName(t, u.host, "web", "carp0")
		u.is("MASTER", "")
	})
}

// A demotion goes along, and counts once at any moment.
func TestRenameDemoted(t *testing.T) {
	inLab(t, func(l *lab) {
		a, _ := l.pair()
		a.fake.SetLink("eth0", true, false)
		if s := a.status(); s.Demotion != 240 {
			t.Fatalf("demotion %d", s.Demotion)
		}
		a.set(name("web"))
		s := a.status()
		if s.Demotion != 240 || len(s.Demotions) != 1 {
			t.Errorf("demotion %d: %v", s.Demotion, s.Demotions)
		}
		a.fake.SetLink("eth0", true, true)
		if s := a.status(); s.Demotion != 0 {
			t.Errorf("demotion %d: %v", s.Demotion, s.Demotions)
		}
	})
}

// Whatever refuses it, all of the line is undone.
func TestRenameRefused(t *testing.T) {
	for what, test := range map[string]struct {
		spoil func(*unit)
		to    string
		want  string
	}{
		"the parent's": {func(*unit) {}, "eth0", "File exists\nhint: carp0: name eth0: an interface of this host has that name"},
		"another's":    {func(u *unit) { u.fake.AddForeign("web") }, "web", "File exists\nhint: carp0: name web: an interface of this host"},
		"a sibling's": {func(u *unit) { u.host.store.records["web"] = state.Record{Name: "web"} }, "web",
			"File exists\nhint: carp0: name web: another carp interface has that name"},
		"the disk": {func(u *unit) { u.host.store.refuse("Commit", errDisk) }, "web", "No space left on device"},
		"the kernel": {func(u *unit) { u.fake.FailOnce("ip link set dev carp0 name", unix.EINVAL) }, "web",
			"Invalid argument"},
		"another word": {func(*unit) {}, "web", "SIOCSVH"},
	} {
		t.Run(what, func(t *testing.T) {
			inLab(t, func(l *lab) {
				a, b := l.pair()
				test.spoil(a)
				before, shown := a.fake.String(), fmt.Sprint(a.status().Addresses, a.status().AdvSkew)
				line := []word{name(test.to), advskew(7)}
				if what == "another word" {
					line = append(line, vhid(0))
				}
				got := a.refused(line...)
				if what != "another word" && !strings.HasPrefix(got, "ioctl SIOCSIFNAME (set name): "+test.want) ||
					!strings.Contains(got, test.want) {
					t.Errorf("refused with %s", got)
				}
				if now := a.fake.String(); now != before {
					t.Errorf("the kernel has now\n%s\nbefore\n%s", now, before)
				}
				if now := fmt.Sprint(a.status().Addresses, a.status().AdvSkew); now != shown || a.status().Name != "carp0" {
					t.Errorf("now %s %s, before %s", a.status().Name, now, shown)
				}
				if r, _ := a.host.store.record("carp0"); r.NewName != "" || r.AdvSkew != 0 {
					t.Errorf("the record: %v", r)
				}
				a.host.store.refuse("Commit", nil)
				time.Sleep(10 * time.Second)
				a.is("MASTER", "")
				a.answers(true)
				b.is("BACKUP", "up")
			})
		})
	}
}

// A supervisor that is killed in the midst of it leaves one interface to start
// again, and what its kernel answers for is inherited, whatever it is called.
func TestRenameKilled(t *testing.T) {
	for moment, want := range map[string]string{
		"before RenameBacking": "carp0", "before Commit": "carp0", "after Commit": "web",
	} {
		t.Run(moment, func(t *testing.T) {
			inLab(t, func(l *lab) {
				a, b := l.pair()
				a.dieAt = moment
				a.kernel.before("RenameBacking", func() error { // what follows it is too late already
					if moment == "before RenameBacking" {
						go a.die()
						return errDead
					}
					return nil
				})
				a.ask(control.Request{Op: control.OpChange, Change: change(name("web"))})
				a.kill()
				not := map[string]string{"carp0": "web", "web": "carp0"}[want]
				if _, ok := a.host.store.record(not); ok {
					t.Errorf("%s has a record", not)
				}
				then := time.Now()
				again := a.supervise(want)
				again.answers(true)
				time.Sleep(10 * time.Second)
				again.is("MASTER", "")
				again.answers(true)
				b.is("BACKUP", "up")
				if l.last("192.0.2.3 ").After(then) {
					t.Error("the other host took over")
				}
				oneNameUsed(t, again.host, want)
				again.set(name(not)) // and the other name is to be had
				oneNameUsed(t, again.host, not)
			})
		})
	}
}

// oneNameUsed is oneName where a user may be left that nobody is, as the folder
// in memory drops none.
func oneNameUsed(t *testing.T, h *host, name string) {
	t.Helper()
	h.store.mu.Lock()
	h.store.users["eth0"] = []string{name}
	h.store.mu.Unlock()
	oneName(t, h, name, map[string]string{"carp0": "web", "web": "carp0"}[name])
}

// While nobody looked after it, the new name has become somebody else's.
func TestRenameKilledAndNameTaken(t *testing.T) {
	inLab(t, func(l *lab) {
		h := l.host(2)
		a := h.create("carp0", member(0))
		a.dieAt = "before Commit"
		a.ask(control.Request{Op: control.OpChange, Change: change(name("web"))})
		a.kill()
		if err := h.fake.DeleteBacking("web"); err != nil {
			t.Fatal(err)
		}
		other := h.supervise("web")
		if resp := other.ask(control.Request{Op: control.OpCreate, Change: change(vhid(2), addr("192.0.2.51/24"))}); resp.Error != nil {
			t.Fatal(resp.Error)
		}
		time.Sleep(10 * time.Second)
		again := h.supervise("carp0")
		time.Sleep(10 * time.Second)
		again.is("MASTER", "")
		again.answers(true)
		other.is("MASTER", "")
		other.answers(true)
	})
}

// A command that was under way to the old name is told, and changes nothing.
func TestOldNameRefused(t *testing.T) {
	inLab(t, func(l *lab) {
		a, _ := l.pair()
		a.set(name("web"))
		for _, op := range []control.Op{control.OpChange, control.OpDestroy} {
			resp := a.ask(control.Request{Op: op, Name: "carp0", Change: change(down)})
			if resp.Error == nil || !errors.Is(resp.Error, fs.ErrNotExist) ||
				resp.Error.Error() != "interface carp0 does not exist\nhint: carp0: it has been renamed to web" {
				t.Errorf("%s: %v", op, resp.Error)
			}
		}
		if resp := a.ask(control.Request{Op: control.OpStatus, Name: "carp0"}); resp.Error != nil || resp.Status.Name != "web" {
			t.Errorf("status: %v", resp.Error)
		}
		a.is("MASTER", "")
	})
}
