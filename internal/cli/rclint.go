package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/lint"
)

// lintJSON is the option of `rc lint`.
const lintJSON = "--json"

// rcLint is `rc lint`: what is wrong among the files of several hosts. Its exit status
// is the worst finding's, so what could not be looked at at all has that of an error.
func rcLint(m *model, _ context.Context, env Env, args []string) int {
	asJSON := m.JSON
	paths, err := rcOperands(args, map[string]*bool{lintJSON: &asJSON})
	if err != nil {
		PrintError(env.Stderr, err)
		_, _ = io.WriteString(env.Stderr, rcUsage())
		return int(lint.Error)
	}
	hosts, err := lintHosts(paths)
	if err != nil {
		PrintError(env.Stderr, err)
		return int(lint.Error)
	}
	found := lint.Check(hosts)
	out := []byte(lint.Text(found))
	if asJSON {
		if out, err = lint.JSON(found); err != nil {
			PrintError(env.Stderr, err)
			return int(lint.Error)
		}
	}
	if _, err := env.Stdout.Write(out); err != nil {
		PrintError(env.Stderr, fmt.Errorf("stdout: %w", err))
		return int(lint.Error)
	}
	return lint.Worst(found)
}

// lintHosts reads a host from each file; without any, this one from its own files.
func lintHosts(paths []string) (hosts []*lint.Host, err error) {
	if len(paths) == 0 {
		sources, err := readRC(nil)
		if err != nil {
			return nil, err
		}
		var files []lint.File
		for _, s := range sources {
			files = append(files, lint.File{Source: s.Source, Exposed: s.open})
		}
		return []*lint.Host{lint.Read(files...)}, nil
	}
	for n, path := range paths {
		if slices.ContainsFunc(paths[:n], func(p string) bool { return filepath.Clean(p) == filepath.Clean(path) }) {
			continue // a host is not its own backup
		}
		s, err := readRCFile(path)
		if err != nil {
			hosts = append(hosts, lint.Unreadable(path, strings.TrimPrefix(bsderr.From(err).Text, path+": ")))
			continue
		}
		hosts = append(hosts, lint.Read(lint.File{Source: s.Source, Exposed: s.open}))
	}
	return hosts, nil
}

// rcOperands takes the options known out of the arguments; what is left are files.
func rcOperands(args []string, known map[string]*bool) (files []string, err error) {
	for n, arg := range args {
		switch set, ok := known[arg]; {
		case arg == "--":
			return append(files, args[n+1:]...), nil
		case ok:
			*set = true
		case strings.HasPrefix(arg, "-"):
			return nil, bsderr.New("illegal option -- " + strings.TrimLeft(arg, "-"))
		case arg == "":
			return nil, badValue("file ''", "write the name of a file")
		default:
			files = append(files, arg)
		}
	}
	return files, nil
}
