package cli

import (
	"context"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// runSysctl is the sysctl subcommand: sysctl(8) for our knobs.
func runSysctl(ctx context.Context, env Env, args []string) int {
	return sysctl.Run(ctx, sysctl.Env{
		Getenv: env.Getenv,
		Stdout: env.Stdout,
		Stderr: env.Stderr,
		Fail:   func(err error) { PrintError(env.Stderr, err) },
	}, args)
}
