//go:build netns

package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// rehearsed ARGS: ifconfig-carp -N ARGS succeeds, and neither the kernel nor any file
// of the state folder is another one afterwards, nor has one been written anew. The
// password, "sesame" in the scripts, is not told.
func rehearsed(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: rehearsed arguments...")
	}
	before := picture(ts) + marks(ts, "/run")
	status(ts, false, 0, append([]string{"ifconfig-carp", "-N"}, args...))
	if after := picture(ts) + marks(ts, "/run"); after != before {
		ts.Fatalf("it changed something:\n%s", difference(before, after))
	}
	if strings.Contains(ts.ReadFile("stdout"), "sesame") {
		ts.Fatalf("the password is in the plan")
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
