package bsderr

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"golang.org/x/sys/unix"
)

func TestErrno(t *testing.T) {
	e := Errno("SIOCSVH", unix.EINVAL, "carp0: vhid 256: must be 1 to 255")
	if want := "SIOCSVH: Invalid argument\nhint: carp0: vhid 256: must be 1 to 255"; e.Error() != want {
		t.Errorf("%q, want %q", e, want)
	}
	if !errors.Is(e, unix.EINVAL) || errors.Is(e, unix.ENOENT) || errors.Is(e, fs.ErrNotExist) {
		t.Error("the errno is not the one it matches")
	}
	for errno, target := range map[unix.Errno]error{unix.ENOENT: fs.ErrNotExist, unix.EEXIST: fs.ErrExist, unix.EPERM: fs.ErrPermission} {
		if !errors.Is(fmt.Errorf("carp0: %w", Errno("x", errno)), target) {
			t.Errorf("%v does not match %v", errno, target)
		}
	}
	if errors.Is(New("text"), unix.Errno(0)) {
		t.Error("no errno matches errno 0")
	}
}

// FreeBSD's words, not Linux's, and never an empty text.
func TestStrerror(t *testing.T) {
	for errno, want := range map[unix.Errno]string{
		unix.EADDRNOTAVAIL: "Can't assign requested address", // Linux: cannot
		unix.ENXIO:         "Device not configured",          // Linux: no such device or address
		unix.EEXIST:        "File exists",
		unix.EINVAL:        "Invalid argument",
		unix.EPERM:         "Operation not permitted",
	} {
		if got := Strerror(errno); got != want {
			t.Errorf("%d: %q, want %q", errno, got, want)
		}
	}
	for errno := range unix.Errno(200) {
		if Strerror(errno) == "" {
			t.Errorf("errno %d has no text", errno)
		}
	}
}

func TestFrom(t *testing.T) {
	own := Errno("x", unix.EINVAL, "a hint")
	if From(fmt.Errorf("carp0: %w", own)) != own || From(errors.Join(own, errors.New("more"))) != own {
		t.Error("an Error inside is not found")
	}
	for _, c := range []struct {
		err  error
		want unix.Errno
	}{
		{fmt.Errorf("write: %w", unix.ENOSPC), unix.ENOSPC},
		{&fs.PathError{Op: "open", Path: "x", Err: unix.EACCES}, unix.EACCES},
		{fs.ErrNotExist, unix.ENOENT},
		{fs.ErrPermission, unix.EPERM},
		{errors.New("other"), 0},
	} {
		if got := From(c.err); got.Errno != c.want || got.Text != c.err.Error() {
			t.Errorf("%v became %+v", c.err, got)
		}
	}
}

func TestHint(t *testing.T) {
	e := Errno("x", unix.EINVAL, "one")
	two, three := Hint(e, "two %d", 2), Hint(e, "three")
	if len(e.Hints) != 1 || two.Hints[1] != "two 2" || three.Hints[1] != "three" || two.Errno != unix.EINVAL {
		t.Errorf("hints %q, %q, %q", e.Hints, two.Hints, three.Hints)
	}
	if got := Hint(errors.New("plain"), "so").Error(); got != "plain\nhint: so" {
		t.Errorf("%q", got)
	}
}

func TestJSON(t *testing.T) {
	in := Errno("SIOCSVH", unix.EEXIST, "a", "b")
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out Error
	if err := json.Unmarshal(b, &out); err != nil || out.Error() != in.Error() || !errors.Is(&out, fs.ErrExist) {
		t.Errorf("%s came back as %+v, %v", b, out, err)
	}
}
