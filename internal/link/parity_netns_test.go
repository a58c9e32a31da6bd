//go:build netns

package link

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// surface is what Kernel and Imaginary have in common.
type surface interface {
	Parents() ([]Parent, error)
	Parent(name string) (Parent, error)
	EnsureBacking(name string, parentIndex int, mac [6]byte) (int, error)
	Inherit(name string, parentIndex int, mac [6]byte) (index int, ok bool, err error)
	Foreign(name string) (bool, error)
	DeleteBacking(name string) error
	Claim(name string, addrs []Address) error
	Renew(name string, addrs []Address) ([]netip.Prefix, error)
	Release(name string) error
	RenameBacking(name, to string) error
	HasAddresses(name string) (bool, error)
	Addresses(name string) ([]Address, error)
	ReadSetting(ifname, family, key string) (string, error)
	WriteSetting(ifname, family, key, value string) error
	ParentSettings(name string) (Settings, error)
	PrepareParent(name string) (Settings, error)
	RestoreParent(name string, saved Settings) error
	Watch(ctx context.Context) (<-chan Event, error)
	Close() error
}

var (
	_ surface = (*Kernel)(nil)
	_ surface = (*Imaginary)(nil)
	_ surface = (*TUN)(nil)
)

// What is left of a lease depends on when one looks.
var leaseLeft = regexp.MustCompile(`valid_lft \d+sec`)

// mustFail are the steps below that fail on both.
var mustFail = []string{"no such parent", "look up no parent", "foreign name", "parent index unknown",
	"inherit one that is not claimed", "renew early", "inherit with another MAC", "claim nonsense", "inherit nothing", "claim nothing",
	"the old name", "rename to what exists", "rename to no name", "rename what is not there", "rename what is not ours"}

// TestImaginaryDoesAsTheKernel takes both through the same steps, wrong ones
// among them, and compares pictures and error texts after each.
func TestImaginaryDoesAsTheKernel(t *testing.T) {
	l := newLab(t)
	l.ok(l.WriteSetting("eth0", "ipv6", "disable_ipv6", "1")) // its link-local address would come late
	fake := NewImaginary()
	fake.AddParent(Parent{Index: l.eth0.Index, Name: "eth0", MAC: parentMAC, Up: true, Carrier: true, MTU: 1500,
		Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.2/24")}})

	var saved Settings
	all := everyFamily(60 * time.Second)
	index := l.eth0.Index
	// inherit turns the answer into an error, for comparison.
	inherit := func(s surface, mac [6]byte) error {
		_, ok, err := s.Inherit("carp0", index, mac)
		if err == nil && !ok {
			return errors.New("nothing to inherit")
		}
		return err
	}
	steps := []struct {
		name string
		do   func(s surface) error
	}{
		{"prepare", func(s surface) (err error) { saved, err = s.PrepareParent("eth0"); return err }},
		{"no such parent", func(s surface) error { _, err := s.PrepareParent("eth9"); return err }},
		{"look up no parent", func(s surface) error { _, err := s.Parent("eth9"); return err }},
		{"foreign name", func(s surface) error { _, err := s.EnsureBacking("eth0", index, virtualMAC); return err }},
		{"parent index unknown", func(s surface) error { _, err := s.EnsureBacking("carp0", 99, virtualMAC); return err }},
		{"make", func(s surface) error { _, err := s.EnsureBacking("carp0", index, virtualMAC); return err }},
		{"inherit one that is not claimed", func(s surface) error { return inherit(s, virtualMAC) }},
		{"renew early", func(s surface) error { _, err := s.Renew("carp0", all); return err }},
		{"claim", func(s surface) error { return s.Claim("carp0", all) }},
		{"renew", func(s surface) error { _, err := s.Renew("carp0", all); return err }},
		{"inherit with another MAC", func(s surface) error { return inherit(s, parentMAC) }},
		{"inherit", func(s surface) error { return inherit(s, virtualMAC) }},
		{"renew what was inherited", func(s surface) error {
			again, err := s.Renew("carp0", all)
			if len(again) > 0 {
				return fmt.Errorf("added %v again", again)
			}
			return err
		}},
		{"claim one less", func(s surface) error { return s.Claim("carp0", all[1:]) }},
		{"claim IPv4 alone", func(s surface) error { return s.Claim("carp0", all[:1]) }},
		{"claim with a route", func(s surface) error { return s.Claim("carp0", []Address{{Prefix: vip4}}) }},
		{"claim nonsense", func(s surface) error { return s.Claim("carp0", []Address{{}}) }},
		{"rename while claimed", func(s surface) error { return s.RenameBacking("carp0", "web") }},
		{"the old name", func(s surface) error { return s.Claim("carp0", all) }},
		{"claim renamed", func(s surface) error { return s.Claim("web", all) }},
		{"rename to what exists", func(s surface) error { return s.RenameBacking("web", "eth0") }},
		{"rename to no name", func(s surface) error { return s.RenameBacking("web", "a/b") }},
		{"rename what is not there", func(s surface) error { return s.RenameBacking("carp0", "db") }},
		{"rename what is not ours", func(s surface) error { return s.RenameBacking("eth0", "db") }},
		{"release renamed", func(s surface) error { return s.Release("web") }},
		{"rename back", func(s surface) error { return s.RenameBacking("web", "carp0") }},
		{"claim with a route again", func(s surface) error { return s.Claim("carp0", []Address{{Prefix: vip4}}) }},
		{"release", func(s surface) error { return s.Release("carp0") }},
		{"release twice", func(s surface) error { return s.Release("carp0") }},
		{"claim all", func(s surface) error { return s.Claim("carp0", all) }},
		{"adopt", func(s surface) error { _, err := s.EnsureBacking("carp0", index, virtualMAC); return err }},
		{"delete", func(s surface) error { return s.DeleteBacking("carp0") }},
		{"inherit nothing", func(s surface) error { return inherit(s, virtualMAC) }},
		{"claim nothing", func(s surface) error { return s.Claim("carp0", all) }},
		{"delete twice", func(s surface) error { return s.DeleteBacking("carp0") }},
		{"restore", func(s surface) error { return s.RestoreParent("eth0", saved) }},
	}
	for _, step := range steps {
		compare(l, fake, step.name, step.do(l.Kernel), step.do(fake), slices.Contains(mustFail, step.name))
	}
}

// compare holds what a step brought forth on the kernel against the fake.
func compare(l *lab, fake *Imaginary, step string, kernelErr, fakeErr error, wrong bool) {
	l.t.Helper()
	if (kernelErr == nil) != (fakeErr == nil) {
		l.t.Errorf("%s: kernel says %v, fake says %v", step, kernelErr, fakeErr)
	}
	if wrong != (kernelErr != nil) {
		l.t.Errorf("%s: %v", step, kernelErr)
	}
	want := leaseLeft.ReplaceAllString(l.picture(), "leased")
	got := leaseLeft.ReplaceAllString(fake.String(), "leased")
	// The kernel tells of carrier late.
	for deadline := time.Now().Add(5 * time.Second); want != got && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
		want = leaseLeft.ReplaceAllString(l.picture(), "leased")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		l.t.Errorf("after %q (-kernel +fake):\n%s", step, diff)
	}
}
