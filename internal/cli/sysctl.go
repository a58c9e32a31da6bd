package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// SysctlName is the name under which the program is its own sysctl subcommand.
const SysctlName = "sysctl-carp"

// runSysctl is the sysctl subcommand: sysctl(8) for our knobs.
func runSysctl(ctx context.Context, env Env, args []string) int {
	return sysctl.Run(ctx, sysctlEnv(env, nil), args)
}

// sysctlEnv is what sysctl knows of the process; folder is nil but for a dry run.
func sysctlEnv(env Env, folder sysctl.Folder) sysctl.Env {
	name, command := program, []string{program, "sysctl"}
	if env.Name == SysctlName {
		name, command = SysctlName, []string{SysctlName}
	}
	return sysctl.Env{
		Getenv:  env.Getenv,
		Folder:  folder,
		Stdout:  env.Stdout,
		Stderr:  env.Stderr,
		Program: strings.Join(command, " "),
		Stats:   func(ctx context.Context) ([]byte, error) { return carpstats(ctx, env, name) },
		Enter: func(netns string, args []string) error {
			if folder != nil {
				command = slices.Insert(command, 1, "-N")
			}
			return enterNetns(netns, append(command, args...))
		},
		Fail: func(err error) { printErrorOf(env.Stderr, name, err) },
	}
}
