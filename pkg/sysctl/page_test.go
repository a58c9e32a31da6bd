package sysctl_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// The table of carp(4) has every knob with its default and what it can be set to, and
// no other.
func TestPageOfTheProtocol(t *testing.T) {
	data, err := os.ReadFile("../../man/carp.4")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.ReplaceAll(string(data), `\-`, "-")
	rows := regexp.MustCompile(`(?m)^\.It Li (net\.\S+) Ta .*$`).FindAllString(page, -1)
	if len(rows) == 0 {
		t.Fatal("carp(4) has no table of knobs")
	}
	var want []string
	for _, k := range sysctl.Knobs() {
		values := k.Accepts()
		if k.Adds {
			values = "see above"
		}
		want = append(want, fmt.Sprintf(".It Li %s Ta %d Ta %s", k.Name, k.Default, values))
	}
	for _, row := range want {
		if !slices.Contains(rows, row) {
			t.Errorf("carp(4): no row %q", row)
		}
	}
	for _, row := range rows {
		if !slices.Contains(want, row) {
			t.Errorf("carp(4): no such knob: %q", row)
		}
	}
}
