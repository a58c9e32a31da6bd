package archtest

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// coreMay is what the protocol core imports: nothing that reads a clock, talks to
// the system, draws a random number or waits, so that the same events at the same
// times always lead to the same actions.
var coreMay = []string{
	"bytes", "cmp", "crypto/hmac", "crypto/sha1", "crypto/subtle", "encoding/binary", "errors", "fmt", "hash",
	"iter", "maps", "math", "math/bits", "net/netip", "slices", "sort", "strconv", "strings", "unique",
	"log/slog", "time", // in part: see coreMayUse
}

// coreMayUse is what the core takes of a package that it may not have as a whole:
// of log/slog how a value is shown in somebody else's log, of time the types.
var coreMayUse = map[string][]string{
	"log/slog": {"Any", "Attr", "Bool", "GroupValue", "Int", "LogValuer", "String", "StringValue", "Value"},
	"time":     {"Duration", "Time", "Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour"},
}

func TestCoreIsPure(t *testing.T) {
	for _, path := range goFiles(t, "pkg/carp") {
		if strings.HasSuffix(path, "_test.go") || filepath.Base(filepath.Dir(path)) != "carp" {
			continue
		}
		fset, file := parse(t, path)
		partly := map[string]string{} // the name in this file: the import path
		for _, imp := range imports(t, file) {
			if !slices.Contains(coreMay, imp.path) {
				t.Errorf("%s imports %s: the core is pure; if that package is as well, add it to coreMay", path, imp.path)
			}
			if coreMayUse[imp.path] != nil {
				partly[imp.name] = imp.path
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s: the core has no goroutines: one owner steps it", fset.Position(n.Pos()))
			case *ast.ChanType:
				t.Errorf("%s: the core has no channels: events come in by a call, actions go out as its result", fset.Position(n.Pos()))
			case *ast.SelectorExpr:
				ident, ok := n.X.(*ast.Ident)
				if !ok {
					break
				}
				if from, ok := partly[ident.Name]; ok && !slices.Contains(coreMayUse[from], n.Sel.Name) {
					t.Errorf("%s: %s.%s: of %s the core has only %s; what time it is comes in with each event",
						fset.Position(n.Pos()), ident.Name, n.Sel.Name, from, strings.Join(coreMayUse[from], ", "))
				}
			}
			return true
		})
	}
}

// TUN devices are a second backing; one file makes them look like the first.
func TestWaterInOneFile(t *testing.T) {
	var with []string
	for _, path := range goFiles(t, ".") {
		_, file := parse(t, path)
		for _, imp := range imports(t, file) {
			if within(imp.path, "github.com/songgao/water") {
				with = append(with, path)
			}
		}
	}
	if len(with) > 1 {
		t.Errorf("songgao/water is imported by %s: one file of internal/link wraps it", strings.Join(with, ", "))
	}
}

// maxLines is the hard stop; 50 to 400 is the rule.
const maxLines = 600

func TestFilesAreShort(t *testing.T) {
	for _, path := range goFiles(t, ".") {
		data, err := os.ReadFile(filepath.Join(root(t), path))
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(data, []byte("\n")); n > maxLines {
			t.Errorf("%s has %d lines, at most %d: give its second noun a file of its own", path, n, maxLines)
		}
	}
}

// goFiles are the Go files in a folder of the module and below it, by their paths
// from the module's folder.
func goFiles(t *testing.T, folder string) []string {
	t.Helper()
	var paths []string
	err := fs.WalkDir(os.DirFS(root(t)), folder, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case !d.IsDir() && strings.HasSuffix(path, ".go"):
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatalf("no Go file in %s", folder)
	}
	return paths
}

func parse(t *testing.T, path string) (*token.FileSet, *ast.File) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root(t), path))
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, data, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return fset, file
}

// imported is a package with the name that a file knows it by.
type imported struct{ path, name string }

func imports(t *testing.T, file *ast.File) []imported {
	t.Helper()
	var list []imported
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		name := path[strings.LastIndexByte(path, '/')+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		list = append(list, imported{path, name})
	}
	return list
}
