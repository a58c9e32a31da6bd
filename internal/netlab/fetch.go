package netlab

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// fetchTimeout bounds one fetch. It ends just before TCP would repeat its first
// packet, since the next fetch knocks sooner than that.
const fetchTimeout = 900 * time.Millisecond

// maxPage is how much of a page is read.
const maxPage = 64 << 10

// Fetcher fetches a page from a host again and again, each time over a new
// connection, as a crowd of visitors would.
type Fetcher struct {
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	fetches []Fetch
}

// Fetch is one page fetched, or not.
type Fetch struct {
	Begun time.Time
	Ended time.Time
	Body  string // trimmed
	Err   error
}

// StartFetch begins to fetch http://ADDR/ from host, beginning a fetch at every
// interval whether or not the ones before have ended, until Stop, the end of ctx or
// the end of the lab.
func StartFetch(ctx context.Context, host *Host, addr netip.Addr, site string, interval time.Duration) (*Fetcher, error) {
	if interval <= 0 {
		return nil, fmt.Errorf("netlab: fetch interval %v", interval)
	}
	ctx, cancel := context.WithCancel(ctx)
	f := &Fetcher{cancel: cancel, done: make(chan struct{})}
	stop := context.AfterFunc(host.lab.ctx, cancel)
	err := host.lab.background(func() {
		defer stop()
		f.loop(ctx, host, addr, site, interval)
	})
	if err != nil {
		cancel()
		return nil, err
	}
	return f, nil
}

// loop begins a fetch at every tick and waits for the last ones at the end.
func (f *Fetcher) loop(ctx context.Context, host *Host, addr netip.Addr, site string, interval time.Duration) {
	defer close(f.done)
	var running sync.WaitGroup
	defer running.Wait()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			running.Go(func() {
				one := FetchOnce(host, addr, site)
				f.mu.Lock()
				defer f.mu.Unlock()
				f.fetches = append(f.fetches, one)
			})
		}
	}
}

// FetchOnce fetches http://ADDR/ from the host, asking for site.
func FetchOnce(host *Host, addr netip.Addr, site string) Fetch {
	f := Fetch{Begun: time.Now()}
	f.Body, f.Err = get(host, addr, site)
	f.Ended = time.Now()
	return f
}

// get opens the connection by hand: only the socket is made on a thread inside the
// host's network, so that a hundred unanswered connections do not hold a hundred
// threads there.
func get(host *Host, addr netip.Addr, site string) (string, error) {
	fd, err := dialing(host, netip.AddrPortFrom(addr, 80))
	if err != nil {
		return "", err
	}
	// A non-blocking descriptor goes to the runtime's poller; the write waits there
	// for the connection.
	conn := os.NewFile(uintptr(fd), addr.String())
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(fetchTimeout)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", site); err != nil {
		return "", err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxPage))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("http status %s", answer.Status)
	}
	return strings.TrimSpace(string(body)), err
}

// dialing begins a TCP connection from the host.
func dialing(host *Host, to netip.AddrPort) (fd int, err error) {
	family := unix.AF_INET
	var sa unix.Sockaddr = &unix.SockaddrInet4{Port: int(to.Port())}
	if to.Addr().Is6() {
		family = unix.AF_INET6
		sa = &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
	} else {
		sa.(*unix.SockaddrInet4).Addr = to.Addr().As4()
	}
	err = host.Do(func() (err error) {
		fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return -1, err
	}
	if err := unix.Connect(fd, sa); err != nil && err != unix.EINPROGRESS {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("connect to %v: %w", to, err)
	}
	return fd, nil
}

// Fetches returns the fetches that have ended, in the order they were begun.
func (f *Fetcher) Fetches() []Fetch {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := slices.Clone(f.fetches)
	slices.SortFunc(all, func(a, b Fetch) int { return a.Begun.Compare(b.Begun) })
	return all
}

// Stop ends the fetching, after the fetches begun have ended, and returns them all.
func (f *Fetcher) Stop() []Fetch {
	f.cancel()
	<-f.done
	return f.Fetches()
}

// FetchGap is the longest time in which no page arrived although one was asked for
// in vain, 0 if every fetch succeeded.
func FetchGap(fetches []Fetch) time.Duration {
	if len(fetches) == 0 {
		return 0
	}
	all := slices.Clone(fetches)
	slices.SortFunc(all, func(a, b Fetch) int { return a.Ended.Compare(b.Ended) })
	var failed []time.Time
	arrivals := []time.Time{fetches[0].Begun}
	for _, f := range all {
		if f.Err != nil {
			failed = append(failed, f.Begun)
		} else {
			arrivals = append(arrivals, f.Ended)
		}
	}
	arrivals = append(arrivals, all[len(all)-1].Ended)

	var longest time.Duration
	for i := 1; i < len(arrivals); i++ {
		from, to := arrivals[i-1], arrivals[i]
		inVain := func(t time.Time) bool { return !t.Before(from) && t.Before(to) }
		if slices.ContainsFunc(failed, inVain) {
			longest = max(longest, to.Sub(from))
		}
	}
	return longest
}
