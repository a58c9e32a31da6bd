package sysctl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
)

// noInput is the exit status for a file that cannot be read (sysexits.h).
const noInput = 66

// MaxConf is the size of a file of operands that is not read any more, in bytes: FreeBSD
// reads line by line, and /dev/zero for ever.
const MaxConf = 256 << 10

// readConf reads a file in the form of sysctl.conf(5): an operand on each line.
func readConf(path string) ([]operand, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, MaxConf+1))
	switch {
	case err != nil:
		return nil, unreadable(path, err)
	case len(data) > MaxConf:
		return nil, bsderr.Errno(path, unix.EFBIG, fmt.Sprintf("it may have %d bytes: is this the right file?", MaxConf))
	}
	return parseConf(string(data)), nil
}

// unreadable words what is wrong with a file as err(3) would.
func unreadable(path string, err error) error {
	if errno, ok := errors.AsType[unix.Errno](err); ok {
		return bsderr.Errno(path, errno)
	}
	return err
}

// waits tells whether reading a file would wait for a writer, which a boot must not.
func waits(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&fs.ModeNamedPipe != 0
}

// parseConf takes the operands out of a file's text.
func parseConf(text string) []operand {
	var operands []operand
	number := 0
	for line := range strings.Lines(text) {
		number++
		if line = strings.Trim(uncommented(line), blanks+"\x00"); line != "" {
			o := splitOperand(line)
			o.line = number
			operands = append(operands, o)
		}
	}
	return operands
}

// uncommented is a line without its comment. As in parsefile() of FreeBSD's sysctl.c,
// a # behind a backslash begins none, nor does one within quotes; behind the closing
// quote the rest of such a line is dropped.
func uncommented(line string) string {
	single, double := strings.IndexByte(line, '\''), strings.IndexByte(line, '"')
	upTo := func(open int, quote byte) string {
		if end := strings.IndexByte(line[open+1:], quote); end >= 0 {
			return line[:open+1+end+1]
		}
		return line
	}
	for at := 0; at < len(line); at++ {
		switch {
		case line[at] != '#':
		case single >= 0 && at > single:
			return upTo(single, '\'')
		case double >= 0 && at > double:
			return upTo(double, '"')
		case at == 0 || line[at-1] != '\\':
			return line[:at]
		}
	}
	return line
}
