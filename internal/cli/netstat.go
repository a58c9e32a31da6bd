package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/show"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/clone"
)

// netstatOptions are what stands behind netstat.
type netstatOptions struct {
	statistics int // -s, twice for what is not 0 only
	clear      bool
	verbose    bool
	json       bool
	compact    bool // --libxo json without pretty
}

var netstatForms = []string{"ifconfig-carp netstat -s [-s] [-vz] [-p carp] [--json | --libxo json[,pretty]]"}

func netstatUsage() string { return usageOf(netstatForms) }

// netstatFlags are the options, those of one letter and the long ones; a colon says
// that it has a value.
var netstatFlags = []string{"s", "v", "z", "p:", "-json", "-libxo:"}

// parseNetstat reads the options. The error is a complaint or netstat's own, or
// errUsage.
func parseNetstat(args []string) (o netstatOptions, err error) {
	for len(args) > 0 {
		bundle, dashed := strings.CutPrefix(args[0], "-")
		if args = args[1:]; !dashed || bundle == "" || bundle == "-" {
			return o, errUsage // there are no operands
		}
		for bundle != "" && err == nil {
			bundle, args, err = o.take(bundle, args)
		}
		if err != nil {
			return o, err
		}
	}
	if o.statistics == 0 { // there is nothing else to show
		return o, errUsage
	}
	return o, nil
}

// take takes one option off a bundle and returns what is left of it, and of the
// arguments behind it.
func (o *netstatOptions) take(bundle string, args []string) (string, []string, error) {
	_, size := utf8.DecodeRuneInString(bundle)
	name, value, given := bundle[:size], bundle[size:], len(bundle) > size
	if name == "-" {
		name, value, given = strings.Cut(bundle, "=")
	}
	switch {
	case slices.Contains(netstatFlags, name+":"):
		if !given && len(args) == 0 {
			return "", nil, complaint("option requires an argument -- " + strings.TrimPrefix(name, "-"))
		}
		if !given {
			value, args = args[0], args[1:]
		}
		return "", args, o.set(name, value)
	case slices.Contains(netstatFlags, name) && len(name) == 1:
		return value, args, o.set(name, "")
	case slices.Contains(netstatFlags, name) && !given:
		return "", args, o.set(name, "")
	case len(name) > 1 && name[0] == '-':
		return "", nil, complaint("unknown flag -" + bundle)
	}
	return "", nil, complaint("illegal option -- " + name)
}

func (o *netstatOptions) set(name, value string) error {
	switch name {
	case "s":
		o.statistics++
	case "v":
		o.verbose = true
	case "z":
		o.clear = true
	case "-json":
		o.json = true
	case "p":
		if value != clone.Driver {
			return bsderr.New(value+": unknown or uninstrumented protocol", "-p "+value+": only carp is counted here")
		}
	case "-libxo":
		o.json, o.compact = true, value == "json"
		if value != "json" && value != "json,pretty" {
			return bsderr.New("--libxo "+value+": unknown output style", "--libxo takes json or json,pretty")
		}
	}
	return nil
}

// complaint is what getopt(3) says; the usage follows.
type complaint string

func (c complaint) Error() string { return string(c) }

// runNetstat is the netstat subcommand: FreeBSD's `netstat -s -p carp`. --json and -v
// may stand before it too. A dry run prints and clears nothing.
func (m *model) runNetstat(ctx context.Context, env Env) int {
	if slices.Equal(m.Netstat.Args, []string{"--help"}) { // -h could be netstat's own
		_, _ = io.WriteString(env.Stdout, netstatUsage())
		return 0
	}
	o, err := parseNetstat(m.Netstat.Args)
	o.json, o.verbose, o.clear = o.json || m.JSON, o.verbose || m.Verbose, o.clear && !m.DryRun
	_, mistyped := errors.AsType[complaint](err)
	switch {
	case err == nil:
		return status(env, netstat(ctx, env, o))
	case !errors.Is(err, errUsage):
		PrintError(env.Stderr, err)
	}
	if mistyped || errors.Is(err, errUsage) {
		_, _ = io.WriteString(env.Stderr, netstatUsage())
	}
	return 1
}

func netstat(ctx context.Context, env Env, o netstatOptions) error {
	if o.clear && env.UID != 0 {
		return notCounted("only root may clear the counters; use sudo or doas")
	}
	cloner, err := clone.Open(env.Getenv)
	if err != nil {
		return err
	}
	cloner.Notify = func(s string) { _, _ = fmt.Fprintf(env.Stderr, "%s: %s\n", program, s) }
	counts, missing, err := count(ctx, env, cloner, o.clear)
	if err != nil {
		return err
	}
	s := show.Statistics{Interfaces: counts.Interfaces, Ended: counts.Ended, NonZero: o.statistics > 1, Verbose: o.verbose}
	if o.json {
		return errors.Join(s.JSON(env.Stdout, !o.compact), missing)
	}
	s.Text(env.Stdout)
	return missing
}

// count reads what has been counted. What missing tells of is not in it.
func count(ctx context.Context, env Env, cloner *clone.Cloner, clear bool) (counts clone.Counts, missing, err error) {
	read := cloner.Counters
	if clear {
		read = cloner.ClearCounters
	}
	counts, err = read(ctx)
	if errors.Is(err, fs.ErrPermission) && env.UID != 0 {
		return counts, nil, notCounted("the counters are for root to see; use sudo or doas")
	}
	if len(counts.Interfaces) == 0 && err != nil {
		return counts, nil, err
	}
	errs := []error{err}
	for _, s := range counts.Interfaces {
		if s.Error != "" {
			errs = append(errs, bsderr.New(s.Name+": "+s.Error, s.Name+": what it counted is not in the sums"))
		}
	}
	return counts, errors.Join(errs...), nil
}

// notCounted is FreeBSD's refusal to whoever may not.
func notCounted(hint string) error {
	return bsderr.Errno("sysctl net.inet.carp.stats", unix.EPERM, hint)
}

// carpstats are the counters as sysctl(8) has them.
func carpstats(ctx context.Context, env Env, name string) ([]byte, error) {
	cloner, err := clone.Open(env.Getenv)
	if err != nil {
		return nil, err
	}
	cloner.Notify = func(s string) { _, _ = fmt.Fprintf(env.Stderr, "%s: %s\n", name, s) }
	counts, missing, err := count(ctx, env, cloner, false)
	if err != nil {
		return nil, err
	}
	return show.Carpstats(show.Statistics{Interfaces: counts.Interfaces, Ended: counts.Ended}.Total()), missing
}
