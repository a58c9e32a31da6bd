package cli

import (
	"errors"
	"strings"
	"testing"
)

// The options of netstat in the forms that getopt(3) takes.
func TestParseNetstat(t *testing.T) {
	for line, want := range map[string]netstatOptions{
		"-s":                             {statistics: 1},
		"-ss":                            {statistics: 2},
		"-s -s -s":                       {statistics: 3},
		"-szv":                           {statistics: 1, clear: true, verbose: true},
		"-sp carp":                       {statistics: 1},
		"-pcarp -s":                      {statistics: 1},
		"-vspcarp -z":                    {statistics: 1, verbose: true, clear: true},
		"--json -s":                      {statistics: 1, json: true},
		"-s --libxo json":                {statistics: 1, json: true, compact: true},
		"-s --libxo=json":                {statistics: 1, json: true, compact: true},
		"--libxo=json,pretty -s":         {statistics: 1, json: true},
		"--libxo json --json -s":         {statistics: 1, json: true, compact: true},
		"-s -p carp --libxo json,pretty": {statistics: 1, json: true},
	} {
		if got, err := parseNetstat(strings.Fields(line)); err != nil || got != want {
			t.Errorf("%s: %+v, %v", line, got, err)
		}
	}
	for line, want := range map[string]string{
		"-x":             "illegal option -- x",
		"-s-":            "illegal option -- -",
		"-sé":            "illegal option -- é",
		"-s=":            "illegal option -- =",
		"-sp":            "option requires an argument -- p",
		"-s --libxo":     "option requires an argument -- libxo",
		"--json=yes -s":  "unknown flag --json=yes",
		"--nothing":      "unknown flag --nothing",
		"-s -p ip":       "ip: unknown or uninstrumented protocol\nhint: -p ip: only carp is counted here",
		"-s --libxo=xml": "--libxo xml: unknown output style\nhint: --libxo takes json or json,pretty",
		"":               errUsage.Error(),
		"-v":             errUsage.Error(),
		"-s carp0":       errUsage.Error(),
		"-s --":          errUsage.Error(),
		"-s -":           errUsage.Error(),
	} {
		_, err := parseNetstat(strings.Fields(line))
		if err == nil || err.Error() != want || (want == errUsage.Error()) != errors.Is(err, errUsage) {
			t.Errorf("%q: %v, want %s", line, err, want)
		}
	}
}
