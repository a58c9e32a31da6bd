package lint

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/ifconfig-carp/ifconfig-carp/internal/rcconf"
)

// files makes hosts of files written one behind the other, each below a line with its
// name; one whose name ends in an exclamation mark can be read by everybody, and what
// begins with a blank is a further file of the host before.
func files(text string) (hosts []*Host) {
	var all [][]File
	for _, f := range txtar.Parse([]byte(text)).Files {
		name, exposed := strings.CutSuffix(f.Name, "!")
		name, further := strings.CutPrefix(name, "+")
		file := File{rcconf.Source{Name: name, Data: f.Data}, exposed}
		if further {
			all[len(all)-1] = append(all[len(all)-1], file)
		} else {
			all = append(all, []File{file})
		}
	}
	for _, f := range all {
		hosts = append(hosts, Read(f...))
	}
	return hosts
}

// Each file of the folder has cases of one subject: the hosts' files, and all that is
// found in them. Every finding there is must be in one.
func TestCheck(t *testing.T) {
	var seen []string
	code := regexp.MustCompile(`(?m)\[([a-z-]+)\]$`)
	datadriven.Walk(t, "testdata/cases", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			all := Check(files(d.Input))
			text := Text(all)
			for _, m := range code.FindAllStringSubmatch(text, -1) {
				seen = append(seen, m[1])
			}
			checkJSON(t, all)
			if text == "" {
				return "clean\n"
			}
			return text
		})
	})
	seen = append(seen, codeUnreadable) // that is the caller's: TestUnreadable
	for _, r := range Rules() {
		if !slices.Contains(seen, r.Code) {
			t.Errorf("no case finds %q", r.Code)
		}
	}
}

// checkJSON holds the JSON to be what the text says.
func checkJSON(t *testing.T, all []Finding) {
	t.Helper()
	data, err := JSON(all)
	if err != nil {
		t.Fatal(err)
	}
	var back []struct {
		Code, Severity, File, Host, Message, Remedy string
		Line, Column, VHID                          int
		Related                                     []struct {
			File, Host, Message string
			Line, Column        int
		}
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&back); err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	var again []Finding
	for _, e := range back {
		f := finding(e.Code, rcconf.Pos{File: e.File, Line: e.Line, Col: e.Column}, e.Host, "%s", e.Message).remedy("%s", e.Remedy)
		if e.Severity == "warning" {
			f.Severity = Warning
		}
		for _, r := range e.Related {
			f.Related = append(f.Related, Related{rcconf.Pos{File: r.File, Line: r.Line, Col: r.Column}, r.Host, r.Message})
		}
		again = append(again, f)
	}
	if got, want := Text(again), Text(all); got != want {
		t.Errorf("the JSON says\n%s\nand the text\n%s", got, want)
	}
}

// The handbook's set-up as printed, whose hosts hosta and provider have different
// passwords, and corrected.
func TestHandbook(t *testing.T) {
	read := func(mend bool) (hosts []*Host) {
		for _, name := range []string{"hosta", "hostb", "provider"} {
			file := name + ".rc.conf"
			data, err := os.ReadFile(filepath.Join("testdata", file))
			if err != nil {
				t.Fatal(err)
			}
			if mend {
				data = bytes.ReplaceAll(data, []byte("testpast"), []byte("testpass"))
			}
			hosts = append(hosts, Read(File{Source: rcconf.Source{Name: file, Data: data}}))
		}
		return hosts
	}
	all := Check(read(false))
	if Worst(all) != 2 {
		t.Errorf("exit status %d", Worst(all))
	}
	data, err := JSON(all)
	if err != nil {
		t.Fatal(err)
	}
	for file, got := range map[string]string{"handbook.txt": Text(all), "handbook.json": string(data)} {
		want, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("got\n%s\nwant %s:\n%s", got, file, want)
		}
	}
	if all := Check(read(true)); len(all) != 0 || Worst(all) != 0 {
		t.Errorf("corrected, there is\n%s", Text(all))
	}
}

// A file that cannot be read does not keep the others from being looked at; only is
// nobody said to be alone then.
func TestUnreadable(t *testing.T) {
	hosts := files("-- a --\nifconfig_em0=\"inet 10.0.0.2/24\"\ncloned_interfaces=\"carp0\"\nifconfig_carp0=\"vhid 1 pas x 10.0.0.1/24\"\n")
	hosts = append(hosts, Unreadable("b", "Permission denied"))
	all := Check(hosts)
	if len(all) != 2 || all[0].Code != codeWords || all[1].Code != codeUnreadable || all[1].Pos.String() != "b" {
		t.Errorf("\n%s", Text(all))
	}
	if data, err := JSON(all); err != nil || strings.Contains(string(data), `"line": 0`) {
		t.Errorf("%v:\n%s", err, data)
	}
}

func TestRules(t *testing.T) {
	codes := map[string]bool{}
	for _, r := range Rules() {
		if codes[r.Code] || r.Help == "" || strings.HasSuffix(r.Help, ".") || r.Severity != Warning && r.Severity != Error {
			t.Errorf("%+v: wants a code of its own, a severity, and a help without a full stop", r)
		}
		codes[r.Code] = true
	}
}
