package rehearsal

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
)

// TestMain makes fewer checks than rapid would by itself: each writes, and syncs, some
// dozens of files.
func TestMain(m *testing.M) {
	flag.Parse()
	set := false
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == "rapid.checks" })
	if !set {
		if err := flag.Set("rapid.checks", "30"); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// pair is a state folder and its image, to which the same is done.
type pair struct {
	*rapid.T
	dir   *state.Dir
	image *Folder
	locks map[string]*state.Lock
}

var names = []string{"carp0", "carp2", "carp10", "web"}

func (p *pair) same(what string, real, imagined error) {
	if (real == nil) != (imagined == nil) || errors.Is(real, fs.ErrNotExist) != errors.Is(imagined, fs.ErrNotExist) {
		p.Fatalf("%s: really %v, imagined %v", what, real, imagined)
	}
}

// compare holds everything that can be read against each other.
func (p *pair) compare() {
	units, err := p.dir.Units()
	imagined, imaginedErr := p.image.Units()
	p.same("Units", err, imaginedErr)
	p.equal("units", units, imagined)
	for _, name := range names {
		r, err := p.dir.Load(name)
		image, imaginedErr := p.image.Load(name)
		p.same("Load "+name, err, imaginedErr)
		p.equal("record of "+name, r, image)
		p.equal("life of "+name, p.dir.Alive(name), p.image.Alive(name))
	}
	parents, err := p.dir.Parents()
	imaginedParents, imaginedErr := p.image.Parents()
	p.same("Parents", err, imaginedErr)
	p.equal("parents", parents, imaginedParents)
	ledger, err := p.dir.Demotion()
	imaginedLedger, imaginedErr := p.image.Demotion()
	p.same("Demotion", err, imaginedErr)
	p.equal("ledger", ledger, imaginedLedger)
	knobs, err := p.dir.ReadKnobs()
	imaginedKnobs, imaginedErr := p.image.ReadKnobs()
	p.same("ReadKnobs", err, imaginedErr)
	p.equal("knobs", string(knobs), string(imaginedKnobs))
}

func (p *pair) equal(what string, real, imagined any) {
	if diff := cmp.Diff(real, imagined, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
		p.Fatalf("%s (-real +imagined):\n%s", what, diff)
	}
}

// The image of a state folder is as the folder when it is made, and stays so when the
// same is done to both.
func TestFolderAsTheRealOne(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		path := filepath.Join(t.TempDir(), "state")
		dir, err := state.Open(func(string) string { return path })
		if err != nil {
			rt.Fatal(err)
		}
		p := &pair{rt, dir, nil, map[string]*state.Lock{}}
		p.read()
		defer func() {
			for _, l := range p.locks {
				l.Release()
			}
		}()
		one := rapid.SampledFrom(names)
		rt.Repeat(map[string]func(*rapid.T){
			"":          func(rt *rapid.T) { p.compare() },
			"read anew": func(rt *rapid.T) { p.read() },
			"save": func(rt *rapid.T) {
				r := record(one.Draw(rt, "name"), 1, "eth0", "192.0.2.50/24")
				r.Description = rapid.StringMatching(`[a-z]{0,3}`).Draw(rt, "description")
				p.same("Save", p.dir.Save(r), p.image.Save(r))
			},
			"remove": func(rt *rapid.T) {
				name := one.Draw(rt, "name")
				p.same("Remove", p.dir.Remove(name), p.image.Remove(name))
			},
			"start or end": func(rt *rapid.T) { p.startOrEnd(one.Draw(rt, "name")) },
			"demote": func(rt *rapid.T) {
				name := one.Draw(rt, "name")
				entries := []state.Entry{{Name: "link down", Owner: name, Value: rapid.IntRange(0, 300).Draw(rt, "by")}}
				if rapid.Bool().Draw(rt, "none") {
					entries = nil
				}
				if p.locks[name] != nil { // only who has the lock may
					p.same("SetEntries", p.dir.SetEntries(name, entries), p.image.SetEntries(name, entries))
				}
			},
			"use a parent": func(rt *rapid.T) {
				name, index := one.Draw(rt, "name"), rapid.IntRange(1, 2).Draw(rt, "index")
				save := func() (map[string]string, error) { return map[string]string{"ipv4/arp_ignore": fmt.Sprint(index)}, nil }
				p.same("UseParent", p.dir.UseParent("eth0", index, name, save), p.image.UseParent("eth0", index, name, save))
			},
			"leave a parent": func(rt *rapid.T) {
				name := one.Draw(rt, "name")
				restore := rapid.SampledFrom([]error{nil, fs.ErrNotExist, errors.New("refused")}).Draw(rt, "restoring")
				back := func(map[string]string) error { return restore }
				p.same("LeaveParent", p.dir.LeaveParent("eth0", name, back), p.image.LeaveParent("eth0", name, back))
			},
			"turn a knob": func(rt *rapid.T) {
				data := []byte(rapid.SampledFrom([]string{"", "net.inet.carp.preempt=1\n"}).Draw(rt, "knobs"))
				p.same("WriteKnobs", p.dir.WriteKnobs(data), p.image.WriteKnobs(data))
			},
			"rename": func(rt *rapid.T) { p.rename(one.Draw(rt, "from"), one.Draw(rt, "to")) },
		})
	})
}

// read makes the image.
func (p *pair) read() {
	var err error
	if p.image, err = Read(p.dir); err != nil {
		p.Fatal(err)
	}
}

// startOrEnd takes or releases the lock that is a supervisor's life.
func (p *pair) startOrEnd(name string) {
	if l := p.locks[name]; l != nil {
		l.Release()
		delete(p.locks, name)
		p.image.Died(name)
		return
	}
	l, err := p.dir.Acquire(name)
	if err != nil {
		p.Fatal(err)
	}
	p.locks[name] = l
	p.image.born(name)
}

// rename is what a supervisor does between taking the new name and leaving the old one.
func (p *pair) rename(from, to string) {
	r, err := p.dir.Load(from)
	if _, taken := p.dir.Load(to); err != nil || taken == nil || p.locks[from] == nil || p.locks[to] != nil || from == to {
		return
	}
	r.NewName = to
	p.same("Save", p.dir.Save(r), p.image.Save(r))
	p.startOrEnd(to)
	if err := p.dir.Rename(from, to); err != nil {
		p.Fatal(err)
	}
	p.image.rename(from, to)
	p.locks[from].Release()
	delete(p.locks, from)
}

// A record that only root may read is an error for who is not root, before anything
// can be said about what a command would do.
func TestSecrets(t *testing.T) {
	s := newStage(t)
	s.units["carp0"] = &unit{recorded: true, err: fmt.Errorf("record of carp0: %w", fs.ErrPermission)}
	if err := s.Secrets(); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Secrets: %v", err)
	}
	s.units["carp0"].err = errors.New("damaged")
	if err := s.Secrets(); err != nil {
		t.Errorf("Secrets: %v", err)
	}
	if _, err := s.Load("a/b"); err == nil || strings.Contains(err.Error(), "no such file") {
		t.Errorf("a name that is none: %v", err)
	}
}
