package control

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
)

// manual is the page that describes the protocol.
const manual = "../../man/ifconfig-carp.control.7"

func page(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Every field of every message is an item in the page's part about that message,
// the fields of objects within a message in a list of their own below the field,
// and no item is about a field that there is not.
func TestManualHasEveryField(t *testing.T) {
	text := page(t)
	for heading, message := range map[string]any{
		"Requests": Request{}, "Change": Change{}, "Answers": Response{}, "Status": Status{},
	} {
		_, part, ok := strings.Cut(text, "\n.Ss "+heading+"\n")
		if !ok {
			t.Errorf("%s has no section %s", manual, heading)
			continue
		}
		part = nextSection.Split(part, 2)[0]
		want := fields(reflect.TypeOf(message), "")
		got := items(part)
		for _, name := range want {
			if !slices.Contains(got, name) {
				t.Errorf("%s, %s: nothing about %q", manual, heading, name)
			}
		}
		for _, name := range got {
			if !slices.Contains(want, name) {
				t.Errorf("%s, %s: there is no %q", manual, heading, name)
			}
		}
	}
}

var nextSection = regexp.MustCompile(`\n\.S[hs] `)

// described are the types of fields that have a section, and so no list, of their own.
var described = []reflect.Type{reflect.TypeFor[Change](), reflect.TypeFor[Status]()}

// fields are the JSON names of a struct's fields, those of the structs in it with
// the name of the field before them.
func fields(t reflect.Type, prefix string) (names []string) {
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, prefix+name)
		inner := f.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		ours := strings.HasPrefix(inner.PkgPath(), "github.com/ifconfig-carp/")
		if ours && inner.Kind() == reflect.Struct && !slices.Contains(described, inner) {
			names = append(names, fields(inner, prefix+name+".")...)
		}
	}
	return names
}

// items are the names that head the items of a part's lists, those of a list within an
// item with the item's name before them. The requests by name are no fields.
func items(part string) (names []string) {
	var above []string // the items that the present list is in
	var last string
	for line := range strings.Lines(part) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, ".Bl"):
			above = append(above, last)
		case strings.HasPrefix(line, ".El"):
			above = above[:len(above)-1]
		case strings.HasPrefix(line, ".It Li "):
			prefix := strings.TrimPrefix(strings.Join(append(slices.Clone(above), ""), "."), ".")
			for name := range strings.SplitSeq(strings.TrimPrefix(line, ".It Li "), " , ") {
				last = name
				if prefix != "op." {
					names = append(names, prefix+name)
				}
			}
		}
	}
	return names
}

// The requests are the page's, and so are the texts of what goes wrong.
func TestManualHasEveryRequestAndRefusal(t *testing.T) {
	text := strings.NewReplacer(`\(dq`, `"`).Replace(page(t))
	for _, op := range []Op{OpStatus, OpClear, OpChange, OpCreate, OpDestroy} {
		if !strings.Contains(text, "\n.It Li "+string(op)+"\n") {
			t.Errorf("%s: no request %q", manual, op)
		}
	}
	s := NewServer(nil, nil)
	for _, refusal := range []string{
		errGarbled.Error(), errTooLong.Error(), otherVersion(2).Text,
		s.answer(t.Context(), Request{Op: "reboot"}).Error.Text,
		s.answer(t.Context(), Request{Op: OpChange}).Error.Text,
	} {
		if !strings.Contains(text, "\n.It "+refusal+"\n") {
			t.Errorf("%s: nothing about %q", manual, refusal)
		}
	}
}

// The examples are messages of this protocol, to the last key.
func TestManualExamples(t *testing.T) {
	strict := func(text string, v any) error {
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		return d.Decode(v)
	}
	examples := regexp.MustCompile(`(?m)\{"[^'\n]*\}`).FindAllString(page(t), -1)
	if len(examples) < 5 {
		t.Errorf("only %d examples", len(examples))
	}
	for _, text := range examples {
		asked, answered := strict(text, &Request{}), strict(text, &Response{})
		if asked != nil && answered != nil {
			t.Errorf("%s is no request (%v) and no answer (%v)", text, asked, answered)
		}
		var resp Response
		if answered == nil && json.Unmarshal([]byte(text), &resp) == nil && resp.Error != nil {
			if want := bsderr.Errno("SIOCSVH", resp.Error.Errno); resp.Error.Text != want.Text {
				t.Errorf("%s: the text of this errno is %q", text, want.Text)
			}
		}
	}
}
