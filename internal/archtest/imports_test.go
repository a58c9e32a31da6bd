package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/ifconfig-carp/ifconfig-carp"

// arrows are the imports among our own packages, each list in alphabetical order.
// They point down: from the command line over the interface at work to the pure
// protocol, and never up.
var arrows = map[string][]string{
	"cmd/ifconfig-carp": {"internal/cli"},
	"internal/cli": {"internal/bsderr", "internal/completion", "internal/control", "internal/lint", "internal/migrate", "internal/rcconf",
		"internal/show", "internal/words", "pkg/clone", "pkg/sysctl"},
	"pkg/clone": {"internal/bsderr", "internal/control", "internal/link", "internal/state", "internal/wire",
		"pkg/carp", "pkg/carpif", "pkg/rehearsal", "pkg/sysctl"},
	"pkg/rehearsal": {"internal/bsderr", "internal/control", "internal/frame", "internal/link", "internal/state",
		"pkg/carp", "pkg/carpif", "pkg/sysctl"},
	"pkg/carpif": {"internal/bsderr", "internal/bsdif", "internal/control", "internal/frame", "internal/link", "internal/state",
		"pkg/carp", "pkg/sysctl"},
	"pkg/sysctl":       {"internal/bsderr", "internal/state"},
	"internal/show":    {"internal/bsdif", "internal/control", "pkg/carp"},
	"internal/words":   {"internal/bsderr", "internal/bsdif", "internal/control", "pkg/carp"},
	"internal/control": {"internal/bsderr", "internal/bsdif", "pkg/carp"},
	"internal/state":   {"internal/bsderr", "internal/bsdif", "pkg/carp"},
	"internal/wire":    {"internal/frame"},
	"internal/link":    {},
	"internal/lint":    {"internal/control", "internal/rcconf", "internal/words", "pkg/carp"},
	"internal/frame":   {},
	"internal/bsderr":  {},
	"internal/bsdif":   {},
	"internal/migrate": {"internal/rcconf", "internal/words"},
	"internal/rcconf":  {"internal/bsderr", "internal/bsdif", "internal/control", "internal/words", "pkg/carp"},
	"pkg/carp":         {},

	"pkg/carp/carptest":        {"pkg/carp"},
	"internal/completion":      {},
	"internal/netlab":          {},
	"internal/netlab/backing":  {},
	"internal/netlab/boot":     {},
	"internal/netlab/compare":  {"internal/netlab"},
	"internal/netlab/demo":     {"internal/netlab"},
	"internal/netlab/failover": {},
	"internal/netlab/history":  {},
	"internal/netlab/interop":  {},
	"internal/netlab/tour":     {},
	"internal/archtest":        {},
}

// owners are the packages that may import a library of others'. Everybody else goes
// through them, so that a library can be replaced in one place.
var owners = map[string][]string{
	"github.com/alecthomas/kong":     {"internal/cli"},
	"github.com/mdlayher/packet":     {"internal/wire"},
	"github.com/mdlayher/sdnotify":   {"pkg/clone"},
	"github.com/songgao/water":       {"internal/link"},
	"github.com/vishvananda/netlink": {"internal/link"},
	"golang.org/x/net/bpf":           {"internal/wire"},
	"mvdan.cc/sh/v3":                 {"internal/rcconf"},
}

// anybodys is what every package but the pure ones may import.
const anybodys = "golang.org/x/sys/unix"

// pure packages have the standard library and nothing else.
var pure = []string{"pkg/carp", "pkg/carp/carptest", "internal/frame", "internal/show"}

// forTests must not get into the program.
var forTests = []string{
	"testing",
	"github.com/cockroachdb/datadriven",
	"github.com/google/go-cmp",
	"github.com/rogpeppe/go-internal",
	"github.com/vishvananda/netns",
	"go.uber.org/goleak",
	"pgregory.net/rapid",
}

// listed is what `go list` tells of a package; Imports are those outside its tests.
type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
	Standard   bool
}

// name is the path below the module.
func (p listed) name() string { return strings.TrimPrefix(p.ImportPath, module+"/") }

// goList lists all our packages and everything they are made of.
func goList(t *testing.T) (ours []listed, standard map[string]bool) {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-tags=netns", "-json=ImportPath,Dir,GoFiles,Imports,Standard", "./...")
	cmd.Dir = root(t)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	standard = map[string]bool{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		switch {
		case p.Standard:
			standard[p.ImportPath] = true
		case strings.HasPrefix(p.ImportPath, module+"/"):
			ours = append(ours, p)
		}
	}
	if len(ours) < 10 {
		t.Fatalf("go list found only %d packages of ours", len(ours))
	}
	return ours, standard
}

// root is the module's folder.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// within tells whether an import path is that of a library or of a package in it.
func within(path, library string) bool {
	return path == library || strings.HasPrefix(path, library+"/")
}

func TestImports(t *testing.T) {
	ours, standard := goList(t)
	for _, p := range ours {
		allowed, known := arrows[p.name()]
		if !known {
			t.Errorf("%s is a package without a place: say in arrows what it may import", p.name())
			continue
		}
		for _, path := range p.Imports {
			if why := objection(p.name(), path, allowed, standard[path]); why != "" {
				t.Errorf("%s imports %s: %s", p.name(), path, why)
			}
		}
	}
}

// objection says what is wrong with an import, or nothing.
func objection(name, path string, allowed []string, standard bool) string {
	if slices.ContainsFunc(forTests, func(library string) bool { return within(path, library) }) {
		return "that is for tests, and this is part of the program"
	}
	if own, ok := strings.CutPrefix(path, module+"/"); ok {
		if slices.Contains(allowed, own) {
			return ""
		}
		return "this arrow is not on the map; imports point down, towards pkg/carp"
	}
	if standard {
		return ""
	}
	if slices.Contains(pure, name) {
		return "a pure package has the standard library only, so that it runs anywhere and its tests need nothing"
	}
	if path == anybodys {
		return ""
	}
	for library, by := range owners {
		if within(path, library) {
			if slices.Contains(by, name) {
				return ""
			}
			return "only " + strings.Join(by, " and ") + " may; the others use what it offers"
		}
	}
	return "a library without an owner: say in owners which package wraps it"
}

// A map with places that nobody lives at misleads.
func TestArrowsAreOfPackagesThereAre(t *testing.T) {
	ours, _ := goList(t)
	used := map[string][]string{}
	for _, p := range ours {
		used[p.name()] = p.Imports
	}
	for name, allowed := range arrows {
		imports, ok := used[name]
		if !ok {
			t.Errorf("there is no package %s", name)
			continue
		}
		for _, own := range allowed {
			if !slices.Contains(imports, module+"/"+own) {
				t.Errorf("%s does not import %s any more: take the arrow off the map", name, own)
			}
		}
	}
}
