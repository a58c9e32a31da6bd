//go:build netns

package link

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A real host is imagined as it is, with the values that it gives to new interfaces,
// and what is done there does not come true.
func TestImagineThisHost(t *testing.T) {
	l := newLab(t)
	if err := os.WriteFile("/proc/sys/net/ipv4/conf/default/arp_filter", []byte("1"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := l.PrepareParent("eth0"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.EnsureBacking("carp0", l.eth0.Index, virtualMAC); err != nil {
		t.Fatal(err)
	}
	if err := l.Claim("carp0", []Address{{Prefix: four, Lease: time.Minute}, {Prefix: six, Lease: time.Minute}}); err != nil {
		t.Fatal(err)
	}
	before := l.picture()
	imagined, err := l.Imagine(nobodyMissing)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(leaseLeft.ReplaceAllString(before, "leased"), leaseLeft.ReplaceAllString(imagined.String(), "leased")); diff != "" {
		t.Errorf("imagined otherwise (-kernel +imagined):\n%s", diff)
	}
	if _, err := imagined.EnsureBacking("carp1", l.eth0.Index, virtualMAC); err != nil {
		t.Fatal(err)
	}
	if value, err := imagined.ReadSetting("carp1", "ipv4", "arp_filter"); err != nil || value != "0" {
		t.Errorf("arp_filter of a backing: %q, %v", value, err)
	}
	imagined.AddForeign("dummy0")
	if value, err := imagined.ReadSetting("dummy0", "ipv4", "arp_filter"); err != nil || value != "1" {
		t.Errorf("arp_filter of a new interface: %q, %v", value, err)
	}
	for _, err := range []error{imagined.DeleteBacking("carp0"), imagined.RestoreParent("eth0", Settings{"ipv4/arp_ignore": "0"})} {
		if err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(leaseLeft.ReplaceAllString(before, "leased"), leaseLeft.ReplaceAllString(l.picture(), "leased")); diff != "" {
		t.Errorf("what was imagined has come true:\n%s", diff)
	}
}
