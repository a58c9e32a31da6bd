package link

import (
	"errors"
	"io/fs"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestForeign(t *testing.T) {
	f := imaginaryHost(t)
	f.AddForeign("carp5")
	for name, want := range map[string]bool{"carp0": false, "carp5": true, "eth0": true, "carp9": false} {
		if got, err := f.Foreign(name); got != want || err != nil {
			t.Errorf("%s: %v, %v, want %v", name, got, err, want)
		}
	}
	for _, name := range []string{"", "all", "a/b", "longer-than-the-kernel-allows"} {
		if _, err := f.Foreign(name); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("%q: %v, want EINVAL", name, err)
		}
	}
}

// A second set of backings on the same host is what a new process sees.
func TestInherit(t *testing.T) {
	f := imaginaryHost(t)
	f.AddForeign("carp5")
	f.AddParent(Parent{Name: "eth1", Index: 9, Up: true, Carrier: true})
	lease := []Address{{Prefix: four, Lease: time.Minute}, {Prefix: six, Lease: time.Minute}}
	inherits := func(step, name string, parent int, mac [6]byte, want bool) *backings {
		t.Helper()
		heir := newBackings(f.mem)
		before := f.String()
		f.Ops()
		index, ok, err := heir.Inherit(name, parent, mac)
		if ok != want || err != nil || (ok && index != 2) {
			t.Errorf("%s: index %d, %v, %v, want %v", step, index, ok, err, want)
		}
		if diff := cmp.Diff(before, f.String()); diff != "" || len(f.Ops()) > 0 {
			t.Errorf("%s changed something (-before +after):\n%s", step, diff)
		}
		return heir
	}
	inherits("released", "carp0", 1, mac, false)
	if err := f.Claim("carp0", lease); err != nil {
		t.Fatal(err)
	}
	inherits("not there", "carp9", 1, mac, false)
	inherits("foreign", "carp5", 1, mac, false)
	inherits("on another parent", "carp0", 9, mac, false)
	inherits("another MAC", "carp0", 1, [6]byte{0, 0, 0x5e, 0, 1, 8}, false)
	heir := inherits("claimed", "carp0", 1, mac, true)

	// What was inherited is the heir's: renewed, not added again, and released.
	if again, err := heir.Renew("carp0", lease); len(again) > 0 || err != nil {
		t.Errorf("renew added %v again, %v", again, err)
	}
	if err := heir.Release("carp0"); err != nil {
		t.Fatal(err)
	}
	if addrs, err := f.Addresses("carp0"); len(addrs) > 0 || err != nil {
		t.Errorf("after release: %v, %v", addrs, err)
	}
	inherits("released by the heir", "carp0", 1, mac, false)

	if err := heir.Claim("carp0", lease); err != nil {
		t.Fatal(err)
	}
	f.RemoveAddress("carp0", four)
	f.RemoveAddress("carp0", six)
	inherits("the lease has run out", "carp0", 1, mac, false)
	if _, _, err := newBackings(f.mem).Inherit("a/b", 1, mac); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("bad name: %v, want EINVAL", err)
	}
}

func TestParentSettings(t *testing.T) {
	f := NewImaginary()
	f.AddParent(Parent{Name: "eth0", Up: true, Carrier: true})
	if err := f.WriteSetting("eth0", "ipv4", "arp_ignore", "8"); err != nil {
		t.Fatal(err)
	}
	f.Ops()
	before, err := f.ParentSettings("eth0")
	if err != nil {
		t.Fatal(err)
	}
	wantOps(t, f)
	saved, err := f.PrepareParent("eth0")
	if diff := cmp.Diff(before, saved); diff != "" || err != nil {
		t.Errorf("not what PrepareParent found (-before +found), %v:\n%s", err, diff)
	}
	now, err := f.ParentSettings("eth0")
	if diff := cmp.Diff(Settings{"ipv4/arp_ignore": "8", "ipv4/arp_announce": "2"}, now); diff != "" || err != nil {
		t.Errorf("after PrepareParent (-want +got), %v:\n%s", err, diff)
	}
	if err := f.RestoreParent("eth0", before); err != nil {
		t.Fatal(err)
	}
	now, err = f.ParentSettings("eth0")
	if diff := cmp.Diff(before, now); diff != "" || err != nil {
		t.Errorf("after RestoreParent (-want +got), %v:\n%s", err, diff)
	}
	if _, err := f.ParentSettings("eth7"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such parent: %v", err)
	}
}
