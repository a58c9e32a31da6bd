//go:build netns

package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// rehearsed ARGS: ifconfig-carp -N ARGS succeeds, and neither the kernel nor any file
// of the state folder is another one afterwards, nor has one been written anew. The
// password, "sesame" in the scripts, is not told. On a host without carp interfaces
// nothing is heard of it either.
func rehearsed(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: rehearsed arguments...")
	}
	before := picture(ts) + marks(ts, "/run")
	silent := output(ts, "ifconfig-carp", "-l") == "\n"
	heard := listen(ts)
	status(ts, false, 0, append([]string{"ifconfig-carp", "-N"}, args...))
	if frames := heard(); silent && len(frames) > 0 {
		ts.Fatalf("it sent something: %v", frames)
	}
	if after := picture(ts) + marks(ts, "/run"); after != before {
		ts.Fatalf("it changed something:\n%s", difference(before, after))
	}
	if strings.Contains(ts.ReadFile("stdout"), "sesame") {
		ts.Fatalf("the password is in the plan")
	}
}

// listen hears at hosta's port of the switch what CARP sends, until the returned
// function is called.
func listen(ts *testscript.TestScript) func() []netlab.Frame {
	hosta := ts.Value(hostaKey{}).(*netlab.Host)
	carps := func(f netlab.Frame) bool {
		return !f.Outgoing && (f.Protocol() == 112 || f.Source() != hosta.MAC())
	}
	began := make(chan *netlab.Sniffer, 1)
	go func() { // on a thread that sees the machine's own /run
		s, err := hosta.SniffPort(context.Background(), carps)
		if err != nil {
			s = nil
		}
		began <- s
	}()
	s := <-began
	if s == nil {
		ts.Fatalf("cannot listen at the switch")
	}
	return func() []netlab.Frame {
		frames, err := s.Stop()
		ts.Check(err)
		return frames
	}
}

// marks are what changes with the writing of a file, of everything in a folder.
func marks(ts *testscript.TestScript, folder string) string {
	var b strings.Builder
	ts.Check(filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		at := info.Sys().(*syscall.Stat_t)
		fmt.Fprintln(&b, path, at.Ino, at.Mode, at.Size, at.Mtim, at.Ctim)
		return nil
	}))
	return b.String()
}
