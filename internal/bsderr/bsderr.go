// Package bsderr holds the error that a person meets: FreeBSD's text first,
// then hints of ours. It imports nothing of ours, so that every layer can make
// one and the printer in internal/cli is the only place that prints one.
package bsderr

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
)

// Error is a refusal in FreeBSD's words. It travels over the control socket
// unchanged, so that the supervisor's reason is what the person reads.
type Error struct {
	// Text is what follows "ifconfig-carp: ", in FreeBSD's exact wording where
	// it has one: "SIOCSVH: Invalid argument".
	Text string `json:"text"`
	// Hints follow, one per line behind "hint: "; each names the interface,
	// the word, the value and what would be accepted. Lower case, no full stop.
	Hints []string `json:"hints,omitempty"`
	// Errno is the reason in numbers, 0 if there is none; errors.Is finds it.
	Errno unix.Errno `json:"errno,omitempty"`
}

// Error is the text and the hints on lines of their own.
func (e *Error) Error() string {
	if len(e.Hints) == 0 {
		return e.Text
	}
	return e.Text + "\nhint: " + strings.Join(e.Hints, "\nhint: ")
}

// Is matches the errno, and through it fs.ErrNotExist, fs.ErrExist and
// fs.ErrPermission.
func (e *Error) Is(target error) bool {
	return e.Errno != 0 && (error(e.Errno) == target || e.Errno.Is(target))
}

// New is an error with a text of its own and no errno.
func New(text string, hints ...string) *Error { return &Error{Text: text, Hints: hints} }

// Newf is New with a formatted text.
func Newf(format string, args ...any) *Error { return New(fmt.Sprintf(format, args...)) }

// Errno is the error of a refused call: "OP: reason", with the reason in
// FreeBSD's wording.
func Errno(op string, errno unix.Errno, hints ...string) *Error {
	return &Error{Text: op + ": " + Strerror(errno), Hints: hints, Errno: errno}
}

// Hint returns err with one more hint; an error of another type becomes the
// text.
func Hint(err error, format string, args ...any) *Error {
	hint := fmt.Sprintf(format, args...)
	if e, ok := errors.AsType[*Error](err); ok {
		c := *e
		c.Hints = append(append([]string(nil), e.Hints...), hint)
		return &c
	}
	return &Error{Text: err.Error(), Hints: []string{hint}}
}

// From finds the Error in err or makes one of it, keeping the errno if there
// is one.
func From(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	e := &Error{Text: err.Error()}
	if errno, ok := errors.AsType[unix.Errno](err); ok {
		e.Errno = errno
	} else {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			e.Errno = unix.ENOENT
		case errors.Is(err, fs.ErrPermission):
			e.Errno = unix.EPERM
		}
	}
	return e
}

// Strerror is FreeBSD's text for an errno (lib/libc/gen/errlst.c); Linux words
// some of them otherwise.
func Strerror(errno unix.Errno) string {
	switch errno {
	case unix.EPERM:
		return "Operation not permitted"
	case unix.ENOENT:
		return "No such file or directory"
	case unix.ENXIO:
		return "Device not configured"
	case unix.EEXIST:
		return "File exists"
	case unix.EBUSY:
		return "Device busy"
	case unix.EINVAL:
		return "Invalid argument"
	case unix.EADDRNOTAVAIL:
		return "Can't assign requested address"
	case unix.EOPNOTSUPP:
		return "Operation not supported"
	case unix.ENOBUFS:
		return "No buffer space available"
	case unix.ENETDOWN:
		return "Network is down"
	case unix.ENOSPC:
		return "No space left on device"
	}
	s := errno.Error()
	return strings.ToUpper(s[:1]) + s[1:]
}
