package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/migrate"
	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
)

// rcImport is `rc import`: OpenBSD's and NetBSD's files as lines of rc.conf. It fails if
// anything had to be left out, and prints the rest all the same.
func rcImport(_ *model, _ context.Context, env Env, args []string) int {
	paths, err := rcOperands(args, nil)
	if err == nil && len(paths) == 0 {
		err = bsderr.New("rc import: no file named")
	}
	if err != nil {
		PrintError(env.Stderr, err)
		_, _ = io.WriteString(env.Stderr, rcUsage())
		return 1
	}
	exit := 0
	var sources []rcconf.Source
	for _, path := range paths {
		s, err := readRCFile(path)
		if err != nil {
			PrintError(env.Stderr, err)
			exit = 1
			continue
		}
		sources = append(sources, s.Source)
	}
	r := migrate.Convert(sources...)
	for _, n := range r.Notes {
		PrintError(env.Stderr, n)
	}
	if r.Lost {
		exit = 1
	}
	if _, err := io.WriteString(env.Stdout, r.Text); err != nil {
		PrintError(env.Stderr, fmt.Errorf("stdout: %w", err))
		return 1
	}
	if len(r.Secret) > 0 {
		PrintError(env.Stderr, bsderr.New("the lines have the password of "+strings.Join(r.Secret, ", "),
			"keep them in a file of mode 0600, or write passfile and the name of such a file"))
	}
	return exit
}
