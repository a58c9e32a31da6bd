package tour

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// A tour is a section of a text that is walked.
type tour struct{ file, heading string }

var readme = tour{"README.md", "Five minutes"}

// steps reads a tour.
func (tr tour) steps(t *testing.T) []step {
	t.Helper()
	data, err := os.ReadFile("../../../" + tr.file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	if tr != readme {
		text = fromPage(text)
	}
	steps, err := read(text, tr.heading)
	if err != nil {
		t.Fatalf("%s: %v", tr.file, err)
	}
	return steps
}

// The README's tour has what the walk relies on: all hosts, each event once and in
// order, each command that fails.
func TestTourIsWhole(t *testing.T) {
	var hosts, happened, refused []string
	for _, s := range readme.steps(t) {
		switch _, fails := failing[s.command]; {
		case s.event != "":
			happened = append(happened, s.event)
		case fails:
			refused = append(refused, s.command)
			fallthrough
		default:
			hosts = append(hosts, s.host)
		}
	}
	for _, name := range neighbours {
		if !slices.Contains(hosts, name) {
			t.Errorf("nothing is typed on %s", name)
		}
	}
	if !slices.Equal(happened, events) {
		t.Errorf("the events are %q, want %q", happened, events)
	}
	if len(refused) != len(failing) {
		t.Errorf("the tour has %q of the commands that fail", refused)
	}
}

func TestRead(t *testing.T) {
	text := strings.Join([]string{
		"## Before", "", "    hosta# not this", "",
		"## Tour", "", "Some words.", "",
		"    hosta# one", "    printed", "    \tindented ", "    hostb# two",
		"", "**Ha.** Pull hosta's", "cable. Then", "",
		"    provider# cat >/etc/x <<'end'", "    a line", "    end", "    printed too",
		"", "## After", "", "    hosta# nor this",
	}, "\n")
	got, err := read(text, "Tour")
	if err != nil {
		t.Fatal(err)
	}
	want := []step{
		{host: "hosta", command: "one", line: 9, output: []string{"printed", "\tindented "}},
		{host: "hostb", command: "two", line: 12},
		{event: pull, line: 15},
		{host: "provider", command: "cat >/etc/x <<'end'\na line\nend", line: 17, output: []string{"printed too"}},
	}
	same := func(a, b step) bool {
		return a.event == b.event && a.host == b.host && a.command == b.command && a.line == b.line && slices.Equal(a.output, b.output)
	}
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("read %+v\nwant %+v", got, want)
	}
}

func TestFromPage(t *testing.T) {
	page := ".Sh EXAMPLES\nPull hosta's cable.\n.Bd -literal -offset indent\nhosta# x \\-v\n\tinet \\&\n.Ed\n.Pp\n"
	want := "## EXAMPLES\nPull hosta's cable.\n\n    hosta# x -v\n    \tinet \n\n.Pp\n"
	if got := fromPage(page); got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// What cannot be walked is refused, and not passed over.
func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"## Other\n":                 `there is no section "Tour"`,
		"## Tour\n\n    an output\n": `line 3: "an output": which command prints this`,
		"## Tour\n    hosta# x\n\nWords.\n\n    an output\n": `line 6: "an output": which command prints this`,
		"## Tour\nPull hosta's cable.\n    an output\n":      `line 3: "an output": which command prints this`,
		"## Tour\n    hostc# x\n":                            `line 2: there is no host hostc`,
		"## Tour\n    hosta# cat <<end\n    x\n\n":           `line 4: the here document does not end`,
	} {
		if _, err := read(text, "Tour"); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// An output may differ in what varies, and in nothing else.
func TestDifference(t *testing.T) {
	const inet = "\t      inet ok: sent 4, failed 0, heard 57, last 600ms ago"
	for _, c := range []struct {
		want, got string
		same      bool
	}{
		{"", "", true},
		{"carp0", "carp0\n", true},
		{"carp0", "", false},
		{"", "carp0\n", false},
		{"carp0", "carp0\ncarp1\n", false},
		{"carp0\ncarp1", "carp0\n", false},
		{"carp: BACKUP vhid 1", "carp: MASTER vhid 1\n", false},
		{"inet 192.168.1.50 ", "inet 192.168.1.50\n", false},
		{"a.b", "axb\n", false},
		{"      backup: up, for 3.5s", "      backup: up, for 1m2s\n", true},
		{"      backup: up, for 3.5s", "      backup: preempted, for 3.5s\n", false},
		{inet, "\t      inet ok: sent 0, failed 0, heard 3, last 1.1s ago\n", true},
		{inet, "\t      inet ok: sent 4, failed 1, heard 57, last 600ms ago\n", false},
		{inet, "\t      inet ok: sent 4, failed 0, heard 0, last 600ms ago\n", false},
		{inet, "\t      inet ok: sent 4, failed 0, heard 57\n", false},
	} {
		var want []string
		if c.want != "" {
			want = strings.Split(c.want, "\n")
		}
		if diff := difference(want, c.got); (diff == "") != c.same {
			t.Errorf("%q and %q: difference %q", c.want, c.got, diff)
		}
	}
}

func TestLooking(t *testing.T) {
	for command, want := range map[string]bool{
		"ifconfig-carp":                                   true,
		"ifconfig-carp carp0":                             true,
		"ifconfig-carp -v carp0":                          true,
		"ifconfig-carp --json carp0 | grep state":         true,
		"ifconfig-carp --layout openbsd carp0":            true,
		"ifconfig-carp sysctl -a":                         true,
		"ifconfig-carp sysctl net.inet.carp.demotion":     true,
		"ip neigh show 192.168.1.50":                      true,
		"ifconfig-carp sysctl net.inet.carp.preempt=1":    false,
		"ifconfig-carp carp0 create":                      false,
		"ifconfig-carp carp0 down && ifconfig-carp carp0": false,
	} {
		if looking.MatchString(command) != want {
			t.Errorf("%q: looking is %v", command, !want)
		}
	}
}
