package cli

import (
	"errors"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
)

// While nobody waits for rc, an interface is tried again only if that may lead to
// something else than the last time: each attempt starts a supervisor.
func TestHopeful(t *testing.T) {
	here := &rcconf.Want{Change: control.Change{CarpDev: new("eth0")}}
	absent := &rcconf.Want{Change: control.Change{CarpDev: new("eth9")}}
	now := time.Now()
	failed := errors.New("late")
	for _, tt := range []struct {
		name string
		wait time.Duration
		task rcTask
		want bool
	}{
		{"its parent is not there", time.Minute, rcTask{want: absent, err: failed}, false},
		{"somebody waits", time.Minute, rcTask{want: here, err: failed, surveyed: 7, tried: now}, true},
		{"nothing is new", rcconf.Forever, rcTask{want: here, err: failed, surveyed: 7, tried: now}, false},
		{"another address somewhere", rcconf.Forever, rcTask{want: here, err: failed, surveyed: 6, tried: now}, true},
		{"nothing is new for long", rcconf.Forever, rcTask{want: here, err: failed, surveyed: 7, tried: now.Add(-tryAnyway - time.Second)}, true},
		{"not even for long", rcconf.Forever, rcTask{want: absent, err: failed, surveyed: 7}, false},
		{"the files have changed", rcconf.Forever, rcTask{err: failed, surveyed: 7, tried: now}, true},
		{"made of files that have changed", rcconf.Forever, rcTask{want: here, surveyed: 7, tried: now}, true},
	} {
		r := &rcRun{wait: tt.wait, present: present, surveyed: 7}
		if got := r.hopeful(&tt.task); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
