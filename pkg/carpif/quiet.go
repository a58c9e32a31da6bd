package carpif

import (
	"maps"
	"time"
)

// quietTime is how long a message of one kind is not repeated.
const quietTime = 10 * time.Second

// maxQuiet bounds the kinds remembered; forged senders must not fill memory.
const maxQuiet = 64

// quiet remembers what has been said lately.
type quiet map[string]time.Time

// limited logs a warning unless one with the same key was logged lately.
func (i *Interface) limited(key, msg string, args ...any) {
	now := i.now()
	if last, ok := i.quiet[key]; ok && now.Sub(last) < quietTime {
		return
	}
	if i.quiet == nil {
		i.quiet = quiet{}
	}
	if len(i.quiet) >= maxQuiet/2 {
		maps.DeleteFunc(i.quiet, func(_ string, last time.Time) bool { return now.Sub(last) >= quietTime })
	}
	if len(i.quiet) >= maxQuiet {
		return // a flood; forgetting what was said would let each frame be a line
	}
	i.quiet[key] = now
	i.log.Warn(msg, args...)
}
