package clone

import (
	"context"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
)

// world is where a Cloner's supervisors are: this host, or one that is imagined for
// a dry run. What is refused, and with which words, is decided above it, and so is
// the same in both.
type world interface {
	// Units, Load and Alive are the state folder's.
	Units() ([]state.Unit, error)
	Load(name string) (state.Record, error)
	Alive(name string) bool
	// start starts a supervisor and sends it its first request.
	start(ctx context.Context, name string, how launching, first control.Request) (control.Response, error)
	// converse sends a request to one that is alive.
	converse(ctx context.Context, name string, req control.Request, limit time.Duration) (control.Response, error)
	// destroyDamaged removes an interface whose record cannot be read, which why
	// tells of.
	destroyDamaged(name string, why error) error
}

// live is this host.
type live struct {
	*state.Dir
	*Cloner
}
