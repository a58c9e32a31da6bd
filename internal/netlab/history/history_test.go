package history

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// moment is a time of day in milliseconds since midnight.
func moment(ms int) time.Time {
	return time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC).Add(time.Duration(ms) * time.Millisecond)
}

// line is a line of a supervisor's log.
func line(ms int, from, to, ifname string, vhid int, reason string) string {
	return fmt.Sprintf("time=%s level=INFO msg=\"%s -> %s\" iface=%s vhid=%d reason=%s\n",
		moment(ms).Format("2006-01-02T15:04:05.000Z07:00"), from, to, ifname, vhid, reason)
}

func TestRead(t *testing.T) {
	log := line(0, "INIT", "BACKUP", "carp0", 1, "up") +
		"time=2026-11-25T00:00:00.001Z level=WARN msg=\"ordinary priority\" err=x\n" +
		line(3391, "BACKUP", "MASTER", "carp0", 1, `"master timed out"`) + "torn"
	got, err := Read(log)
	if err != nil {
		t.Fatal(err)
	}
	want := []Change{
		{At: moment(0), Ifname: "carp0", VHID: "1", From: "INIT", To: "BACKUP", Reason: "up"},
		{At: moment(3391), Ifname: "carp0", VHID: "1", From: "BACKUP", To: "MASTER", Reason: "master timed out"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := Last(got, "carp0"); got != want[1] {
		t.Errorf("the last one: %+v", got)
	}
	if got := Last(got, "carp1"); got != (Change{}) {
		t.Errorf("the last one of another interface: %+v", got)
	}
	if got, err := Read(strings.Replace(log, "T00:00:03", "T25:00:03", 1)); err == nil {
		t.Errorf("a time that is none: %+v", got)
	}
}

func TestReigns(t *testing.T) {
	read := func(log string) []Change {
		list, err := Read(log)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	hosts := []Host{
		{Name: "a", Changes: read(line(100, "BACKUP", "MASTER", "carp0", 1, "x") +
			line(150, "BACKUP", "MASTER", "carp1", 2, "x") +
			line(900, "MASTER", "BACKUP", "carp0", 1, "x"))},
		// Killed at 5 s, when it was MASTER according to its log until the end.
		{Name: "b", Changes: read(line(890, "BACKUP", "MASTER", "carp0", 1, "x")), Fences: []time.Time{moment(50), moment(5000), moment(6000)}},
		{Name: "c", Changes: read(line(8391, "BACKUP", "MASTER", "carp0", 1, "x"))},
	}
	got := Reigns(hosts, "1", moment(9000))
	want := []Reign{
		{"a", moment(100), moment(900)},
		{"b", moment(890), moment(5000)},
		{"c", moment(8391), moment(9000)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
	both := []Overlap{{Hosts: [2]string{"a", "b"}, First: moment(100), From: moment(890), Both: 10 * time.Millisecond}}
	if diff := cmp.Diff(both, Overlaps(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	hosts[1].Fences = nil
	if got := Overlaps(Reigns(hosts, "1", moment(9000))); len(got) != 2 || got[1].Both != 609*time.Millisecond {
		t.Errorf("without the fence: %+v", got)
	}
}
