package rcconf

import (
	"math"
	"strconv"
	"time"
)

// Forever is to wait without end, written "forever".
const Forever time.Duration = math.MaxInt64

// ParseWait reads how long to wait for parents: a number of seconds, or "forever".
func ParseWait(text string) (time.Duration, bool) {
	if text == "forever" {
		return Forever, true
	}
	n, err := strconv.ParseUint(text, 10, 31)
	return time.Duration(n) * time.Second, err == nil
}
