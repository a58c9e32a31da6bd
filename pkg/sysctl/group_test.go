package sysctl

import (
	"strings"
	"sync"
	"testing"

	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
)

func TestDemoteGroup(t *testing.T) {
	d, err := state.Open(inFolder(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		group string
		delta int
		want  int
		err   string
	}{
		{"carp", 50, 50, ""},
		{"carp", 0, 50, ""},
		{"web", 1, 1, ""},
		{"carp", 128, 178, ""},
		{"carp", 78, 178, "carp: SIOCSIFGATTR: Invalid argument\nhint: carp: its demotion is 178, and must stay within 0 and 255"},
		{"carp", -128, 50, ""},
		{"carp", -51, 50, "carp: SIOCSIFGATTR: Invalid argument\nhint: carp: its demotion is 50, and must stay within 0 and 255"},
		{"web", -1, 0, ""},
		{"a/b", 1, 0, "a/b: Invalid argument\nhint: a/b: not the name of a group"},
		{"", 1, 0, ": Invalid argument\nhint: : not the name of a group"},
		{strings.Repeat("g", 16), 1, 0, strings.Repeat("g", 16) + ": Invalid argument\nhint: " + strings.Repeat("g", 16) + ": not the name of a group"},
	} {
		text := ""
		if err := DemoteGroup(t.Context(), d, step.group, step.delta); err != nil {
			text = err.Error()
		}
		if text != step.err {
			t.Errorf("%s %+d: %q, want %q", step.group, step.delta, text, step.err)
		}
		if n, err := GroupDemotion(d, step.group); n != step.want || err != nil {
			t.Errorf("%s %+d: it is %d, %v; want %d", step.group, step.delta, n, err, step.want)
		}
	}

	// What the group carp has is the host's; what another has, its members'.
	if err := DemoteGroup(t.Context(), d, "web", 7); err != nil {
		t.Fatal(err)
	}
	ledger, err := Demotion(d)
	if err != nil {
		t.Fatal(err)
	}
	if host, member := ledger.For(nil).Sum(), ledger.For([]string{"web", "db"}).Sum(); host != 50 || member != 57 {
		t.Errorf("%d and %d, want 50 and 57", host, member)
	}
	// A write to another knob keeps them.
	if err := Update(t.Context(), d, func(v *Values) error { v.Preempt = true; return nil }); err != nil {
		t.Fatal(err)
	}
	if n, err := GroupDemotion(d, "web"); n != 7 || err != nil {
		t.Errorf("after a write it is %d, %v", n, err)
	}
}

// Of two who demote at once both count.
func TestDemoteGroupAtOnce(t *testing.T) {
	d, err := state.Open(inFolder(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := DemoteGroup(t.Context(), d, "carp", 1); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n, err := GroupDemotion(d, "carp"); n != 10 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}
