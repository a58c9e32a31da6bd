package cli

import (
	"testing"

	"github.com/alecthomas/kong"

	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
)

// An interface that is called as a subcommand is could not be named any more.
func TestSubcommandsAreReserved(t *testing.T) {
	var m model
	parser, err := kong.New(&m)
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range parser.Model.Children {
		if _, err := words.Parse([]string{"carp0", "name", command.Name}); err == nil {
			t.Errorf("an interface may be renamed to %s", command.Name)
		}
	}
}
