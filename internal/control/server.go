package control

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"golang.org/x/sys/unix"
)

const (
	// maxConns bounds the connections served at once; more wait in the
	// socket's queue.
	maxConns = 32
	// idleTime is how long a connection may say nothing.
	idleTime = time.Minute
	// answerTime is how long one may take to read an answer.
	answerTime = 5 * time.Second
)

// Handler answers one request. It is called from many goroutines.
type Handler func(ctx context.Context, req Request) Response

// Server answers requests on a listener and on single connections until its
// context ends; Wait then waits for the last answer to be out.
type Server struct {
	handle Handler
	log    *slog.Logger
	slots  chan struct{}
	wg     sync.WaitGroup
}

// NewServer makes a server; a nil log discards.
func NewServer(handle Handler, log *slog.Logger) *Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Server{handle: handle, log: log, slots: make(chan struct{}, maxConns)}
}

// Serve accepts connections until ctx ends. It closes the listener.
func (s *Server) Serve(ctx context.Context, ln net.Listener) {
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	s.wg.Go(func() {
		defer stop()
		for {
			select {
			case s.slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			conn, err := ln.Accept()
			if err != nil {
				<-s.slots
				if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
					return
				}
				// Out of descriptors, most likely: it passes.
				s.log.Warn("control socket", "err", err)
				select {
				case <-time.After(100 * time.Millisecond):
				case <-ctx.Done():
				}
				continue
			}
			s.wg.Go(func() {
				defer func() { <-s.slots }()
				s.converse(ctx, conn)
			})
		}
	})
}

// ServeConn serves one connection that exists already, in the background. The
// channel is closed when it has ended and its last request is done.
func (s *Server) ServeConn(ctx context.Context, conn net.Conn) (ended <-chan struct{}) {
	done := make(chan struct{})
	s.wg.Go(func() {
		defer close(done)
		s.converse(ctx, conn)
	})
	return done
}

// Wait returns when every connection has ended. Call it after ctx has ended.
func (s *Server) Wait() { s.wg.Wait() }

func (s *Server) converse(ctx context.Context, conn net.Conn) {
	defer func() { _ = conn.Close() }()
	// A past deadline wakes the read; an answer under way is still written.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := checkPeer(conn); err != nil {
		_ = writeLine(conn, Response{Version: Version, Error: bsderr.From(err)})
		return
	}
	r := bufio.NewReader(conn)
	for ctx.Err() == nil {
		var req Request
		_ = conn.SetReadDeadline(time.Now().Add(idleTime))
		if ctx.Err() != nil {
			return
		}
		var resp Response
		err := readLine(r, &req)
		switch {
		case err == nil:
			resp = s.answer(ctx, req)
		case errors.Is(err, errGarbled), errors.Is(err, errTooLong):
			resp = Response{Error: refusal(req, err)}
		default:
			return
		}
		resp.Version = Version
		_ = conn.SetWriteDeadline(time.Now().Add(answerTime))
		if writeLine(conn, resp) != nil || err != nil {
			return
		}
	}
}

// refusal answers what cannot be read. A newer command's request may be that,
// and its version is told apart all the same.
func refusal(req Request, err error) *bsderr.Error {
	if req.Version > Version {
		return otherVersion(req.Version)
	}
	return bsderr.From(err)
}

func otherVersion(theirs int) *bsderr.Error {
	return bsderr.Newf("the command speaks control version %d, the supervisor %d", theirs, Version)
}

func (s *Server) answer(ctx context.Context, req Request) Response {
	if req.Version > Version {
		return Response{Error: otherVersion(req.Version)}
	}
	switch req.Op {
	case OpStatus, OpClear, OpDestroy:
	case OpCreate, OpChange:
		if req.Change == nil {
			return Response{Error: bsderr.New("control: a change without its words")}
		}
	default:
		return Response{Error: bsderr.Newf("control: unknown request %q", req.Op)}
	}
	return s.handle(ctx, req)
}

// checkPeer lets in root and the supervisor's own user. The socket's mode says
// the same; this holds even where a descriptor was passed on.
func checkPeer(conn net.Conn) error {
	sc, ok := conn.(syscall.Conn)
	if !ok { // an in-memory pipe
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return err
	}
	var cred *unix.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return err
	}
	if credErr != nil {
		return credErr
	}
	if cred.Uid != 0 && int(cred.Uid) != unix.Geteuid() {
		return bsderr.Errno("control", unix.EPERM)
	}
	return nil
}
