package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
)

// TestScriptsUseEveryWord holds the scripts against the grammar: each word and each
// synonym of it stands on a command line of theirs that succeeds.
func TestScriptsUseEveryWord(t *testing.T) {
	used := map[string]bool{}
	for _, pattern := range []string{"*.txtar", "netns/*.txtar"} {
		scripts, err := filepath.Glob(filepath.Join("testdata/script", pattern))
		if err != nil || len(scripts) == 0 {
			t.Fatalf("no scripts %s: %v", pattern, err)
		}
		for _, script := range scripts {
			data, err := os.ReadFile(script)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(txtar.Parse(data).Comment)) {
				for _, word := range wordsOf(fields(line)) {
					used[word] = true
				}
			}
		}
	}
	for _, word := range words.All() {
		for _, name := range append([]string{word.Name}, word.Synonyms...) {
			if !used[name] {
				t.Errorf("no script of testdata/script has %q on a line that succeeds", name)
			}
		}
	}
}

// wordsOf are the words of the grammar on a line of a script which runs the program
// and expects that it succeeds, as they are spelt there.
func wordsOf(argv []string) (spelt []string) {
	at := slices.Index(argv, "ifconfig-carp")
	switch {
	case at > 0 && slices.Contains([]string{"exec", "on", "until"}, argv[0]):
		argv = argv[at+1:]
	case len(argv) > 0 && argv[0] == "rehearsed":
		argv = argv[1:]
	default:
		return nil
	}
	for len(argv) > 0 && strings.HasPrefix(argv[0], "-") { // options without a value
		argv = argv[1:]
	}
	if _, err := words.Parse(argv); err != nil {
		return nil
	}
	for _, place := range words.Places(argv) {
		switch {
		case place.Word == "":
		case takesValue(place.Word):
			spelt = append(spelt, argv[place.At-1])
		default:
			spelt = append(spelt, argv[place.At])
		}
	}
	return spelt
}

func takesValue(name string) bool {
	return slices.ContainsFunc(words.All(), func(w words.Word) bool { return w.Name == name && w.Arg != "" })
}

// fields splits a line of a script as testscript does: at blanks that are not between
// single quotes, two of which are one, up to a comment.
func fields(line string) (argv []string) {
	var field strings.Builder
	quoted, begun := false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\'' && quoted && i+1 < len(line) && line[i+1] == '\'':
			field.WriteByte(c)
			i++
		case c == '\'':
			quoted, begun = !quoted, true
		case quoted || !strings.ContainsRune(" \t\r\n#", rune(c)):
			field.WriteByte(c)
			begun = true
		default:
			if begun {
				argv, begun = append(argv, field.String()), false
				field.Reset()
			}
			if c == '#' {
				return argv
			}
		}
	}
	if begun {
		argv = append(argv, field.String())
	}
	return argv
}
