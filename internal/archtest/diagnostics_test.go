package archtest

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What a supervisor logs, why it is in its state, and what a frame means are items of
// DIAGNOSTICS in carp(4), in these words; and nothing else is.
func TestPagesHaveEveryLogLine(t *testing.T) {
	text := section(pages(t)["carp.4"], "DIAGNOSTICS")
	text = strings.NewReplacer(`\-`, "-", `\&`, "").Replace(text)
	var items, lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		lines = append(lines, line)
		if item, ok := strings.CutPrefix(line, ".It "); ok {
			items = append(items, item)
		}
	}
	said := append(messages(t), reasons(t)...)
	if len(said) < 40 {
		t.Errorf("only %d texts found in the source; this test looks for the wrong thing", len(said))
	}
	means := meanings(t)
	for _, what := range said {
		if !slices.Contains(items, what) {
			t.Errorf("carp(4), DIAGNOSTICS: no item %q", what)
		}
	}
	for _, what := range means {
		if !slices.Contains(lines, what) {
			t.Errorf("carp(4), DIAGNOSTICS: no line %q", what)
		}
	}
	for n, line := range lines {
		if item, ok := strings.CutPrefix(line, ".It "); ok && !slices.Contains(said, item) &&
			(n+1 == len(lines) || !slices.Contains(means, lines[n+1])) {
			t.Errorf("carp(4), DIAGNOSTICS: nothing says %q", item)
		}
	}
}

// messages are what the packages that a supervisor runs log: the first argument of
// log.Info and its like, the second of limited. What is not a literal there is a
// change of state or a verdict.
func messages(t *testing.T) (found []string) {
	t.Helper()
	for _, path := range ofProgram(t) {
		if !slices.Contains([]string{"pkg/carpif", "pkg/clone", "internal/control"}, filepath.Dir(path)) {
			continue
		}
		_, file := parse(t, path)
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			switch name := sel.Sel.Name; {
			case name == "limited" && len(call.Args) > 1:
				found = append(found, texts(call.Args[1])...)
			case slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, name) && strings.EqualFold(lastName(sel.X), "log"):
				found = append(found, whole(call.Args[0])...)
			}
			return true
		})
	}
	return found
}

// reasons are what the core gives for a change of state: every string of machine.go;
// and what of the world keeps it in INIT: those of notReady, and of what it is left
// without. A name in a reason is three dots in the manual.
func reasons(t *testing.T) (found []string) {
	t.Helper()
	_, file := parse(t, "pkg/carp/machine.go")
	for _, decl := range file.Decls {
		if d, ok := decl.(*ast.GenDecl); !ok || d.Tok != token.IMPORT {
			found = append(found, texts(decl)...)
		}
	}
	_, file = parse(t, "pkg/carpif/configure.go")
	ast.Inspect(file, func(n ast.Node) bool {
		f, ok := n.(*ast.FuncDecl)
		if !ok || f.Name.Name != "notReady" {
			return true
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if r, ok := n.(*ast.ReturnStmt); ok {
				found = append(found, whole(r.Results[0])...)
			}
			return true
		})
		return false
	})
	for _, l := range literals(t) {
		if l.constant == "noAddress" {
			found = append(found, l.value)
		}
	}
	return slices.DeleteFunc(found, func(s string) bool { return s == "" })
}

// meanings explain the frames that are logged by default.
func meanings(t *testing.T) (found []string) {
	t.Helper()
	_, file := parse(t, "pkg/carpif/receive.go")
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && spec.Names[0].Name == "meaning" {
			found = append(found, texts(spec)...)
		}
		return true
	})
	if len(found) < 6 {
		t.Errorf("only %d meanings found in receive.go", len(found))
	}
	return found
}

// texts are the strings below a node.
func texts(n ast.Node) (found []string) {
	ast.Inspect(n, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, _ := strconv.Unquote(lit.Value)
			found = append(found, text)
		}
		return true
	})
	return found
}

// whole is a text that is put together of strings and, shown as three dots, what is
// not known here; nothing if it begins with that and is not just a string.
func whole(e ast.Expr) []string {
	var b strings.Builder
	var add func(e ast.Expr)
	add = func(e ast.Expr) {
		switch e := e.(type) {
		case *ast.BinaryExpr:
			add(e.X)
			add(e.Y)
		case *ast.BasicLit:
			text, _ := strconv.Unquote(e.Value)
			b.WriteString(text)
		default:
			b.WriteString("...")
		}
	}
	if add(e); strings.HasPrefix(b.String(), "...") {
		return nil
	}
	return []string{b.String()}
}
