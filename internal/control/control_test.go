package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo answers with what it was asked.
func echo(_ context.Context, req Request) Response {
	r := Response{Notes: []string{string(req.Op)}}
	if req.Change != nil && req.Change.VHID != nil {
		r.Status = &Status{Name: "carp0", VHID: *req.Change.VHID}
	}
	return r
}

// talk serves one end of a pipe and returns the other. The server has ended
// when the test has.
func talk(t *testing.T, h Handler) (net.Conn, *Server) {
	ours, theirs := net.Pipe()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	s := NewServer(h, nil)
	s.ServeConn(ctx, theirs)
	t.Cleanup(func() {
		_ = ours.Close()
		cancel()
		s.Wait()
	})
	return ours, s
}

// listen serves a real socket and returns its path.
func listen(t *testing.T, h Handler) string {
	path := filepath.Join(t.TempDir(), "carp0.sock")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	s := NewServer(h, nil)
	s.Serve(ctx, ln)
	t.Cleanup(func() {
		cancel()
		s.Wait()
	})
	return path
}

func TestConversation(t *testing.T) {
	path := listen(t, echo)
	c, err := Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for n := range 3 { // one connection, many requests
		resp, err := c.Do(t.Context(), Request{Op: OpChange, Change: &Change{VHID: new(carp.VHID(n + 1))}})
		if err != nil || resp.Version != Version || resp.Status == nil || resp.Status.VHID != carp.VHID(n+1) {
			t.Errorf("answer %+v, %v", resp, err)
		}
	}
}

// What goes into a message comes out of it.
func TestRoundTrip(t *testing.T) {
	pass := Password("p\xff\x00\" \n" + strings.Repeat("x", 30))
	skew, state := carp.AdvSkew(100), carp.Master
	in := Request{Version: 1, Op: OpChange, Change: &Change{Pass: &pass, AdvSkew: &skew, State: &state, CarpDev: new("")}}
	var b bytes.Buffer
	if err := writeLine(&b, in); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b.Bytes(), []byte("xxxx")) {
		t.Errorf("the password can be read in %s", b.Bytes())
	}
	var out Request
	if err := readLine(bufio.NewReader(&b), &out); err != nil {
		t.Fatal(err)
	}
	if *out.Change.Pass != pass || *out.Change.AdvSkew != skew || *out.Change.State != state || *out.Change.CarpDev != "" || out.Change.VHID != nil {
		t.Errorf("came out as %+v", out.Change)
	}
	refusal := Response{Error: bsderr.Errno("SIOCSVH", unix.EINVAL, "carp0: vhid 256")}
	_ = writeLine(&b, refusal)
	var resp Response
	if err := readLine(bufio.NewReader(&b), &resp); err != nil || !errors.Is(resp.Error, unix.EINVAL) || resp.Error.Error() != refusal.Error.Error() {
		t.Errorf("the refusal came out as %v, %v", resp.Error, err)
	}
}

func TestIsEmpty(t *testing.T) {
	if !(&Change{}).IsEmpty() {
		t.Error("a change of nothing is not empty")
	}
	up := true
	for _, c := range []Change{{Up: &up}, {CarpDev: new("")}, {Addresses: []AddressChange{{}}}, {State: new(carp.Init)}} {
		if c.IsEmpty() {
			t.Errorf("%+v is empty", c)
		}
	}
}

// The person at the other end is told what was wrong, and never shown what may
// be a password.
func TestBadRequests(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"hello", "control: not a message of this protocol"},
		{"", "control: not a message of this protocol"},
		{"[1,2]", "control: not a message of this protocol"},
		{`{"version":1,"op":"change","change":{"pass":4711}}`, "control: not a message of this protocol"},
		{`{"version":1,"op":"change","change":{"pass":"!sesame!"}}`, "control: not a message of this protocol"},
		{`{"version":1,"op":"change","change":{"vhid":256}}`, "control: not a message of this protocol"},
		{`{"version":1,"op":"change","change":{"state":"BEST"}}`, "control: not a message of this protocol"},
		{`{"version":2,"op":["later"]}`, "the command speaks control version 2, the supervisor 1"},
		{`{"version":2,"op":"status"}`, "the command speaks control version 2, the supervisor 1"},
		{`{"version":1,"op":"reboot"}`, `control: unknown request "reboot"`},
		{`{"version":1,"op":"exit"}`, `control: unknown request "exit"`},
		{`{"version":1,"op":"change"}`, "control: a change without its words"},
		{`{"version":1,"op":"create","change":null}`, "control: a change without its words"},
		{strings.Repeat("x", maxLine+1), "control: message too long"},
		{`{"op":"status"}`, ""}, // by hand, with socat
	} {
		conn, _ := talk(t, echo)
		go func() { _, _ = conn.Write([]byte(c.line + "\n")) }()
		var resp Response
		if err := readLine(bufio.NewReader(conn), &resp); err != nil {
			t.Errorf("%.40q: %v", c.line, err)
			continue
		}
		got := ""
		if resp.Error != nil {
			got = resp.Error.Text
		}
		if got != c.want || resp.Version != Version {
			t.Errorf("%.40q: answer %q of version %d, want %q", c.line, got, resp.Version, c.want)
		}
	}
}

// The handler sees nothing of what is not a whole request.
func TestHalfALine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, s := talk(t, func(context.Context, Request) Response {
			t.Error("the handler was asked")
			return Response{}
		})
		_, _ = conn.Write([]byte(`{"version":1,"op":"des`))
		then := time.Now()
		s.Wait() // an idle connection ends by itself
		if took := time.Since(then); took != idleTime {
			t.Errorf("ended after %v, want %v", took, idleTime)
		}
	})
	conn, s := talk(t, func(context.Context, Request) Response {
		t.Error("the handler was asked")
		return Response{}
	})
	_, _ = conn.Write([]byte(`{"version":1,"op":"destroy"}`)) // no newline
	_ = conn.Close()
	s.Wait()
}

// Bytes that drip in do not hold a connection for ever.
func TestDrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, s := talk(t, echo)
		var dripping sync.WaitGroup
		dripping.Go(func() {
			for {
				if _, err := conn.Write([]byte(" ")); err != nil {
					return
				}
				time.Sleep(10 * time.Second)
			}
		})
		then := time.Now()
		s.Wait()
		if took := time.Since(then); took > idleTime {
			t.Errorf("ended after %v", took)
		}
		dripping.Wait()
	})
}

// A client that does not read its answer is left.
func TestSlowClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, s := talk(t, echo)
		_, _ = conn.Write([]byte(`{"op":"status"}` + "\n"))
		then := time.Now()
		s.Wait()
		if took := time.Since(then); took != answerTime {
			t.Errorf("ended after %v, want %v", took, answerTime)
		}
	})
}

// When the context ends, who is idle is sent away and who waits is answered.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := NewServer(func(ctx context.Context, req Request) Response {
			<-ctx.Done()
			time.Sleep(time.Second)
			return Response{Notes: []string{"bye"}}
		}, nil)
		idle, idleEnd := net.Pipe()
		busy, busyEnd := net.Pipe()
		s.ServeConn(ctx, idleEnd)
		ended := s.ServeConn(ctx, busyEnd)
		answer := make(chan Response, 1)
		go func() {
			resp, err := NewClient(busy).Do(context.WithoutCancel(ctx), Request{Op: OpStatus})
			if err != nil {
				t.Error(err)
			}
			answer <- resp
		}()
		synctest.Wait()
		cancel()
		if resp := <-answer; len(resp.Notes) != 1 {
			t.Errorf("answer %+v", resp)
		}
		s.Wait()
		<-ended
		if _, err := idle.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the idle connection: %v", err)
		}
		_, _ = idle.Close(), busy.Close()
	})
}

// More clients than are served at once: all are answered.
func TestManyClients(t *testing.T) {
	path := listen(t, func(ctx context.Context, req Request) Response {
		time.Sleep(time.Millisecond)
		return echo(ctx, req)
	})
	var wg sync.WaitGroup
	for range 4 * maxConns {
		wg.Go(func() {
			c, err := Dial(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = c.Close() }()
			if resp, err := c.Do(t.Context(), Request{Op: OpStatus}); err != nil || len(resp.Notes) != 1 {
				t.Errorf("answer %+v, %v", resp, err)
			}
		})
	}
	wg.Wait()
}

// A supervisor that is stopped: the client gives up at its deadline.
func TestNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, reads := range []bool{false, true} {
			ours, theirs := net.Pipe()
			if reads {
				go func() { _, _ = io.Copy(io.Discard, theirs) }()
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			then := time.Now()
			_, err := NewClient(ours).Do(ctx, Request{Op: OpStatus})
			if !errors.Is(err, ErrNoAnswer) || time.Since(then) != time.Second {
				t.Errorf("after %v: %v", time.Since(then), err)
			}
			cancel()
			_, _ = ours.Close(), theirs.Close()
		}
	})
}

// Answers that are none.
func TestBadAnswers(t *testing.T) {
	for answer, want := range map[string]string{
		"":                                 "EOF",
		`{"version":1`:                     "unexpected EOF",
		"hello\n":                          "control: not a message of this protocol",
		"{\"version\":9}\n":                "control: the supervisor speaks version 9, this command 1",
		`{"version":9,"status":[]}` + "\n": "control: the supervisor speaks version 9, this command 1",
	} {
		ours, theirs := net.Pipe()
		go func() {
			_, _ = bufio.NewReader(theirs).ReadString('\n')
			_, _ = theirs.Write([]byte(answer))
			_ = theirs.Close()
		}()
		if _, err := NewClient(ours).Do(t.Context(), Request{Op: OpStatus}); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", answer, err, want)
		}
		_ = ours.Close()
	}
}

func TestNobodyListens(t *testing.T) {
	if _, err := Dial(t.Context(), filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no socket: %v", err)
	}
	path := filepath.Join(t.TempDir(), "left.sock")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false)
	_ = ln.Close()
	if _, err := Dial(t.Context(), path); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("a socket left behind: %v", err)
	}
}

// No verb and no handler of slog prints a password.
func TestPasswordIsNotPrinted(t *testing.T) {
	p := Password("sesame")
	c := Change{Pass: &p}
	var all strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T", "%08b", "%!"} {
		fmt.Fprintf(&all, verb+" ", p)
		fmt.Fprintf(&all, verb+" ", &p)
		fmt.Fprintf(&all, verb+" ", c)
		fmt.Fprintf(&all, verb+" ", []Password{p})
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&all, nil), slog.NewJSONHandler(&all, nil)} {
		slog.New(h).Info("x", "pass", p)
	}
	encoded, _ := p.MarshalText()
	for _, secret := range []string{"sesame", string(encoded), fmt.Sprintf("%x", "sesame"), fmt.Sprint([]byte("sesame")), fmt.Sprintf("%08b", 's')} {
		if strings.Contains(all.String(), secret) {
			t.Errorf("%q is in %s", secret, all.String())
		}
	}
}

// Whatever bytes come, the reader ends: with a message, or with an error that
// is one of its own, and it never reads past the line.
func FuzzReadLine(f *testing.F) {
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"version":1,"op":"change","change":{"pass":"c2VzYW1l","vhid":1,"addresses":[{"op":"set","prefix":"192.0.2.1/24"}]}}` + "\nrest"))
	f.Add([]byte(`{"version":1,"op":`))
	f.Add([]byte("\n\n"))
	f.Add(bytes.Repeat([]byte("["), 9000))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bufio.NewReader(bytes.NewReader(b))
		var req Request
		err := readLine(r, &req)
		rest, _ := io.ReadAll(r)
		_, after, whole := bytes.Cut(b, []byte("\n"))
		switch {
		case err == nil || errors.Is(err, errGarbled):
			if !whole || !bytes.Equal(rest, after) {
				t.Fatalf("%v: %q left, want %q", err, rest, after)
			}
		case len(b) == 0 && err == io.EOF, !whole && errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, errTooLong):
		default:
			t.Fatal(err)
		}
		if err != nil {
			return
		}
		again, err := json.Marshal(req)
		if err != nil {
			t.Fatalf("%+v was read and cannot be written: %v", req, err)
		}
		var twice Request
		if err := json.Unmarshal(again, &twice); err != nil {
			t.Fatalf("%s was written and cannot be read: %v", again, err)
		}
	})
}
