package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
)

func TestReadPass(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"secret\n", "secret"},
		{"secret", "secret"},
		{"secret\r\n", "secret"},
		{"first\nsecond\n", "first"},
		{"first\r\nsecond\r\n", "first"},
		{"  blanks count \t\n", "  blanks count \t"},
		{"\xff\x00bytes\n", "\xff\x00bytes"},
		{"carriage\rreturn\n", "carriage\rreturn"},
	} {
		line := words.Line{Name: "carp0", PassFile: words.Stdin}
		if err := readPass(&line, iotest.OneByteReader(strings.NewReader(tt.text))); err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		if line.Change.Pass == nil || string(*line.Change.Pass) != tt.want || line.PassFile != "" {
			t.Errorf("%q: something else was read, want %q", tt.text, tt.want) // a Password does not print
		}
	}
}

// Nothing there is no empty password.
func TestReadPassRefuses(t *testing.T) {
	folder := t.TempDir()
	empty := filepath.Join(folder, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, file, want string
		stdin            string
	}{
		{"empty file", empty, "carp0: the password is missing", "secret"},
		{"empty input", words.Stdin, "carp0: the password is missing", ""},
		{"folder", folder, "carp0: reading the password: ", "secret"},
		{"missing file", filepath.Join(folder, "nowhere"), "passfile: open " + folder, "secret"},
	} {
		line := words.Line{Name: "carp0", PassFile: tt.file}
		err := readPass(&line, strings.NewReader(tt.stdin))
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) || line.Change.Pass != nil {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
	line := words.Line{Name: "carp0", PassFile: words.Stdin}
	if err := readPass(&line, iotest.ErrReader(errors.New("broken"))); err == nil || line.Change.Pass != nil {
		t.Errorf("broken input: %v", err)
	}
}

// A file that others can read is warned of, one that they can only write or run is
// none of our business.
func TestReadPassWarns(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, warned := range map[fs.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true, 0o644: true, 0o611: false} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		line := words.Line{Name: "carp0", PassFile: file}
		if err := readPass(&line, nil); err != nil {
			t.Fatal(err)
		}
		var want []string
		if warned {
			want = []string{"carp0: " + file + " can be read by others than its owner"}
		}
		if !slices.Equal(line.Notes, want) {
			t.Errorf("mode %v: %q, want %q", mode, line.Notes, want)
		}
	}
}
