// Package cli is the command line: options, subcommands, exit status, and the
// one place that prints an error. The BSD words themselves are internal/words.
// It is the only package that knows kong.
package cli
