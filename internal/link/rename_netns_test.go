//go:build netns

package link

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// A claimed interface goes on answering under its new name, and the news call
// it that.
func TestRenameBackingAnswering(t *testing.T) {
	l := newLab(t)
	index := l.carp()
	l.ok(l.Claim("carp0", everyFamily(60*time.Second)))
	// The kernel joins the multicast group of a new IPv6 address in its own time.
	for range 10 {
		if len(l.answers(vip6.Addr(), 500*time.Millisecond)) > 0 {
			break
		}
	}
	want := strings.ReplaceAll(leaseLeft.ReplaceAllString(l.picture(), "leased"), "carp0", "web")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events, err := l.Watch(ctx)
	l.ok(err)

	then := time.Now()
	l.ok(l.RenameBacking("carp0", "web"))
	t.Logf("renaming took %v", time.Since(then))
	next(t, events, "of the renaming", func(e Event) bool {
		return e.Kind == LinkChanged && e.Index == index && e.Name == "web" && e.Up
	})
	if got := leaseLeft.ReplaceAllString(l.picture(), "leased"); got != want {
		t.Errorf("now\n%s\nwant\n%s", got, want)
	}
	for _, target := range []netip.Addr{vip4.Addr(), vip6.Addr()} {
		if macs := l.answers(target, 5*time.Second); len(macs) != 1 || [6]byte(macs[0]) != virtualMAC {
			t.Errorf("%v is at %v", target, macs)
		}
	}
	again, err := l.Renew("web", everyFamily(60*time.Second))
	if err != nil || len(again) > 0 {
		t.Errorf("renewed: %v were gone, %v", again, err)
	}
	// Who comes after a crash knows it by nothing but its name.
	other, err := Open()
	l.ok(err)
	defer other.Close()
	if inherited, ok, err := other.Inherit("web", l.eth0.Index, virtualMAC); inherited != index || !ok || err != nil {
		t.Errorf("inherited %d, %t, %v", inherited, ok, err)
	}
	l.ok(other.Release("web"))
	next(t, events, "of an address going", func(e Event) bool {
		return e.Kind == AddressChanged && e.Removed && e.Name == "web" && e.Prefix == vip4
	})
}
