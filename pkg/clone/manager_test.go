package clone

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// notifySocket is where a manager listens, and the environment that tells of it.
func notifySocket(t *testing.T, more map[string]string) (*net.UnixConn, func(string) string) {
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn, func(key string) string {
		if key == notifySocketVar {
			return path
		}
		return more[key]
	}
}

func TestManagerSpeaksAsSystemdListens(t *testing.T) {
	conn, getenv := notifySocket(t, nil)
	m := findManager(getenv)
	m.Ready()
	m.Status("carp0: MASTER 100%")
	m.Alive()
	m.Stopping()
	m.Close()
	m.Close() // as a defer may
	for _, want := range []string{"READY=1", "STATUS=carp0: MASTER 100%", "WATCHDOG=1", "STOPPING=1"} {
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		var buf [256]byte
		n, err := conn.Read(buf[:])
		if err != nil || string(buf[:n]) != want {
			t.Errorf("%q, %v; want %q", buf[:n], err, want)
		}
	}
}

// A manager that does not read must not hold the owner up: not in the thousandth
// notice, and not at the end.
func TestManagerNeverWaits(t *testing.T) {
	_, getenv := notifySocket(t, nil) // its queue holds net.unix.max_dgram_qlen
	m := findManager(getenv)
	then := time.Now()
	for range 10_000 {
		m.Alive()
	}
	m.Close()
	if took := time.Since(then); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	_ = m.notifier.Close() // frees the goroutine that waits there
	<-m.ended
}

func TestWithoutManager(t *testing.T) {
	for _, socket := range []string{"", filepath.Join(t.TempDir(), "none")} {
		if m := findManager(func(string) string { return socket }); m != nil {
			t.Errorf("%q is a manager", socket)
		}
	}
	var none *manager
	none.Close()
}

func TestWatchdogEvery(t *testing.T) {
	for _, c := range []struct {
		usec, pid string
		want      time.Duration
	}{
		{usec: "9000000", want: 3 * time.Second},
		{usec: "9000000", pid: strconv.Itoa(os.Getpid()), want: 3 * time.Second},
		{usec: "9000000", pid: "1"}, // somebody else's
		{usec: ""},
		{usec: "0"},
		{usec: "-3"},
		{usec: "3s"},
	} {
		env := map[string]string{"WATCHDOG_USEC": c.usec, "WATCHDOG_PID": c.pid}
		if got := watchdogEvery(func(key string) string { return env[key] }); got != c.want {
			t.Errorf("WATCHDOG_USEC=%s WATCHDOG_PID=%s: every %v, want %v", c.usec, c.pid, got, c.want)
		}
	}
}
