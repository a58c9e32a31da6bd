// Command ifconfig-carp brings the BSD Common Address Redundancy Protocol to
// Linux, with FreeBSD's ifconfig workflow. See ifconfig-carp(8).
package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/ifconfig-carp/ifconfig-carp/internal/cli"
)

func main() {
	env := cli.Env{Name: filepath.Base(os.Args[0]), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv: os.Getenv, UID: os.Geteuid()}
	os.Exit(cli.Run(context.Background(), env, os.Args[1:]))
}
