package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/clone"
	"golang.org/x/sys/unix"
)

// program is the name that errors begin with, whatever the file is called.
const program = "ifconfig-carp"

// Env is the process as a command sees it.
type Env struct {
	// Name is what the program was called as, without the path; SysctlName makes
	// it the sysctl subcommand.
	Name           string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Getenv is os.Getenv or like it.
	Getenv func(string) string
	// UID is the effective user ID; 0 may change things.
	UID int
}

// model is what kong parses: our own options and subcommands. Everything from
// the first operand on is BSD words and handed on untouched.
type model struct {
	All       bool     `short:"a" help:"all carp interfaces"`
	Aliases   bool     `short:"A" help:"all carp interfaces (OpenBSD)"`
	List      bool     `short:"l" help:"names only"`
	Cloners   bool     `short:"C" help:"what can be created"`
	Down      bool     `short:"d" help:"only those that are down"`
	Up        bool     `short:"u" help:"only those that are up"`
	Group     *string  `short:"g" placeholder:"GROUP" help:"those in an interface group"`
	Exclude   *string  `short:"G" placeholder:"GROUP" help:"leave out a group"`
	Keys      bool     `short:"k" help:"show passwords"`
	Lifetimes bool     `short:"L" help:"lifetimes of IPv6 addresses"`
	Media     bool     `short:"m" help:"accepted"`
	NoLoad    bool     `short:"n" help:"accepted"`
	Verbose   bool     `short:"v" help:"why, and whom it hears"`
	Format    []string `short:"f" sep:"none" placeholder:"TYPE:FORMAT[,...]" help:"how addresses are written"`
	Layout    *string  `placeholder:"LAYOUT" help:"the system whose layout it is"`
	JSON      bool     `name:"json" help:"everything, as JSON"`
	DryRun    bool     `short:"N" help:"print what would be done"`
	Netns     *string  `short:"j" placeholder:"NETNS" help:"inside a network namespace"`
	Help      bool     `short:"h" help:"summary"`
	Version   bool     `help:"version"`

	Words      wordsCommand      `cmd:"" default:"withargs" passthrough:"partial"`
	Sysctl     sysctlCommand     `cmd:"" passthrough:""`
	RC         rcCommand         `cmd:"" name:"rc" passthrough:""`
	Netstat    netstatCommand    `cmd:"" passthrough:""`
	Completion completionCommand `cmd:"" passthrough:""`
	Supervise  superviseCommand  `cmd:""`
}

type wordsCommand struct {
	Args []string `arg:"" optional:""`
}

type sysctlCommand struct {
	Args []string `arg:"" optional:""`
}

type netstatCommand struct {
	Args []string `arg:"" optional:""`
}

type superviseCommand struct {
	Create    bool
	ControlFD int    `name:"control-fd" default:"-1"`
	Name      string `arg:""`
}

// errUsage is a command line that makes no sense: the usage is printed.
var errUsage = errors.New("usage")

// Run runs one command line, args without the program's name, and returns the
// exit status. What could not be printed is a failure: a script must not take half
// a list for the whole.
func Run(ctx context.Context, env Env, args []string) int {
	out := &printer{to: env.Stdout}
	env.Stdout = out
	code := dispatch(ctx, env, args)
	if code == 0 && out.err != nil {
		return status(env, out.err)
	}
	return code
}

// printer remembers the first error of writing.
type printer struct {
	to  io.Writer
	err error
}

func (p *printer) Write(data []byte) (int, error) {
	n, err := p.to.Write(data)
	if p.err == nil {
		p.err = err
	}
	return n, err
}

// dispatch finds out which command it is, and runs it.
func dispatch(ctx context.Context, env Env, args []string) int {
	if env.Name == SysctlName {
		return runSysctl(ctx, env, args)
	}
	var m model
	parser, err := kong.New(&m, kong.Name(program), kong.NoDefaultHelp(), kong.Exit(func(int) {}))
	if err != nil { // a mistake in the model
		panic(err)
	}
	_, operand, complaint := scanOptions(args)
	if complaint != "" {
		_, _ = fmt.Fprintf(env.Stderr, "%s: %s\n", program, complaint)
		return usage(env.Stderr, 1)
	}
	typed := args[operand:]
	if operand < len(args) && args[operand] == undemote { // no options
		args = slices.Insert(slices.Clone(args), operand, "--")
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		_, _ = fmt.Fprintf(env.Stderr, "%s: %v\n", program, err)
		return usage(env.Stderr, 1)
	}
	switch {
	case m.Help:
		return usage(env.Stdout, 0)
	case m.Version:
		_, _ = fmt.Fprintln(env.Stdout, program, version())
		return 0
	}
	if m.Netns != nil {
		return status(env, enterNetns(*m.Netns, append([]string{program}, withoutNetns(args)...)))
	}
	command, _, _ := strings.Cut(parsed.Command(), " ")
	switch command {
	case "sysctl":
		if m.DryRun {
			return rehearseSysctl(ctx, env, m.Sysctl.Args)
		}
		return runSysctl(ctx, env, m.Sysctl.Args)
	case "rc":
		return m.runRC(ctx, env, m.RC.Args)
	case "netstat":
		return m.runNetstat(ctx, env)
	case "completion":
		if slices.Equal(m.Completion.Args, []string{"--help"}) {
			return usage(env.Stdout, 0)
		}
		return status(env, runCompletion(env.Stdout, parser, m.Completion.Args))
	case clone.SuperviseCommand:
		if m.DryRun { // it would not be one
			return usage(env.Stderr, 1)
		}
		ctx, stop := signal.NotifyContext(ctx, unix.SIGTERM, unix.SIGINT)
		defer stop()
		context.AfterFunc(ctx, stop) // a second signal ends what hangs
		signal.Ignore(unix.SIGHUP, unix.SIGPIPE)
		s := &m.Supervise
		gone, err := clone.Supervise(ctx, s.Name, s.Create, s.ControlFD, env.Getenv)
		if code := status(env, err); !gone {
			return code
		}
		return statusGone
	}
	m.Words.Args = typed // byte for byte: kong makes valid UTF-8 of a password
	return status(env, m.run(ctx, env))
}

// statusGone is how a supervisor exits when its interface is gone, or not its own, so
// that systemd does not start it again: "program is not configured" (LSB, init
// scripts). carp@.service names it.
const statusGone = 6

// status prints an error, if there is one, and says how to exit.
func status(env Env, err error) int {
	if err == nil {
		return 0
	}
	switch {
	case errors.Is(err, errUsage):
		return usage(env.Stderr, 1)
	case errors.Is(err, errTold):
		return 1
	}
	PrintError(env.Stderr, err)
	return 1
}

// PrintError prints err as every error is printed: FreeBSD's text behind the
// program's name, then the hints.
func PrintError(w io.Writer, err error) { printErrorOf(w, program, err) }

// printErrorOf is PrintError under another name of the program.
func printErrorOf(w io.Writer, name string, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			printErrorOf(w, name, e)
		}
		return
	}
	e := bsderr.From(err)
	_, _ = fmt.Fprintf(w, "%s: %s\n", name, e.Text)
	for _, hint := range e.Hints {
		_, _ = fmt.Fprintf(w, "hint: %s\n", hint)
	}
}
