package clone

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// stuck is a log that takes nothing until it is let go.
type stuck struct {
	free chan struct{}
	mu   sync.Mutex
	text strings.Builder
}

func (s *stuck) Write(b []byte) (int, error) {
	<-s.free
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func TestLogNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stuck{free: make(chan struct{})}
		q := newLogQueue(s)
		begun := time.Now()
		for range logQueue + 50 {
			if _, err := q.Write([]byte("line\n")); err != nil {
				t.Fatal(err)
			}
		}
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("a stuck log held the writer up for %v", waited)
		}
		q.Flush()
		if waited := time.Since(begun); waited != logPatience {
			t.Errorf("the end waited %v for a stuck log, want %v", waited, logPatience)
		}
		close(s.free)
		<-q.done
		s.mu.Lock()
		defer s.mu.Unlock()
		text := s.text.String()
		// One line was in the writer's hands, so one more than the queue fits
		// went through, give or take when it took it.
		if n := strings.Count(text, "line\n"); n < logQueue || n > logQueue+1 {
			t.Errorf("%d lines were written, the queue has %d", n, logQueue)
		}
		if !strings.Contains(text, "log lines lost") {
			t.Error("lost lines are not told of")
		}
	})
}
