package clone

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"golang.org/x/sys/unix"
)

// The first connection is that to the command which started the supervisor: it waits
// to be told how that went.

// inherited is the connection on descriptor fd.
func inherited(fd int) (net.Conn, error) {
	if fd < 0 {
		return nil, nil
	}
	unix.CloseOnExec(fd)
	f := os.NewFile(uintptr(fd), "control")
	if f == nil {
		return nil, fmt.Errorf("control descriptor %d: not open", fd)
	}
	defer func() { _ = f.Close() }()
	return net.FileConn(f)
}

// tell answers the first request with an error.
func tell(conn net.Conn, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	answered := make(chan struct{})
	done := sync.OnceFunc(func() { close(answered) })
	s := control.NewServer(func(context.Context, control.Request) control.Response {
		defer done()
		return control.Response{Error: bsderr.From(err)}
	}, nil)
	s.ServeConn(ctx, conn)
	select {
	case <-answered:
	case <-ctx.Done():
	}
	cancel()
	s.Wait()
}

// answered tells err to the command that waits on conn, or returns it if there is none.
func answered(conn net.Conn, err error) error {
	if conn == nil {
		return err
	}
	tell(conn, err)
	return nil
}
