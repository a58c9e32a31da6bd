package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/clone"
	"golang.org/x/sys/unix"
)

type rcCommand struct {
	Args []string `arg:"" optional:""`
}

// rcForms are the forms of the subcommand.
var rcForms = []string{
	"ifconfig-carp rc start | restart [-Nq] [-f file] [--map theirs=ours] [--wait seconds] [--leave] [interface ...]",
	"ifconfig-carp rc stop [-Nq] [-f file] [--map theirs=ours] [interface ...]",
	"ifconfig-carp rc status [-f file] [--map theirs=ours] [interface ...]",
	"ifconfig-carp rc lint [--json] [file ...]",
	"ifconfig-carp rc import file ...",
}

func rcUsage() string { return usageOf(rcForms) }

// rcVerbs are what rc can be told to do. They return the exit status.
var rcVerbs = map[string]func(m *model, ctx context.Context, env Env, args []string) int{
	"start":   rcVerb((*rcRun).start, true),
	"stop":    rcVerb((*rcRun).stop, true),
	"restart": rcVerb((*rcRun).restart, true),
	"status":  rcVerb((*rcRun).status, false),
	"lint":    rcLint,
	"import":  rcImport,
}

// runRC is the rc subcommand: rc.d/netif for carp interfaces.
func (m *model) runRC(ctx context.Context, env Env, args []string) int {
	if len(args) > 0 {
		if args[0] == "-h" || args[0] == "--help" {
			_, _ = io.WriteString(env.Stdout, rcUsage())
			return 0
		}
		if verb, ok := rcVerbs[args[0]]; ok {
			return verb(m, ctx, env, args[1:])
		}
		PrintError(env.Stderr, bsderr.New("rc: unknown directive '"+args[0]+"'"))
	}
	_, _ = io.WriteString(env.Stderr, rcUsage())
	return 1
}

// rcOptions are what may stand behind start, stop, restart and status.
type rcOptions struct {
	// files are those of -f; without any, FreeBSD's are read.
	files []string
	// mapped are physical interfaces: the files' name, mangled, to ours.
	mapped map[string]string
	// wait is how long start waits for parents, perhaps [rcconf.Forever]; nil if that
	// is not said.
	wait *time.Duration
	// leave has what is late when the time is up left to [clone.LateUnit], and a signal
	// to end mean a stop, as carp-rc.service wants it.
	leave bool
	// dryRun only tells what would be done.
	dryRun bool
	// quiet leaves out the interfaces behind the line that names them.
	quiet bool
	names []string
}

// rcWait is how long start waits for parents unless told otherwise: what DHCP
// takes at boot.
const rcWait = 30 * time.Second

// WaitVar says how long start waits where neither the files nor --wait do: at boot that
// is longer, and yet for the files to change.
const WaitVar = "IFCONFIG_CARP_WAIT"

// waitVar is what [WaitVar] says; nil if it is not set, or makes no sense and that is said.
func waitVar(env Env) *time.Duration {
	value := env.Getenv(WaitVar)
	if value == "" {
		return nil
	}
	wait, err := parseWait(WaitVar+"=", value)
	if err != nil {
		PrintError(env.Stderr, err)
	}
	return wait
}

// parseWait reads how long to wait, which is said behind what.
func parseWait(what, value string) (*time.Duration, error) {
	wait, ok := rcconf.ParseWait(value)
	if !ok {
		return nil, badValue(what+shown(value), "write a number of seconds, 0 for not at all, or forever")
	}
	return &wait, nil
}

// badValue is the refusal of a value, with what would be accepted.
func badValue(said, hint string) error { return bsderr.New(said+": bad value", hint) }

// shown is a word typed as an error shows it: an empty one would not be seen.
func shown(word string) string {
	if word == "" {
		return "''"
	}
	return word
}

// rcFlags are the options, and whether they have a value.
var rcFlags = map[string]bool{"-f": true, "--map": true, "--wait": true, "--leave": false, "-N": false, "--dry-run": false, "-q": false}

// parseRC reads the options; they and the names of interfaces may be mixed.
func parseRC(args []string) (rcOptions, error) {
	o := rcOptions{mapped: map[string]string{}}
	for n := 0; n < len(args); n++ {
		option, value, hasValue := strings.Cut(args[n], "=")
		if !strings.HasPrefix(option, "--") {
			option, value, hasValue = args[n], "", false
		}
		if letter := args[n][:min(2, len(args[n]))]; letter != args[n] { // -fFILE, -qN
			switch takesValue, known := rcFlags[letter]; {
			case takesValue:
				option, value, hasValue = letter, args[n][2:], true
			case known:
				option, args = letter, slices.Concat(args[:n], []string{letter, "-" + args[n][2:]}, args[n+1:])
			}
		}
		takesValue, known := rcFlags[option]
		if known && !takesValue && hasValue {
			return o, bsderr.New("option doesn't take an argument -- " + strings.TrimLeft(option, "-"))
		}
		if takesValue && !hasValue {
			if n++; n == len(args) {
				return o, bsderr.New("option requires an argument -- " + strings.TrimLeft(option, "-"))
			}
			value = args[n]
		}
		switch {
		case option == "-f" && value == "":
			return o, badValue("-f ''", "write the name of a file")
		case option == "-f":
			o.files = append(o.files, value)
		case option == "--map":
			theirs, ours, ok := strings.Cut(value, "=")
			if !ok || theirs == "" || ours == "" {
				return o, badValue("--map "+shown(value), "write the file's name and the one here: --map fxp0=eth0")
			}
			o.mapped[rcconf.Mangle(theirs)] = ours
		case option == "--wait":
			wait, err := parseWait("--wait ", value)
			if err != nil {
				return o, err
			}
			o.wait = wait
		case option == "--leave":
			o.leave = true
		case option == "-q":
			o.quiet = true
		case option == "-N", option == "--dry-run":
			o.dryRun = true
		case option == "--":
			o.names = append(o.names, args[n+1:]...)
			return o, o.check()
		case strings.HasPrefix(option, "-"):
			return o, bsderr.New("illegal option -- " + strings.TrimLeft(option, "-"))
		default:
			o.names = append(o.names, option)
		}
	}
	return o, o.check()
}

// check finds what no interface can be called, and options that contradict each other.
func (o *rcOptions) check() error {
	if o.leave && len(o.files)+len(o.mapped)+len(o.names) > 0 {
		return bsderr.New("--leave: "+clone.LateUnit+" is for all that the usual files have",
			"leave out -f, --map and the names of interfaces; carp_map in a file does what --map does")
	}
	if slices.Contains(o.names, "") {
		return badValue("interface ''", "write the name of a carp interface or of a parent, or none for all")
	}
	return nil
}

// rcVerb makes a verb out of what is done once the options and the files are read, and
// of whether that changes anything.
func rcVerb(do func(*rcRun, context.Context) error, changes bool) func(*model, context.Context, Env, []string) int {
	return func(m *model, ctx context.Context, env Env, args []string) int {
		options, err := parseRC(args)
		if err != nil {
			PrintError(env.Stderr, err)
			_, _ = io.WriteString(env.Stderr, rcUsage())
			return 1
		}
		options.dryRun = options.dryRun || m.DryRun
		if env.UID != 0 {
			return status(env, bsderr.Errno("rc", unix.EPERM, "only root may read the passwords and change interfaces; use sudo or doas"))
		}
		var said bytes.Buffer
		real := env.Stdout
		if options.dryRun {
			env.Stdout, options.wait = &said, new(time.Duration(0))
		}
		if options.leave {
			var stop context.CancelFunc
			ctx, stop = signal.NotifyContext(ctx, unix.SIGTERM, unix.SIGINT)
			defer stop()
			context.AfterFunc(ctx, stop) // a second signal ends what hangs
		}
		r, err := m.openRC(env, options, changes)
		if err != nil {
			return status(env, err)
		}
		err = do(r, ctx)
		if options.dryRun {
			env.Stdout = real
			r.printRehearsal(env, &said)
		}
		return status(env, err)
	}
}

// printRehearsal prints what a dry run has done, then what it would have printed.
func (r *rcRun) printRehearsal(env Env, said *bytes.Buffer) {
	plan := r.cloner.Plan()
	for line := range strings.Lines(said.String()) {
		plan = append(plan, "# prints "+strings.TrimSuffix(line, "\n"))
	}
	_ = printPlan(env, append(plan, r.cloner.Outlook()...))
}

// note prints a warning.
func (r *rcRun) note(p *rcconf.Problem) {
	_, _ = fmt.Fprintf(r.env.Stderr, "%s: %s\n", program, p.Error())
	for _, hint := range p.Hints {
		_, _ = fmt.Fprintf(r.env.Stderr, "hint: %s\n", hint)
	}
}
