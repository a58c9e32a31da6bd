package clone

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// logQueue bounds the lines that wait for a log that does not take them.
	logQueue = 256
	// logPatience is how long the end of the process waits for the last lines.
	logPatience = time.Second
)

// logQueueWriter hands lines to a writer in the background: a log daemon that
// hangs must not keep a MASTER from advertising. Lines that find no room are
// counted, and the count is written when there is room again.
type logQueueWriter struct {
	lines   chan []byte
	lost    atomic.Uint64
	closing chan struct{}
	done    chan struct{}
	once    sync.Once
}

func newLogQueue(w io.Writer) *logQueueWriter {
	q := &logQueueWriter{
		lines:   make(chan []byte, logQueue),
		closing: make(chan struct{}),
		done:    make(chan struct{}),
	}
	go q.run(w)
	return q
}

// Write implements io.Writer. It never waits and never fails.
func (q *logQueueWriter) Write(b []byte) (int, error) {
	select {
	case q.lines <- append([]byte(nil), b...):
	default:
		q.lost.Add(1)
	}
	return len(b), nil
}

// Flush writes what waits and ends the writing, within logPatience.
func (q *logQueueWriter) Flush() {
	q.once.Do(func() { close(q.closing) })
	select {
	case <-q.done:
	case <-time.After(logPatience):
	}
}

func (q *logQueueWriter) run(w io.Writer) {
	defer close(q.done)
	for {
		select {
		case line := <-q.lines:
			q.write(w, line)
		case <-q.closing:
			for {
				select {
				case line := <-q.lines:
					q.write(w, line)
				default:
					return
				}
			}
		}
	}
}

// write writes one line; a log that fails has nowhere to say so.
func (q *logQueueWriter) write(w io.Writer, line []byte) {
	_, _ = w.Write(line)
	if lost := q.lost.Swap(0); lost > 0 {
		_, _ = fmt.Fprintf(w, "level=WARN msg=\"log lines lost\" count=%d\n", lost)
	}
}
