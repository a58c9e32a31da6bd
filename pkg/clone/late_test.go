package clone

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// The unit is systemd's to start and stop where the interfaces are, and nobody's where they
// are not.
func TestLeaveAndRecall(t *testing.T) {
	c, dir, _ := inFolder(t)
	s, calls := fakeSystemd(t, dir, `case $1$2 in *restart) echo "Unit carp-late.service is masked." >&2; exit 1; esac`)
	c.systemd, c.getenv = s, func(string) string { return "" }
	if err := c.Leave(t.Context()); err == nil || err.Error() != "systemctl: Unit carp-late.service is masked" {
		t.Errorf("a masked unit: %v", err)
	}
	c.Recall(t.Context())
	called, err := os.ReadFile(calls)
	if want := "--no-ask-password restart --no-block carp-late.service\n--no-ask-password stop carp-late.service\n"; err != nil || string(called) != want {
		t.Errorf("systemctl was called so: %s (%v), want\n%s", called, err, want)
	}

	c.systemd.folder += "/netns-1"
	if err := errors.Join(c.Leave(t.Context()), os.Remove(calls)); err == nil || !strings.Contains(err.Error(), dir.Path()) {
		t.Errorf("another folder: %v", err)
	}
	c.Recall(t.Context())
	if called, err := os.ReadFile(calls); err == nil {
		t.Errorf("another folder: systemctl was called so: %s", called)
	}
}

func TestTellManager(t *testing.T) {
	conn, getenv := notifySocket(t, nil)
	for _, line := range []string{"waiting for carp0 (50%)", ""} {
		TellManager(getenv, line)
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		var buf [256]byte
		if n, err := conn.Read(buf[:]); err != nil || string(buf[:n]) != "STATUS="+line {
			t.Errorf("%q, %v; want STATUS=%s", buf[:n], err, line)
		}
	}
	TellManager(func(string) string { return "" }, "nobody is there")
}
