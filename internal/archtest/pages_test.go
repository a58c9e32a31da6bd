package archtest

import (
	"go/ast"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pages are the manual pages by their file names, such as carp.4.
func pages(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root(t), "man", "*.[1-9]"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("man: no page: %v", err)
	}
	texts := map[string]string{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(path)] = string(data)
	}
	return texts
}

func TestPagesAreClean(t *testing.T) {
	for name := range pages(t) {
		cmd := exec.Command("mandoc", "-T", "lint", "-W", "warning", name)
		cmd.Dir = filepath.Join(root(t), "man")
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("man/%s: %v (scripts/deps docs installs mandoc)\n%s", name, err, out)
		}
	}
}

var (
	reference = regexp.MustCompile(`(?m)^(?:\.It |\.|\.[A-Z][a-z] .*)Xr (\S+) ([1-9])`)
	inPage    = regexp.MustCompile(`(?m)^\.Sx (.*?)(?: [.,;:)]+)*$`)
	heading   = regexp.MustCompile(`(?m)^\.S[hs] (.*)$`)
	elsewhere = []string{"ucarp"} // pages of others with our word in their name
)

// A reference to a page of ours, or to a section of the same page, leads somewhere, and
// each page can be reached from that of the command.
func TestPagesReferToWhatThereIs(t *testing.T) {
	all := pages(t)
	for name, text := range all {
		for _, m := range reference.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(m[1], "carp") || slices.Contains(elsewhere, m[1]) {
				continue
			}
			if _, ok := all[m[1]+"."+m[2]]; !ok {
				t.Errorf("man/%s: there is no page %s(%s)", name, m[1], m[2])
			}
		}
		var headings []string
		for _, m := range heading.FindAllStringSubmatch(text, -1) {
			headings = append(headings, m[1])
		}
		for _, m := range inPage.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(headings, m[1]) {
				t.Errorf("man/%s: it has no section %q; one of another page is .Em or .Dq", name, m[1])
			}
		}
	}
	const main = "ifconfig-carp.8"
	also := section(all[main], "SEE ALSO")
	for name := range all {
		ext := filepath.Ext(name)
		if ref := ".Xr " + strings.TrimSuffix(name, ext) + " " + ext[1:]; name != main && !strings.Contains(also, ref) {
			t.Errorf("man/%s: SEE ALSO has no %q", main, ref)
		}
	}
}

// section is what stands below one of a page's headings.
func section(page, name string) string {
	_, text, _ := strings.Cut(page, "\n.Sh "+name+"\n")
	text, _, _ = strings.Cut(text, "\n.Sh ")
	return text
}

// sections are all sections of a name, of all pages, in what mdoc prints of them.
func sections(t *testing.T, name string) string {
	t.Helper()
	var b strings.Builder
	for _, page := range pages(t) {
		b.WriteString(strings.NewReplacer(`\-`, "-", `\&`, "").Replace(section(page, name)))
	}
	return b.String()
}

// notOpened are paths that the program only looks for in what it reads.
var notOpened = []string{"/etc/defaults/vendor.conf"}

// Files that the program knows by name are in a section FILES: those in the folders
// that are an administrator's business, and those of the state folder.
func TestPagesHaveEveryFile(t *testing.T) {
	files := sections(t, "FILES")
	folders := regexp.MustCompile(`^/(etc|run|dev|var|usr|lib)/[^%]`)
	var found int
	for _, c := range literals(t) {
		ofState := filepath.Dir(c.path) == "internal/state" && regexp.MustCompile(`(File|Suffix|folderLock)$`).MatchString(c.constant)
		if !ofState && !folders.MatchString(c.value) || slices.Contains(notOpened, c.value) {
			continue
		}
		found++
		named := regexp.MustCompile(`(?m)Pa \S*` + regexp.QuoteMeta(strings.TrimSuffix(c.value, "/")) + `/?(\s|$)`)
		if !named.MatchString(files) {
			t.Errorf("%s: %q is in no section FILES of man/", c.path, c.value)
		}
	}
	if found < 8 {
		t.Errorf("only %d files found in the source; this test looks for the wrong thing", found)
	}
}

// Variables of the environment that the program reads are in a section ENVIRONMENT, and
// only those.
func TestPagesHaveEveryVariable(t *testing.T) {
	environment := sections(t, "ENVIRONMENT")
	var found []string
	for _, name := range slices.Compact(slices.Sorted(slices.Values(variables(t)))) {
		found = append(found, name)
		if !strings.Contains(environment, "Ev "+name+"\n") {
			t.Errorf("%s is in no section ENVIRONMENT of man/", name)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^\.It Ev (\S+)`).FindAllStringSubmatch(environment, -1) {
		if !slices.Contains(found, m[1]) {
			t.Errorf("ENVIRONMENT in man/: nothing reads %s", m[1])
		}
	}
	if len(found) < 2 {
		t.Errorf("only %q found in the source; this test looks for the wrong thing", found)
	}
}

// literal is a string in the source of the program.
type literal struct {
	path     string // of the file
	constant string // the name of the constant that it is, if it is one
	value    string
}

// literals are the strings of the program: tests and their labs have others.
func literals(t *testing.T) (all []literal) {
	t.Helper()
	for _, path := range ofProgram(t) {
		_, file := parse(t, path)
		names := map[ast.Expr]string{}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for i, v := range n.Values {
					names[v] = n.Names[i].Name
				}
			case *ast.BasicLit:
				if value, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil {
					all = append(all, literal{path: path, constant: names[n], value: value})
				}
			}
			return true
		})
	}
	return all
}

// handsOn is the file that gives variables on to the supervisor, by a list.
const handsOn = "pkg/clone/start.go"

// variables are what the program asks the environment for, by a function that is
// called Getenv, getenv or LookupEnv; a constant there is found by its name.
func variables(t *testing.T) (names []string) {
	t.Helper()
	values := map[string]string{}
	for _, c := range literals(t) {
		if c.constant != "" {
			values[c.constant] = c.value
		}
	}
	for _, path := range ofProgram(t) {
		fset, file := parse(t, path)
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || path == handsOn || len(call.Args) != 1 || !regexp.MustCompile(`^([gG]etenv|LookupEnv)$`).MatchString(lastName(call.Fun)) {
				return true
			}
			if lit, ok := call.Args[0].(*ast.BasicLit); ok {
				name, _ := strconv.Unquote(lit.Value)
				names = append(names, name)
			} else if value, ok := values[lastName(call.Args[0])]; ok {
				names = append(names, value)
			} else {
				t.Errorf("%s: which variable is read here cannot be told: name it by a constant", fset.Position(call.Pos()))
			}
			return true
		})
	}
	return names
}

// lastName is the name of a function or constant, without what it belongs to.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// ofProgram are the source files that the program is made of.
func ofProgram(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(goFiles(t, "."), func(path string) bool {
		return strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "internal/netlab/") ||
			strings.HasPrefix(path, "pkg/carp/carptest/")
	})
}
