package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// ErrNoAnswer is a supervisor that holds its lock and its socket but does not
// answer: stopped, or starved.
var ErrNoAnswer = errors.New("the supervisor does not answer")

// Client is a connection to one supervisor.
type Client struct {
	conn net.Conn
	r    *bufio.Reader
}

// Dial connects to the supervisor's socket at path.
func Dial(ctx context.Context, path string) (*Client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	return NewClient(conn), nil
}

// NewClient makes a Client of a connection that exists already.
func NewClient(conn net.Conn) *Client {
	return &Client{conn: conn, r: bufio.NewReader(conn)}
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

// Do sends a request and waits for its answer, until ctx's deadline. The
// error is one of the conversation (ErrNoAnswer among them); a refusal is in
// the Response.
func (c *Client) Do(ctx context.Context, req Request) (Response, error) {
	stop := context.AfterFunc(ctx, func() { _ = c.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	req.Version = Version
	if at, ok := ctx.Deadline(); ok && req.Op != OpStatus {
		req.Until = monotonic() + int64(time.Until(at))
	}
	var resp Response
	err := writeLine(c.conn, req)
	if err == nil {
		err = readLine(c.r, &resp)
	}
	switch {
	case (err == nil || errors.Is(err, errGarbled)) && resp.Version > Version:
		return Response{}, fmt.Errorf("control: the supervisor speaks version %d, this command %d", resp.Version, Version)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return Response{}, ErrNoAnswer
	}
	return resp, err
}
