package clone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
	"golang.org/x/sys/unix"
)

// A supervisor that systemd starts inherits nothing of the command that wants it. So
// the command leaves a summons in the state folder, where only root can put one: a
// socket on which it waits for the supervisor, and which then serves as the inherited
// connection does otherwise. Its name tells for which interface and whether that is
// to be created. The colon is in no interface's name.

const (
	summonsCreate = "create"
	summonsStart  = "start"
)

// summons is the command's side.
type summons struct {
	ln   *net.UnixListener
	path string
}

// summon leaves a summons for the supervisor of name.
func summon(dir *state.Dir, name string, create bool) (*summons, error) {
	kind := summonsStart
	if create {
		kind = summonsCreate
	}
	// One of each command, so that none has to clear away what another left.
	path := filepath.Join(dir.Path(), fmt.Sprintf("%s:%s:%s", name, kind, strconv.FormatUint(random(), 36)))
	ln, err := listenPrivately(path)
	if err != nil {
		return nil, err
	}
	return &summons{ln: ln, path: path}, nil
}

// accept waits for the supervisor until ctx ends.
func (s *summons) accept(ctx context.Context) (net.Conn, error) {
	defer context.AfterFunc(ctx, func() { _ = s.ln.SetDeadline(time.Unix(1, 0)) })()
	conn, err := s.ln.Accept()
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return conn, err
}

// withdraw closes the socket and removes it.
func (s *summons) withdraw() { _ = s.ln.Close() }

// answerSummons is the supervisor's side: the connection to a command that waits for
// it, nil if none does. A command that was killed has left its summons, which is
// removed.
func answerSummons(dir *state.Dir, name string) (conn net.Conn, create bool) {
	for _, kind := range []string{summonsCreate, summonsStart} {
		paths, _ := filepath.Glob(filepath.Join(dir.Path(), name+":"+kind+":*"))
		for _, path := range paths {
			conn, err := net.DialTimeout("unix", path, time.Second)
			if err == nil {
				return conn, kind == summonsCreate
			}
			if errors.Is(err, unix.ECONNREFUSED) {
				_ = os.Remove(path)
			}
		}
	}
	return nil, false
}
