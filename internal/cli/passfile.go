package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
)

// maxPassFile bounds what is read for a password, in bytes.
const maxPassFile = 4096

// readPass reads the password that the line says is in a file or comes on
// standard input, so that it need not stand on the command line, where ps(1)
// shows it.
func readPass(line *words.Line, stdin io.Reader) error {
	from := line.PassFile
	r := stdin
	if from != words.Stdin {
		f, err := os.Open(from)
		if err != nil {
			return bsderr.Hint(fmt.Errorf("passfile: %w", err), "%s: passfile %s", line.Name, from)
		}
		defer func() { _ = f.Close() }()
		if info, err := f.Stat(); err == nil && info.Mode().Perm()&0o044 != 0 {
			line.Notes = append(line.Notes, fmt.Sprintf("%s: %s can be read by others than its owner", line.Name, from))
		}
		r = f
	}
	// The first line and no more: whoever types it need not end the input too.
	text, err := bufio.NewReader(io.LimitReader(r, maxPassFile)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: reading the password: %w", line.Name, err)
	}
	if strings.TrimRight(text, "\r\n") == "" {
		return bsderr.New(line.Name+": the password is missing", line.Name+": nothing could be read from "+from)
	}
	line.SetPass(text)
	return nil
}
