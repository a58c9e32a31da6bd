package cli

import (
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/completion"
	"github.com/ifconfig-carp/ifconfig-carp/internal/show"
	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/clone"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// completionCommand prints the completion script of a shell.
type completionCommand struct {
	Args []string `arg:"" optional:""`
}

// runCompletion is the completion subcommand.
func runCompletion(stdout io.Writer, parsed *kong.Kong, args []string) error {
	if len(args) != 1 {
		return errUsage
	}
	script, ok := completion.Script(args[0], completionSpec(parsed))
	if !ok {
		return bsderr.New(args[0]+": bad value", "completion takes one of "+strings.Join(completion.Shells(), ", "))
	}
	_, err := io.WriteString(stdout, script)
	return err
}

// completionSpec is all that can be typed, as the tables have it.
func completionSpec(parsed *kong.Kong) completion.Spec {
	s := completion.Spec{
		Program:    program,
		Cloner:     clone.Driver,
		Families:   show.Families(),
		GroupWords: []string{strings.TrimPrefix(undemote, "-"), undemote},
		Links:      map[string]string{"sysctl-carp": "sysctl"},
		Commands:   subcommands(),
	}
	for _, f := range parsed.Model.Flags {
		s.Options = append(s.Options, completionOption(f))
	}
	for _, w := range words.All() {
		word := completion.Word{Names: append([]string{w.Name}, w.Synonyms...), Help: w.Help, Place: placeOf(w)}
		if w.Arg != "" {
			word.Value = valueOf(w.Arg)
		}
		s.Words = append(s.Words, word)
	}
	return s
}

// optionNames are the names of an option that the manual has: its letter if it
// has one, else its long name, and for a few both.
func optionNames(f *kong.Flag) (names []string) {
	if f.Short != 0 {
		names = append(names, "-"+string(f.Short))
	}
	if f.Short == 0 || slices.Contains([]string{"help", "netns", "dry-run"}, f.Name) {
		names = append(names, "--"+f.Name)
	}
	return names
}

func completionOption(f *kong.Flag) completion.Option {
	o := completion.Option{Names: optionNames(f), Help: f.Help, Groups: f.Name == "group",
		Lists: slices.Contains([]string{"all", "aliases", "list"}, f.Name)}
	if f.IsBool() {
		return o
	}
	o.Value = &completion.Value{Kind: completion.Free}
	switch f.Name {
	case "netns":
		o.Value.Kind = completion.Namespaces
	case "layout":
		*o.Value = completion.Value{Kind: completion.Listed, List: show.Layouts()}
	case "format":
		o.Value.Kind = completion.Listed
		for _, t := range show.FormatTypes() {
			for _, format := range t.Formats {
				o.Value.List = append(o.Value.List, t.Name+":"+format)
			}
		}
	}
	return o
}

// placeOf is where a word may stand.
func placeOf(w words.Word) completion.Place {
	switch {
	case w.Name == "create":
		return completion.New
	case w.Name == "destroy":
		return completion.Sole
	case slices.Contains(show.Families(), w.Name):
		return completion.Leading
	case w.Name == "backing":
		return completion.Creating
	case w.Name == "-alias":
		return completion.Deleting
	}
	return completion.Anywhere
}

// valueOf is what can be offered for the value that a word calls arg. Nothing is
// for a password, whatever it may be called.
func valueOf(arg string) *completion.Value {
	switch arg {
	case "iface":
		return &completion.Value{Kind: completion.Devices}
	case "file":
		return &completion.Value{Kind: completion.Files}
	case "state":
		return &completion.Value{Kind: completion.Listed, List: []string{"master", "backup"}}
	case "kind":
		return &completion.Value{Kind: completion.Listed, List: []string{"macvlan", "tun"}}
	}
	return &completion.Value{Kind: completion.Free}
}

// subcommands are those that a person types, with what they take. A test holds
// them to the model.
func subcommands() []completion.Command {
	knobs := completion.Value{Kind: completion.Listed}
	for _, k := range sysctl.Knobs() {
		knobs.List = append(knobs.List, k.Name)
	}
	return []completion.Command{
		{Name: "sysctl", Help: "show and set the knobs of carp", Options: sysctlOptions(), Operands: knobs},
		{Name: "rc", Help: "carp interfaces as rc.conf has them", Options: rcOptionNames(),
			Verbs: slices.Sorted(maps.Keys(rcVerbs)), FileVerbs: map[string][]string{"import": nil, "lint": {lintJSON}},
			Operands: completion.Value{Kind: completion.Interfaces}},
		{Name: "netstat", Help: "counters", Options: netstatOptionNames(), Operands: completion.Value{Kind: completion.Free}},
		{Name: "completion", Help: "print the completion script of a shell", Verbs: completion.Shells(),
			Operands: completion.Value{Kind: completion.Free}},
	}
}

func sysctlOptions() (options []completion.Option) {
	for _, o := range sysctl.Options() {
		option := completion.Option{Names: []string{"-" + string(o.Letter)}}
		switch o.Argument {
		case "":
		case "file":
			option.Value = &completion.Value{Kind: completion.Files}
		case "netns":
			option.Value = &completion.Value{Kind: completion.Namespaces}
		default:
			option.Value = &completion.Value{Kind: completion.Free}
		}
		options = append(options, option)
	}
	return options
}

func rcOptionNames() (options []completion.Option) {
	for _, name := range slices.Sorted(maps.Keys(rcFlags)) {
		option := completion.Option{Names: []string{name}}
		switch {
		case name == "-f":
			option.Value = &completion.Value{Kind: completion.Files}
		case rcFlags[name]:
			option.Value = &completion.Value{Kind: completion.Free}
		}
		options = append(options, option)
	}
	return options
}

func netstatOptionNames() (options []completion.Option) {
	for _, flag := range netstatFlags {
		name, value := strings.CutSuffix(flag, ":")
		option := completion.Option{Names: []string{"-" + name}}
		if value {
			option.Value = &completion.Value{Kind: completion.Free}
		}
		options = append(options, option)
	}
	return options
}
