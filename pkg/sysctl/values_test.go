package sysctl

import (
	"context"
	"errors"
	"os"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
)

func TestDefaults(t *testing.T) {
	want := Values{Allow: true, Log: 1, IfDownFactor: 240, SendErrFactor: 240, DSCP: 56}
	got, err := Load(folder(t))
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// TestTable: every row is whole, within its own bounds, and reaches a field of
// its own.
func TestTable(t *testing.T) {
	v := Values{}
	for _, k := range Knobs() {
		if k.Description == "" || k.Kind != Integer && k.Kind != Opaque || k.Default < k.Min || k.Default > k.Max || k.Accepts() == "" {
			t.Errorf("%s: %+v", k.Name, k)
		}
	}
	for i, k := range stored() {
		k.put(&v, int64(i))
	}
	want := Values{IfDownFactor: 0, SendErrFactor: 1, Demotion: 2, Log: 3, Preempt: true, DSCP: 5, ARPBalance: true, Allow: true}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyWhatDiffersIsKept(t *testing.T) {
	d := folder(t)
	update := func(change func(*Values)) {
		t.Helper()
		if err := Update(t.Context(), d, func(v *Values) error { change(v); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	update(func(v *Values) { v.Allow, v.Preempt, v.DSCP, v.Demotion = false, true, 48, -5 })
	data, err := os.ReadFile(d.KnobsPath())
	if err != nil {
		t.Fatal(err)
	}
	v, err := Load(d)
	if age := time.Since(v.DemotionSince); err != nil || age < 0 || age > time.Minute {
		t.Errorf("the demotion holds since %v, %v", v.DemotionSince, err)
	}
	want := "net.inet.carp.demotion=-5 # since " + v.DemotionSince.Format(time.RFC3339) + "\nnet.inet.carp.preempt=1\nnet.inet.carp.dscp=48\nnet.inet.carp.allow=0\n"
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Error(diff)
	}
	if info, err := os.Stat(d.KnobsPath()); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	update(func(v *Values) { *v = Defaults() })
	if _, err := os.Stat(d.KnobsPath()); !os.IsNotExist(err) {
		t.Errorf("defaults have a file: %v", err)
	}
}

func TestUpdateRefuses(t *testing.T) {
	d := folder(t)
	err := Update(t.Context(), d, func(v *Values) error { v.Preempt, v.DSCP = true, 64; return nil })
	if !errors.Is(err, unix.EINVAL) {
		t.Error(err)
	}
	stop := errors.New("stop")
	if err := Update(t.Context(), d, func(v *Values) error { v.Preempt = true; return stop }); err != stop {
		t.Error(err)
	}
	if v, err := Load(d); err != nil || !reflect.DeepEqual(v, Defaults()) {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestNoUpdateIsLost: fifty add one each.
func TestNoUpdateIsLost(t *testing.T) {
	d := folder(t)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if err := Update(t.Context(), d, func(v *Values) error { v.Demotion++; return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if v, err := Load(d); err != nil || v.Demotion != 50 {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestNoCommandIsLost is the same with processes.
func TestNoCommandIsLost(t *testing.T) {
	d := folder(t)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() { runAs(t, "nothing given up", d, "net.inet.carp.demotion=3", "net.inet.carp.demotion=2") })
	}
	wg.Wait()
	if got := run(t, d, "-n", "net.inet.carp.demotion"); got != "50\n" {
		t.Error(got)
	}
}

// TestSupervisorFollows: a write wakes who watches, and one that changes
// nothing does not.
func TestSupervisorFollows(t *testing.T) {
	d := folder(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	changes, err := d.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	run(t, d, "net.inet.carp.preempt=1")
	select {
	case <-changes:
	case <-time.After(5 * time.Second):
		t.Fatal("not told")
	}
	if v, err := Load(d); err != nil || !v.Preempt {
		t.Errorf("%+v, %v", v, err)
	}
	run(t, d, "net.inet.carp.preempt=1")
	select {
	case <-changes:
		t.Error("woken for nothing")
	case <-time.After(50 * time.Millisecond):
	}
}

// FuzzFile: any file gives values within the bounds, and what is then written
// reads as the same.
func FuzzFile(f *testing.F) {
	f.Add([]byte("net.inet.carp.preempt=1\nnet.inet.carp.dscp = 0x10 # tagged\n\n"))
	f.Add([]byte("net.inet.carp.demotion=-1000000\r\nnet.inet.carp.log=\"2\"\nnet.inet.carp.allow:0"))
	f.Add([]byte("net.inet.carp.demotion=7 # since 2026-01-02T03:04:05+01:00\nnet.inet.carp.demotion=0#since 9999-12-31T23:59:59-01:00"))
	f.Add([]byte("group.carp.carpdemote=50 # since 2026-01-02T03:04:05Z\ngroup.web.carpdemote=0\ngroup..carpdemote=1"))
	f.Add([]byte("net.inet.carp=1\n=\n:'\nnet.inet.carp.log='"))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, _ := parse(data)
		for _, k := range stored() {
			if n := k.get(&v); n < k.Min || n > k.Max {
				t.Errorf("%s is %d", k.Name, n)
			}
		}
		again, bad := parse(encode(v))
		if !reflect.DeepEqual(again, v) || len(bad) != 0 {
			t.Errorf("%+v became %+v, %v", v, again, bad)
		}
	})
}

// A folder that is not there yet has the defaults.
func TestLoadWithoutAFolder(t *testing.T) {
	d, err := state.Find(inFolder(t.TempDir() + "/none"))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := Load(d); err != nil || !reflect.DeepEqual(v, Defaults()) {
		t.Errorf("%+v, %v", v, err)
	}
}
