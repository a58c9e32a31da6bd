package carpif

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

var errDisk = &os.PathError{Op: "write", Path: "/run/x", Err: unix.ENOSPC}

// A creation that is refused leaves nothing at all.
func TestCreateRefused(t *testing.T) {
	refusals := map[string]func(*unit){
		"no space left on device": func(u *unit) { u.host.store.refuse("Save", errDisk) },
		"macvlan":                 func(u *unit) { u.fake.FailOnce("ip link add", errors.New("no macvlan here")) },
		"no wire here":            func(u *unit) { u.openErr = errors.New("no wire here") },
		"read-only": func(u *unit) {
			u.kernel.before("PrepareParent", func() error { return errors.New("read-only") })
		},
		"ledger": func(u *unit) { u.host.store.refuse("UseParent", errors.New("ledger")) },
	}
	for want, spoil := range refusals {
		t.Run(want, func(t *testing.T) {
			inLab(t, func(l *lab) {
				h := l.host(2)
				before := h.fake.String()
				u := h.supervise("carp0")
				spoil(u)
				resp := u.ask(control.Request{Op: control.OpCreate, Change: change(member(0))})
				if resp.Error == nil || !strings.Contains(resp.Error.Error(), want) {
					t.Errorf("answer %v, want one with %q", resp.Error, want)
				}
				<-u.ended
				if u.runErr != nil {
					t.Error(u.runErr)
				}
				gone(t, h, before)
			})
		})
	}
}

// gone asserts that nothing of any carpN is left on the host.
func gone(t *testing.T, h *host, before string) {
	t.Helper()
	synctest.Wait()
	if now := h.fake.String(); now != before {
		t.Errorf("the kernel has now:\n%s\nbefore:\n%s", now, before)
	}
	h.store.mu.Lock()
	defer h.store.mu.Unlock()
	if len(h.store.records) > 0 || len(h.store.ledger()) > 0 || len(h.store.settings) > 0 {
		t.Errorf("the state folder has records %v, entries %v, settings %v", h.store.records, h.store.entries, h.store.settings)
	}
}

func TestCreateTwice(t *testing.T) {
	inLab(t, func(l *lab) {
		a, _ := l.pair()
		resp := a.ask(control.Request{Op: control.OpCreate, Change: change(vhid(0))})
		if resp.Error == nil || resp.Error.Text != "interface carp0 already exists" {
			t.Errorf("created again: %v", resp.Error)
		}
		a.is("MASTER", "") // a refused creation must not end what is at work
		a.answers(true)
	})
}

func TestChangeBeforeCreate(t *testing.T) {
	inLab(t, func(l *lab) {
		u := l.host(2).supervise("carp0")
		if got := u.refused(up); got != "interface carp0 does not exist" {
			t.Errorf("changed before created: %s", got)
		}
		if _, ok := u.host.store.record("carp0"); ok {
			t.Error("it has a record")
		}
	})
}

// The answer to destroy comes when all is gone: the kernel interface, the
// parent's changed settings, the record, the demotion.
func TestDestroy(t *testing.T) {
	inLab(t, func(l *lab) {
		h := l.host(2)
		before := h.fake.String()
		a := h.create("carp0", member(0))
		b := l.host(3).create("carp0", member(100))
		time.Sleep(10 * time.Second)
		then := time.Now()
		if resp := a.ask(control.Request{Op: control.OpDestroy}); resp.Error != nil {
			t.Fatal(resp.Error)
		}
		if took := time.Since(then); took != 0 {
			t.Errorf("destroy took %v although somebody took over", took)
		}
		gone(t, h, before)
		<-a.ended
		b.is("MASTER", "master will time out")
	})
}

// While a destroy waits for its handover, nothing else may bring the interface
// back to life, and a second destroy is told.
func TestRequestsDuringDestroy(t *testing.T) {
	inLab(t, func(l *lab) {
		h := l.host(2)
		before := h.fake.String()
		a := h.create("carp0", member(0))
		time.Sleep(10 * time.Second)
		first := make(chan control.Response, 1)
		go func() { first <- a.iface.Handle(l.Context(), control.Request{Op: control.OpDestroy}) }()
		time.Sleep(5 * ms)
		if got := a.refused(force(carp.Master)); got != errEnding.Error() {
			t.Errorf("forced during destroy: %s", got)
		}
		a.is("INIT", "down")
		second := make(chan control.Response, 1)
		go func() { second <- a.iface.Handle(l.Context(), control.Request{Op: control.OpDestroy}) }()
		if resp := <-first; resp.Error != nil {
			t.Error(resp.Error)
		}
		if resp := <-second; resp.Error == nil || resp.Error.Text != errEnding.Error() {
			t.Errorf("the second destroy: %v", resp.Error)
		}
		gone(t, h, before)
	})
}

// A destroy that cannot be completed says so, and the interface works on.
func TestDestroyFails(t *testing.T) {
	for _, what := range []string{"record", "interface"} {
		t.Run(what, func(t *testing.T) {
			inLab(t, func(l *lab) {
				h := l.host(2)
				before := h.fake.String()
				a := h.create("carp0", member(0))
				time.Sleep(10 * time.Second)
				if what == "record" {
					h.store.refuse("Remove", errDisk)
				} else {
					h.fake.FailOnce("ip link del", unix.EBUSY)
				}
				resp := a.ask(control.Request{Op: control.OpDestroy})
				if resp.Error == nil {
					t.Fatal("destroyed")
				}
				time.Sleep(10 * time.Second)
				a.is("MASTER", "master timed out")
				a.answers(true)
				if _, ok := h.store.record("carp0"); !ok {
					t.Error("it has no record")
				}
				h.store.refuse("Remove", nil)
				if resp := a.ask(control.Request{Op: control.OpDestroy}); resp.Error != nil {
					t.Fatal(resp.Error)
				}
				gone(t, h, before)
			})
		})
	}
}

// SIGTERM: bow out, leave the kernel clean, keep the record.
func TestOrderlyEnd(t *testing.T) {
	inLab(t, func(l *lab) {
		h := l.host(2)
		before := h.fake.String()
		a := h.create("carp0", member(0))
		b := l.host(3).create("carp0", member(100))
		time.Sleep(10 * time.Second)
		a.stop()
		<-a.ended
		b.is("MASTER", "master will time out")
		if now := h.fake.String(); now != before {
			t.Errorf("left in the kernel:\n%s", now)
		}
		r, ok := h.store.record("carp0")
		if !ok || !r.Up {
			t.Errorf("the record is %v, %t", r, ok)
		}
		again := h.supervise("carp0")
		time.Sleep(10 * time.Second)
		again.is("BACKUP", "up")
	})
}

// The end with requests that wait: all are answered.
func TestEndAnswersEverybody(t *testing.T) {
	inLab(t, func(l *lab) {
		a := l.host(2).create("carp0", member(0))
		time.Sleep(10 * time.Second)
		answers := make(chan control.Response)
		ask := func(op control.Op, line ...word) {
			go func() {
				answers <- a.iface.Handle(a.serve, control.Request{Op: op, Change: change(line...)})
			}()
			synctest.Wait()
		}
		ask(control.OpChange, down)
		a.stop()
		synctest.Wait()
		ask(control.OpChange, up)
		ask(control.OpDestroy)
		ask(control.OpStatus)
		for range 4 {
			<-answers
		}
		<-a.ended
		if resp := a.iface.Handle(a.serve, control.Request{Op: control.OpStatus}); resp.Error == nil || resp.Error.Text != errEnding.Error() {
			t.Errorf("after the end: %v", resp.Error)
		}
	})
}

func TestHandleGivesUp(t *testing.T) {
	inLab(t, func(l *lab) {
		i := New(Options{Store: held{}})
		for n, want := range []error{nil, errors.New("no kernel"), nil} {
			ctx, cancel := context.WithCancelCause(l.Context())
			time.AfterFunc(time.Second, func() { cancel(want) })
			resp := i.Handle(ctx, control.Request{Op: []control.Op{control.OpStatus, control.OpChange, control.OpChange}[n]})
			if want == nil {
				want = errEnding
			}
			if resp.Error == nil || resp.Error.Text != want.Error() {
				t.Errorf("answer %v, want %v", resp.Error, want)
			}
		}
	})
}

// A full disk is found before the first effect.
func TestSaveFailureChangesNothing(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		before, record := a.fake.String(), a.store.records["carp0"]
		then := time.Now()
		a.fake.Ops()
		a.host.store.refuse("Save", errDisk)
		lines := [][]word{{down}, {vhid(7)}, {advskew(254)}, {pass("other")}, {alias("192.0.2.51/24")}, {remove("")}}
		for _, line := range lines {
			if got := a.refused(line...); !strings.Contains(got, "no space left on device") {
				t.Errorf("refused with %q", got)
			}
		}
		if ops := a.fake.Ops(); len(ops) > 0 {
			t.Errorf("the kernel was asked for %q", ops)
		}
		if now := a.fake.String(); now != before {
			t.Errorf("the kernel has now\n%s", now)
		}
		if heard := l.since(then); len(heard) > 0 {
			t.Errorf("the segment heard %q", heard)
		}
		if r := a.store.records["carp0"]; r.AdvSkew != record.AdvSkew || !r.Up || r.VHID != 1 {
			t.Errorf("the record is %v", r)
		}
		a.is("MASTER", "")
		time.Sleep(10 * time.Second)
		b.is("BACKUP", "")
	})
}

// What the kernel refuses is undone, the record with it.
func TestRefusedChangeIsUndone(t *testing.T) {
	inLab(t, func(l *lab) {
		a, _ := l.pair()
		a.fake.FailOnce("ip link add", errors.New("not today"))
		if got := a.refused(vhid(7), advskew(9), down); !strings.Contains(got, "not today") {
			t.Errorf("refused with %q", got)
		}
		if r := a.store.records["carp0"]; r.VHID != 1 || r.AdvSkew != 0 || !r.Up {
			t.Errorf("the record is %v", r)
		}
		time.Sleep(20 * time.Second)
		if s := a.status(); s.VHID != 1 || !s.Up || s.State == "INIT" {
			t.Errorf("the status is %+v", s)
		}
	})
}

// Even where the undoing is refused at first: it is tried again.
func TestUndoneLater(t *testing.T) {
	inLab(t, func(l *lab) {
		a := l.host(2).create("carp0", member(0))
		time.Sleep(10 * time.Second)
		a.fake.FailOnce("ip link add", errors.New("not today"))
		a.fake.FailOnce("ip link add", errors.New("nor now"))
		got := a.refused(vhid(7), down)
		if !strings.Contains(got, "not today") || !strings.Contains(got, "hint: undoing it: ") || !strings.Contains(got, "nor now") {
			t.Errorf("refused with %q", got)
		}
		time.Sleep(10 * time.Second)
		a.is("MASTER", "master timed out")
		a.answers(true)
	})
}

// A supervisor that is killed: the kernel goes on answering for the lease, the
// peer takes over within its dead time, and a new supervisor inherits.
func TestKilledAndInherited(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		a.kill()
		a.answers(true)
		a.fake.Ops()
		again := a.host.supervise("carp0")
		again.is("BACKUP", "up")
		again.answers(true) // inherited
		if ops := a.fake.Ops(); len(ops) > 0 {
			t.Errorf("inheriting asked the kernel for %q", ops)
		}
		time.Sleep(3 * time.Second)
		again.is("MASTER", "master timed out")
		b.is("BACKUP", "")
	})
}

func TestKilledForGood(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		a.kill()
		time.Sleep(3 * time.Second)
		a.answers(true)
		time.Sleep(390 * ms) // 1 ms after its last advertisement, and the dead time
		b.is("MASTER", "master timed out")
		b.answers(true)
		time.Sleep(time.Second)
		a.answers(false) // nobody helped
	})
}

// The record was changed and the supervisor killed before the kernel was.
func TestInheritWithAnotherRecord(t *testing.T) {
	inLab(t, func(l *lab) {
		a := l.host(2).create("carp0", member(0))
		time.Sleep(10 * time.Second)
		a.kill()
		r := a.host.store.records["carp0"]
		r.VHID, r.Addresses = 9, nil
		a.host.store.records["carp0"] = r
		again := a.host.supervise("carp0")
		again.is("INIT", "no address")
		again.answers(false)
		again.set(addr("192.0.2.77/24"))
		time.Sleep(10 * time.Second)
		again.is("MASTER", "")
		if addrs, _ := a.fake.Addresses("carp0"); len(addrs) != 1 || addrs[0].Prefix.String() != "192.0.2.77/24" {
			t.Errorf("the kernel has %v", addrs)
		}
	})
}

// No news from the kernel: it cannot work, and says so to who waits.
func TestNoNews(t *testing.T) {
	inLab(t, func(l *lab) {
		h := l.host(2)
		k := &kernel{Imaginary: h.fake, on: map[string]func() error{"Watch": func() error { return unix.EMFILE }}}
		i := New(Options{Kernel: k, Store: &store{folder: h.store}})
		if err := i.Run(l.Context()); !errors.Is(err, unix.EMFILE) {
			t.Errorf("Run: %v", err)
		}
	})
}

// The password is in no log line and no error.
func TestNoSecrets(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		b.set(pass("hunter2hunter2"))
		time.Sleep(10 * time.Second)
		a.fake.FailOnce("ip link add", errors.New("not today"))
		text := a.refused(vhid(7), pass("swordfish"))
		a.host.store.refuse("Save", errDisk)
		text += a.refused(pass("swordfish"))
		for _, s := range []string{text, a.said.String(), b.said.String()} {
			for _, secret := range []string{"sesame", "hunter2", "swordfish"} {
				if strings.Contains(s, secret) {
					t.Errorf("%q is in %s", secret, s)
				}
			}
		}
	})
}
