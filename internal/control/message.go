package control

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"golang.org/x/sys/unix"
)

// Version is the protocol's version. A supervisor outlives an upgrade of the
// command, so both sides say theirs, and a side that meets a higher one than
// its own refuses with both numbers.
const Version = 1

// Op names what is asked for.
type Op string

// The requests.
const (
	// OpStatus reads everything; it changes nothing.
	OpStatus Op = "status"
	// OpCreate is the first request of a new interface, on the connection that
	// its supervisor inherited: a change whose refusal ends the interface.
	OpCreate Op = "create"
	// OpChange applies a command line, whole or not at all.
	OpChange Op = "change"
	// OpClear reads everything, without the key, and begins to count anew, so that
	// what one command has been told of no other is.
	OpClear Op = "clear"
	// OpDestroy ends the interface and its supervisor.
	OpDestroy Op = "destroy"
)

// Request is one line from the command.
type Request struct {
	Version int `json:"version"`
	Op      Op  `json:"op"`
	// Name is the interface as the sender knows it. What changes another one,
	// or one that has been renamed meanwhile, is refused.
	Name string `json:"name,omitempty"`
	// Until is when the sender stops waiting, in nanoseconds of the host's
	// CLOCK_MONOTONIC; 0 is for ever. A change that is read later than that, by
	// a supervisor that was stopped, has been reported as failed and must not
	// happen.
	Until int64 `json:"until,omitempty"`
	// Keys asks for the key in the status.
	Keys bool `json:"keys,omitempty"`
	// Change belongs to OpCreate and OpChange.
	Change *Change `json:"change,omitempty"`
}

// Late tells whether the sender has given up.
func (r *Request) Late() bool { return r.Until != 0 && monotonic() > r.Until }

// monotonic is the clock that the processes of a host share; its readings mean
// nothing elsewhere.
func monotonic() int64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return ts.Nano()
}

// Response is one line from the supervisor.
type Response struct {
	Version int `json:"version"`
	// Error is why nothing was done; nil if it was.
	Error *bsderr.Error `json:"error,omitempty"`
	// Notes are for the person's eyes though all went well.
	Notes []string `json:"notes,omitempty"`
	// Status is how things stand now.
	Status *Status `json:"status,omitempty"`
}

// maxLine bounds a message in bytes: a line with a thousand addresses is far
// below.
const maxLine = 1 << 20

var (
	// errTooLong is a message beyond maxLine.
	errTooLong = errors.New("control: message too long")
	// errGarbled is a line that is no message. What it holds is not repeated:
	// it may be a password.
	errGarbled = errors.New("control: not a message of this protocol")
)

// readLine reads one message. io.EOF means that the other side is done. With
// errGarbled a version that could be read is in v all the same.
func readLine(r *bufio.Reader, v any) error {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxLine {
			return errTooLong
		}
		switch {
		case err == nil:
			if json.Unmarshal(line, v) != nil {
				return errGarbled
			}
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0:
			return io.ErrUnexpectedEOF
		default:
			return err
		}
	}
}

// writeLine writes one message in a single write.
func writeLine(w io.Writer, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("control: %w", err)
	}
	_, err = w.Write(append(line, '\n'))
	return err
}
