package carpif

import "time"

// quietTime is how long a message of one kind is not repeated.
const quietTime = 10 * time.Second

// maxQuiet bounds the kinds remembered; forged senders must not fill memory.
const maxQuiet = 64

// quiet remembers what has been said lately.
type quiet map[string]time.Time

// limited logs a warning unless one with the same key was logged lately.
func (i *Interface) limited(key, msg string, args ...any) {
	now := time.Now()
	if last, ok := i.quiet[key]; ok && now.Sub(last) < quietTime {
		return
	}
	if i.quiet == nil || len(i.quiet) >= maxQuiet {
		i.quiet = quiet{}
	}
	i.quiet[key] = now
	i.log.Warn(msg, args...)
}
