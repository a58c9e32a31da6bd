package cli

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
	"github.com/ifconfig-carp/ifconfig-carp/internal/control"
	"github.com/ifconfig-carp/ifconfig-carp/internal/lint"
	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
	"github.com/ifconfig-carp/ifconfig-carp/internal/show"
	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/clone"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// The manual pages that describe the command line.
const (
	mainPage   = "ifconfig-carp.8"
	sysctlPage = "sysctl-carp.8"
	rcPage     = "ifconfig-carp.rc.5"
)

// What a person can type or meet is in the manual, in the section that is about it, and
// whatever heads an item there exists.
func TestManualIsComplete(t *testing.T) {
	pages := map[string]map[string]string{}
	for _, name := range []string{mainPage, sysctlPage, rcPage} {
		data, err := os.ReadFile("../../man/" + name)
		if err != nil {
			t.Fatal(err)
		}
		pages[name] = sections(string(data))
	}

	var tables []string
	for _, w := range words.All() {
		tables = append(tables, w.Name)
		tables = append(tables, w.Synonyms...)
	}
	var knobs []string
	for _, k := range sysctl.Knobs() {
		knobs = append(knobs, k.Name)
	}
	var verdicts []string
	for v := range carp.NumVerdicts {
		verdicts = append(verdicts, v.String())
	}
	var variables []string
	for _, v := range rcconf.KnownVariables() {
		variables = append(variables, v.Name)
	}
	var lines []string
	for _, c := range show.Counters() {
		lines = append(lines, c.Key)
	}
	for _, part := range []struct {
		page, section string
		want          []string
	}{
		{mainPage, "Options", slices.Concat(flags(t), formats())},
		{mainPage, "Layouts", show.Layouts()},
		{mainPage, "Parameters", tables},
		{mainPage, "netstat", slices.Concat(netstatItems(), lines)},
		{mainPage, "Counters", append(verdicts, control.ReceivedInet, control.ReceivedInet6, control.SentInet,
			control.SentInet6, control.SendErrors, control.NoMemory)},
		{sysctlPage, "Options", sysctlFlags()},
		{sysctlPage, "Variables", knobs},
		{rcPage, "Commands", slices.Concat(slices.Collect(maps.Keys(rcVerbs)), slices.Collect(maps.Keys(rcFlags)))},
		{rcPage, "Findings", findings()},
		{rcPage, "Variables", slices.Concat(variables, rcconf.Pseudo())},
	} {
		text, ok := pages[part.page][part.section]
		if !ok {
			t.Errorf("%s has no section %s", part.page, part.section)
			continue
		}
		named, items := marked(text)
		for _, name := range part.want {
			if !slices.Contains(named, name) {
				t.Errorf("%s, %s: nothing about %q", part.page, part.section, name)
			}
		}
		for _, item := range items {
			if !slices.Contains(part.want, item) {
				t.Errorf("%s, %s: there is no %q", part.page, part.section, item)
			}
		}
	}
}

// flags are the program's options.
func flags(t *testing.T) (names []string) {
	t.Helper()
	parser, err := kong.New(&model{}, kong.NoDefaultHelp())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range parser.Model.Flags {
		names = append(names, optionNames(f)...)
	}
	return names
}

// findings are the codes of rc lint.
func findings() (codes []string) {
	for _, r := range lint.Rules() {
		codes = append(codes, r.Code)
	}
	return codes
}

// formats are what -f takes.
func formats() (names []string) {
	for _, t := range show.FormatTypes() {
		for _, format := range t.Formats {
			names = append(names, t.Name+":"+format)
		}
	}
	return names
}

// sysctlFlags are the subcommand's options.
func sysctlFlags() (names []string) {
	for _, o := range sysctl.Options() {
		names = append(names, "-"+string(o.Letter))
	}
	return names
}

// Each line that netstat prints is in the manual in these words, and with the counters
// that it is the sum of.
func TestManualHasNetstatsLines(t *testing.T) {
	data, err := os.ReadFile("../../man/" + mainPage)
	if err != nil {
		t.Fatal(err)
	}
	text := sections(string(data))["netstat"]
	for _, c := range show.Counters() {
		_, item, _ := strings.Cut(text, "\n.It Li "+c.Key+"\n")
		item, _, _ = strings.Cut(item, ".It ")
		line := strings.Replace(c.Text, "%s", "s", 1)
		if !strings.HasPrefix(item, ".Dq "+line+" :\n") {
			t.Errorf("%s: %s does not begin with %q", mainPage, c.Key, line)
		}
		for _, name := range c.Names {
			if !strings.Contains(item, "\n.Em "+name+" ") && !strings.Contains(item, "\n.Em "+name+"\n") {
				t.Errorf("%s: %s: nothing about %q", mainPage, c.Key, name)
			}
		}
		if ours := strings.Contains(item, "With\n.Fl v\nonly.\n"); ours != c.Ours {
			t.Errorf("%s: %s is shown with -v only: %v", mainPage, c.Key, c.Ours)
		}
	}
}

// netstatItems are that subcommand's options, and the protocol, which is one of them's
// value.
func netstatItems() []string {
	names := []string{clone.Driver}
	for _, flag := range netstatFlags {
		names = append(names, "-"+strings.TrimSuffix(flag, ":"))
	}
	return names
}

// sections are the parts of a page by their headings.
func sections(page string) map[string]string {
	parts := map[string]string{}
	heading := ""
	for line := range strings.Lines(page) {
		if name, ok := strings.CutPrefix(line, ".S"); ok && (name[0] == 'h' || name[0] == 's') {
			heading = strings.TrimSpace(name[1:])
			continue
		}
		parts[heading] += line
	}
	return parts
}

// macro is the name of an mdoc macro.
var macro = regexp.MustCompile(`^[A-Z][a-z]$`)

// marked finds what mdoc's macros mark as something to be typed, and what heads an item
// of a list.
func marked(text string) (named, items []string) {
	for line := range strings.Lines(text) {
		line, isMacro := strings.CutPrefix(strings.TrimSpace(line), ".")
		if !isMacro {
			continue
		}
		line = strings.NewReplacer(`\-`, "-", `\&`, "", "Fl Ns Cm ", "Cm -").Replace(line)
		line, isItem := strings.CutPrefix(line, "It ")
		var found []string
		kind := ""
		for n, field := range strings.Fields(line) {
			switch {
			case macro.MatchString(field):
				kind = field
			case strings.Trim(field, ".,()|") == "":
			case kind == "Fl":
				found = append(found, "-"+field)
			case kind == "Cm", kind == "Li", kind == "Ev":
				found = append(found, field)
			case kind == "" && isItem && n == 0:
				found = append(found, line) // a name that is no word to type
			}
		}
		named = append(named, found...)
		if isItem {
			items = append(items, found...)
		}
	}
	return named, items
}

// unknownRelease is a release of FreeBSD as groff, which man(1) uses, would warn of: it
// knows those before its own.
var unknownRelease = regexp.MustCompile(`(?m)^\.(It )?Fx (8|9|1\d)\b`)

// "No" is a macro of mdoc's too, which an error text that heads an item would lose.
func TestManualKeepsNo(t *testing.T) {
	pages, err := filepath.Glob("../../man/*.[1-9]")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	for _, page := range pages {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range unknownRelease.FindAllString(string(data), -1) {
			t.Errorf("%s: %s: write .Fx No 10, or .It Fx Ns \" 10\"", page, line)
		}
		for line := range strings.Lines(string(data)) {
			if strings.HasPrefix(line, ".It ") && strings.Contains(line, " No ") {
				t.Errorf(`%s: write \&No in %s`, page, line)
			}
		}
	}
}

// The usage and the synopsis of a page have the same forms, and no line of a usage is
// longer than a terminal.
func TestUsageIsTheSynopsis(t *testing.T) {
	for _, tt := range []struct {
		page  string
		forms []string
	}{
		{mainPage, slices.Concat(ownForms, sysctl.Forms(program+" [-N] sysctl"), rcForms, netstatForms, otherForms)},
		{rcPage, rcForms},
		{sysctlPage, append(sysctl.Forms(SysctlName), program+" [-N] sysctl ...")},
	} {
		rendered, err := exec.Command("mandoc", "-T", "ascii", "-O", "width=1000", "../../man/"+tt.page).Output()
		if err != nil {
			t.Fatalf("mandoc: %v", err)
		}
		plain := regexp.MustCompile(".\x08").ReplaceAllString(string(rendered), "")
		_, synopsis, _ := strings.Cut(plain, "\nSYNOPSIS\n")
		synopsis, _, found := strings.Cut(synopsis, "\n\n")
		if !found {
			t.Fatalf("%s: no synopsis in\n%s", tt.page, plain)
		}
		var forms []string
		for line := range strings.Lines(synopsis) {
			forms = append(forms, strings.Join(strings.Fields(line), " "))
		}
		if diff := cmp.Diff(tt.forms, forms); diff != "" {
			t.Errorf("%s (-usage +synopsis):\n%s", tt.page, diff)
		}
	}
	for _, text := range []string{usageText(), rcUsage(), netstatUsage()} {
		for line := range strings.Lines(text) {
			if len(strings.TrimSuffix(line, "\n")) > 80 {
				t.Errorf("%d columns: %s", len(line)-1, line)
			}
		}
	}
}
