package words

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNoErrorTellsThePassword(t *testing.T) {
	const phrase = "Xq7!tr0ub4dor"
	for _, in := range []string{
		"carp0 pass %s vhdi 1",
		"carp0 pass %s vhid 0",
		"carp0 pass %s 192.168.1.50/33",
		"carp0 pass %s %s",
		"carp0 pass %s vhid %s",
		"carp0 pass %s 192.168.1.50/%s",
		"carp0 pass %s netmask x%s",
		"carp0 pass my %s",
		"carp0 pass my A/%%%%%s",
		"carp0 carpdev pass %s",
		"carp0 carpdev PASS %s",
		"carp0 vhid pass %s",
		"carp0 pass pass %s",
		"carp0 pass=%s",
		"carp0 pass:%s",
		"carp0 PASS=%s",
		"carp0 vhid pass=%s",
		"carp0 psas %s",
		"carp0 PASS %s",
		"carp0 pass %s state %s",
		"carp0 pass %s carpdev eth0/%s",
		"carp0 pass %s broadcast %s",
		"carp0 pass %s fe80::1%%%s",
		"carp0 pass %s prefixlen %s",
		"pass %s",
	} {
		in = strings.ReplaceAll(in, "%s", phrase)
		in = strings.ReplaceAll(in, "%%", "%")
		line, err := Parse(strings.Split(in, " "))
		if err == nil {
			t.Errorf("%s: no error, but %+v", in, line)
		} else if strings.Contains(err.Error(), phrase) {
			t.Errorf("%s: tells the password:\n%v", in, err)
		}
	}
}

// Whatever else is on the line, neither an error nor a note repeats what
// follows pass.
func TestNothingTellsThePassword(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		phrase := "Xq7" + rapid.StringMatching(`[!-~]{4,30}`).Draw(t, "phrase")
		junk := func(label string) []string {
			return rapid.SliceOfN(rapid.OneOf(anyWord(), rapid.Just(phrase), rapid.Just("x"+phrase+"/24")), 0, 4).Draw(t, label)
		}
		args := append([]string{"carp0"}, junk("before")...)
		args = append(args, "pass", phrase)
		args = append(args, junk("after")...)
		line, err := Parse(args)
		if err != nil && strings.Contains(err.Error(), phrase) {
			t.Errorf("%q: %v", args, err)
		}
		if strings.Contains(strings.Join(line.Notes, "\n"), phrase) {
			t.Errorf("%q: %q", args, line.Notes)
		}
	})
}

// What is hidden is hidden for a reason: the rest stays readable.
func TestShownStaysReadable(t *testing.T) {
	for in, want := range map[string]string{
		"carp0 pass x vhdi 1":             "vhdi: bad value",
		"carp0 pass x 192.168.1.500":      "192.168.1.500: bad value",
		"carp0 pass 1 vhid 1000x":         "1000x: bad value",
		"carp0 pass x passs y":            "passs: bad value",
		"carp0 pass two words":            "********: bad value",
		"carp0 pass open up sesame":       "********: bad value",
		"carp0 pass x up vhid 1 sesame":   "sesame: bad value",
		"carp0 pass x vhid pass=whatever": "********: bad value",
		"carp0 pass abc up abc":           "********: bad value",
		"carp0 carpdev pass rdomain":      "********: bad value",
	} {
		_, err := Parse(strings.Split(in, " "))
		if err == nil {
			t.Errorf("%s: no error", in)
		} else if got, _, _ := strings.Cut(err.Error(), "\n"); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// That a password is a word of the grammar is not for telling either.
func TestPasswordThatIsAWord(t *testing.T) {
	_, err := Parse([]string{"carp0", "pass", "down", "vhid", "0"})
	if err == nil || strings.Contains(err.Error(), "takes the word after it") {
		t.Errorf("got %v", err)
	}
}
