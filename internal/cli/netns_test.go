package cli

import (
	"slices"
	"strings"
	"testing"
)

func TestWithoutNetns(t *testing.T) {
	for _, tt := range [][2]string{
		{"-j red", ""},
		{"-j red carp0", "carp0"},
		{"-jred carp0 -alias 10.0.0.1", "carp0 -alias 10.0.0.1"},
		{"-kj red carp0", "-k carp0"},
		{"-kjred -v carp0 vhid 1", "-k -v carp0 vhid 1"},
		{"--netns red -a", "-a"},
		{"--netns=red --json", "--json"},
		{"-a -j red --json", "-a --json"},
		{"-j red sysctl -a", "sysctl -a"},
	} {
		if got := withoutNetns(strings.Fields(tt[0])); !slices.Equal(got, strings.Fields(tt[1])) {
			t.Errorf("withoutNetns(%s) = %q, want %s", tt[0], got, tt[1])
		}
	}
}
