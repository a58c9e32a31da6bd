package netlab

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// replyGrace is how long Stop waits for replies still on their way.
const replyGrace = 200 * time.Millisecond

// Probe sends echo requests from a host at a steady pace, without a process of its
// own, until it is stopped.
type Probe struct {
	lab      *Lab
	sock     *echoSocket
	interval time.Duration
	cancel   context.CancelFunc
	sent     chan struct{} // closed when the sender has ended
	read     chan struct{} // closed when the reader has ended

	mu     sync.Mutex
	echoes []Echo
	stall  time.Duration
	start  time.Time
	end    time.Time
}

// Echo is one probe: when it was sent and what came back.
type Echo struct {
	Sent     time.Time
	Received time.Time // zero if no reply came
	From     string    // the host that answered
	Also     []string  // hosts that answered the same request again
}

// Answered tells whether a reply came.
func (e Echo) Answered() bool { return !e.Received.IsZero() }

// StartProbe begins to probe addr from host, once per interval, until Stop, the
// end of ctx or the end of the lab. For 1 kHz the interval is a millisecond.
func StartProbe(ctx context.Context, host *Host, addr netip.Addr, interval time.Duration) (*Probe, error) {
	if interval <= 0 {
		return nil, fmt.Errorf("netlab: probe interval %v", interval)
	}
	sock, err := openEcho(host.ns, addr)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &Probe{
		lab: host.lab, sock: sock, interval: interval, cancel: cancel,
		sent: make(chan struct{}), read: make(chan struct{}), start: time.Now(),
	}
	stop := context.AfterFunc(host.lab.ctx, cancel)
	err = host.lab.background(func() {
		defer stop()
		go p.send(ctx)
		p.receive()
	})
	if err != nil {
		cancel()
		sock.close()
		return nil, err
	}
	return p, nil
}

// send paces the requests with clock_nanosleep on a thread of its own: the Go
// runtime's timers are too coarse for a millisecond. A sender that comes late does
// not catch up in a burst; it records the stall and goes on from there.
func (p *Probe) send(ctx context.Context) {
	defer close(p.sent)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	next := monotonic()
	for seq := uint64(0); ctx.Err() == nil; seq++ {
		p.mu.Lock()
		p.echoes = append(p.echoes, Echo{Sent: time.Now()})
		p.mu.Unlock()
		// An error (no route, interface gone) is a lost probe like any other.
		_ = p.sock.send(seq)

		next += p.interval
		if late := monotonic() - next; late > p.interval {
			p.mu.Lock()
			p.stall = max(p.stall, late)
			p.mu.Unlock()
			next += late
		}
		sleepUntil(next)
	}
	p.mu.Lock()
	p.end = time.Now()
	p.mu.Unlock()
}

// receive reads replies until the sender has ended and the stragglers are in.
func (p *Probe) receive() {
	defer close(p.read)
	defer p.sock.close()
	var until time.Time
	for {
		if r, ok := p.sock.receive(); ok {
			p.note(r)
			continue
		}
		select {
		case <-p.sent:
			if until.IsZero() {
				until = time.Now().Add(replyGrace)
			}
			if p.complete() || time.Now().After(until) {
				return
			}
		default:
		}
	}
}

// note files one reply under its request.
func (p *Probe) note(r reply) {
	from := p.lab.ownerOf(r.ttl)
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.seq >= uint64(len(p.echoes)) {
		return
	}
	e := &p.echoes[r.seq]
	if e.Answered() {
		e.Also = append(e.Also, from)
		return
	}
	e.Received, e.From = r.at, from
}

// complete tells whether the latest request has been answered.
func (p *Probe) complete() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.echoes) == 0 || p.echoes[len(p.echoes)-1].Answered()
}

// Stop ends the probe and gives its result.
func (p *Probe) Stop() Result {
	p.cancel()
	<-p.sent
	<-p.read
	return p.Result()
}

// Result evaluates the probe as far as it has come. While the probe is running it
// leaves out the latest requests, whose replies may still be on their way.
func (p *Probe) Result() Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	echoes, end := slices.Clone(p.echoes), p.end
	if end.IsZero() {
		end = time.Now().Add(-replyGrace)
		echoes = slices.DeleteFunc(echoes, func(e Echo) bool { return e.Sent.After(end) })
	}
	return evaluate(echoes, p.interval, p.stall, p.start, end)
}

// LastFrom names the host that answered most recently, and when.
func (p *Probe) LastFrom() (host string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.echoes) - 1; i >= 0; i-- {
		if p.echoes[i].Answered() {
			return p.echoes[i].From, p.echoes[i].Received
		}
	}
	return "", time.Time{}
}

// monotonic reads the clock that sleepUntil sleeps by.
func monotonic() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return time.Duration(ts.Nano())
}

// sleepUntil sleeps to a point of the monotonic clock.
func sleepUntil(at time.Duration) {
	ts := unix.NsecToTimespec(int64(at))
	for unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &ts, nil) == unix.EINTR {
	}
}
