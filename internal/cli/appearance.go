package cli

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/show"
)

const (
	// FormatVar is FreeBSD's variable with what -f takes.
	FormatVar = "IFCONFIG_FORMAT"
	// LayoutVar names the layout for whoever does not type --layout.
	LayoutVar = "IFCONFIG_CARP_LAYOUT"

	// lookupTime is how long all names together may take to be found.
	lookupTime = 2 * time.Second
)

// appearance is how interfaces are to look.
type appearance struct {
	layout show.Layout
	opts   show.Options
}

// appearance reads the options and variables that are about looks. What makes no
// sense in a format or in a variable is said and skipped: it must not keep a
// change from being made.
func (m *model) appearance(env Env) (appearance, error) {
	look := appearance{layout: show.LayoutFreeBSD9,
		opts: show.Options{Key: m.Keys, Verbose: m.Verbose, Lifetimes: m.Lifetimes, Now: time.Now()}}
	for _, spec := range append([]string{env.Getenv(FormatVar)}, m.Format...) {
		if spec == "" {
			continue
		}
		for _, part := range look.opts.Formats.Set(spec) {
			_, _ = fmt.Fprintf(env.Stderr, "%s: Skipping invalid format specification: %s\n", program, part)
		}
	}
	if name := env.Getenv(LayoutVar); name != "" {
		layout, ok := show.ParseLayout(name)
		if ok {
			look.layout = layout
		} else {
			PrintError(env.Stderr, badLayout(LayoutVar, name))
		}
	}
	if m.Layout != nil {
		layout, ok := show.ParseLayout(*m.Layout)
		if !ok {
			return look, badLayout("--layout", *m.Layout)
		}
		look.layout = layout
	}
	return look, nil
}

func badLayout(where, name string) error {
	if name == "" { // most likely an empty variable
		name = "''"
	}
	return bsderr.New(name+": bad value", fmt.Sprintf("%s takes one of %s", where, strings.Join(show.Layouts(), ", ")))
}

// lookUp finds the names of addresses, all at once; what is not found in time
// has none.
func lookUp(ctx context.Context, addrs []netip.Addr) func(netip.Addr) string {
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	var mu sync.Mutex
	names := map[netip.Addr]string{}
	var wg sync.WaitGroup
	for _, addr := range addrs {
		wg.Go(func() {
			found, err := net.DefaultResolver.LookupAddr(ctx, addr.String())
			if err != nil || len(found) == 0 {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			names[addr] = strings.TrimSuffix(found[0], ".")
		})
	}
	wg.Wait()
	return func(addr netip.Addr) string { return names[addr] }
}
