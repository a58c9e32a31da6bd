// The demo shows ifconfig-carp at work: three web hosts share two virtual
// addresses, one is powered off and on again, and a client tells what it saw.
// Everything happens in network namespaces; scripts/demo builds and runs it.
//
//	demo -binary PATH
//
// It exits with status 0 only if every step was observed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
)

// limit is how long the whole demo may take.
const limit = 90 * time.Second

func main() {
	binary := flag.String("binary", "", "the `path` of the ifconfig-carp to show")
	flag.Parse()
	if *binary == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM, unix.SIGHUP)
	defer stop()
	if err := demo(ctx, *binary); err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo: FAILED: %v\n", err)
		os.Exit(1)
	}
}

// demo sets the stage, plays, and clears the stage whatever happened.
func demo(ctx context.Context, binary string) (err error) {
	start := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done within %v", limit))
	defer cancel()

	s, err := newStage(ctx, os.Stdout, binary)
	if err != nil {
		return err
	}
	defer func() {
		if closing := s.lab.Close(); closing != nil {
			err = errors.Join(err, closing)
		}
		if err == nil {
			fmt.Printf("\nAll steps were observed; everything is cleaned up. %.0f s.\n", time.Since(start).Seconds())
		}
	}()
	return s.play(ctx)
}
