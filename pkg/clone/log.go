package clone

import (
	"io"
	"log/slog"
	"log/syslog"
	"os"

	"golang.org/x/sys/unix"
)

// LogVar names a file that supervisors append their log to, instead of syslog:
// for a look at one, and for hosts without any log daemon.
const LogVar = "IFCONFIG_CARP_LOG"

// NewLog is a supervisor's log: standard error when a service manager reads
// it or a person watches, else the file that LogVar names, else syslog (on
// most hosts the journal), else nothing.
//
// Logging never waits for whoever reads the log; flush writes what is left, at
// the end.
func NewLog(getenv func(string) string) (log *slog.Logger, flush func()) {
	q := newLogQueue(logWriter(getenv))
	return slog.New(slog.NewTextHandler(q, &slog.HandlerOptions{ReplaceAttr: withoutTime(getenv)})), q.Flush
}

func logWriter(getenv func(string) string) io.Writer {
	if path := getenv(LogVar); path != "" {
		if f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600); err == nil {
			return f
		}
	}
	if getenv("JOURNAL_STREAM") != "" || isTerminal(os.Stderr) {
		return os.Stderr
	}
	if w, err := syslog.New(syslog.LOG_DAEMON|syslog.LOG_NOTICE, "ifconfig-carp"); err == nil {
		return w
	}
	return io.Discard
}

// withoutTime drops the time where the reader adds its own.
func withoutTime(getenv func(string) string) func([]string, slog.Attr) slog.Attr {
	if getenv(LogVar) != "" {
		return nil
	}
	return func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
}

// isTerminal tells whether a person may be reading f: not every character
// device is a terminal, /dev/null is none.
func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
