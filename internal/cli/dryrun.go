package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/clone"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// openCloner is the way to the carp interfaces, for a dry run to imaginary ones.
func openCloner(env Env, dryRun bool) (*clone.Cloner, error) {
	if dryRun {
		return clone.Rehearse(env.Getenv)
	}
	cloner, err := clone.Open(env.Getenv)
	if err == nil {
		cloner.Notify = func(s string) { _, _ = fmt.Fprintf(env.Stderr, "%s: %s\n", program, s) }
	}
	return cloner, err
}

// rehearse applies a line of words in a dry run and prints the plan. A line that would
// be refused is refused with the same words, and has no plan.
func rehearse(ctx context.Context, env Env, cloner *clone.Cloner, args []string) error {
	var said bytes.Buffer
	quiet := env
	quiet.Stdout = &said
	err := apply(ctx, quiet, cloner, args)
	plan := cloner.Plan()
	if env.UID != 0 && errors.Is(err, fs.ErrPermission) {
		// What is root's to read is what the plan depends on.
		if line, bad := words.Parse(args); bad == nil {
			err = notPermitted(&line, args)
		}
	}
	if err != nil {
		return err
	}
	for line := range strings.Lines(said.String()) {
		plan = append(plan, "# prints "+strings.TrimSuffix(line, "\n"))
	}
	return printPlan(env, plan)
}

// printPlan prints what a dry run has done, a line each.
func printPlan(env Env, plan []string) error {
	for _, line := range plan {
		if _, err := fmt.Fprintln(env.Stdout, line); err != nil {
			return err
		}
	}
	return nil
}

// rehearseSysctl is the sysctl subcommand in a dry run: what it prints becomes a
// comment when something is set, and is followed by what the interfaces do about it.
func rehearseSysctl(ctx context.Context, env Env, args []string) int {
	cloner, err := clone.Rehearse(env.Getenv)
	if err != nil {
		return status(env, err)
	}
	var said bytes.Buffer
	quiet := env
	quiet.Stdout = &said
	failures := sysctl.Run(ctx, sysctlEnv(quiet, cloner.Knobs()), args)
	plan := append(cloner.Plan(), cloner.Outlook()...)
	for line := range strings.Lines(said.String()) {
		if cloner.Changing() {
			line = "# " + line
		}
		_, _ = fmt.Fprint(env.Stdout, line)
	}
	if err := printPlan(env, plan); err != nil && failures == 0 {
		return status(env, err)
	}
	return failures
}
