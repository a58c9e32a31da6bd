package completion

import (
	_ "embed" // for the scripts
	"fmt"
	"maps"
	"slices"
	"strings"
)

var (
	//go:embed script.bash
	bash string
	//go:embed script.zsh
	zsh string
	//go:embed script.fish
	fish string
)

// Shells are those that [Script] knows.
func Shells() []string { return []string{"bash", "zsh", "fish"} }

// Script is the completion script for a shell; false if it is none of [Shells].
func Script(shell string, s Spec) (string, bool) {
	switch shell {
	case "bash":
		return s.fill(bash, quotePosix, plain), true
	case "zsh":
		return s.fill(zsh, quotePosix, described), true
	case "fish":
		return s.fill(fish, quoteFish, tabbed), true
	}
	return "", false
}

// fill puts the tables in the places that a script has for them. quote makes a
// string of its shell, entry one that has a candidate with its help.
func (s Spec) fill(script string, quote func(string) string, entry func(name, help string) string) string {
	t := tables{quote: quote, entry: entry, fish: script == fish}
	links := slices.Sorted(maps.Keys(s.Links))
	return strings.NewReplacer(
		"@PROGRAM@", s.Program,
		"@ALL@", strings.Join(append([]string{s.Program}, links...), " "),
		"@LINKS@", t.links(s.Links),
		"@CLONER@", s.Cloner,
		"@OPTIONS@", t.options(s.Options),
		"@LISTING@", t.names(marked(s.Options, func(o Option) bool { return o.Lists })),
		"@GROUPING@", t.names(marked(s.Options, func(o Option) bool { return o.Groups })),
		"@GROUPWORDS@", t.plain(s.GroupWords),
		"@GROUPNAMES@", t.names(s.GroupWords),
		"@FAMILIES@", t.plain(s.Families),
		"@SHOWN@", t.plain(s.onlyShown()),
		"@COMMANDS@", t.commands(s.Commands),
		"@COMMANDNAMES@", t.names(commandNames(s.Commands)),
		"@ANYWHERE@", t.words(s.Words, Anywhere, Deleting),
		"@NEW@", t.words(s.Words, New),
		"@SOLE@", t.words(s.Words, Sole),
		"@LEADING@", t.words(s.Words, Leading),
		"@CREATING@", t.words(s.Words, Creating),
		"@NEWNAMES@", t.names(placed(s.Words, New)),
		"@SOLENAMES@", t.names(placed(s.Words, Sole)),
		"@DELETING@", t.names(placed(s.Words, Deleting)),
		"@OPTIONTAKES@", t.takes(optionValues(s.Options)),
		"@WORDTAKES@", t.takes(wordValues(s.Words)),
		"@COMMANDCASES@", t.commandCases(s.Commands),
	).Replace(script)
}

// onlyShown are the families that are no words.
func (s Spec) onlyShown() []string {
	return slices.DeleteFunc(slices.Clone(s.Families), func(family string) bool {
		return slices.ContainsFunc(s.Words, func(w Word) bool { return slices.Contains(w.Names, family) })
	})
}

// tables writes the tables of a Spec in one shell's language.
type tables struct {
	quote func(string) string
	entry func(name, help string) string
	fish  bool
}

func (t tables) list(entries []string) string {
	quoted := make([]string, len(entries))
	for n, e := range entries {
		quoted[n] = t.quote(e)
	}
	return strings.Join(quoted, " ")
}

func (t tables) options(options []Option) string {
	var entries []string
	for _, o := range options {
		for _, name := range o.Names {
			entries = append(entries, t.entry(name, o.Help))
		}
	}
	return t.list(entries)
}

func (t tables) words(words []Word, places ...Place) string {
	var entries []string
	for _, w := range words {
		if slices.Contains(places, w.Place) {
			for _, name := range w.Names {
				entries = append(entries, t.entry(name, w.Help))
			}
		}
	}
	return t.list(entries)
}

func (t tables) commands(commands []Command) string {
	var entries []string
	for _, c := range commands {
		entries = append(entries, t.entry(c.Name, c.Help))
	}
	return t.list(entries)
}

func (t tables) plain(names []string) string {
	var entries []string
	for _, name := range names {
		entries = append(entries, t.entry(name, ""))
	}
	return t.list(entries)
}

// names is a pattern of a case that matches any of them.
func (t tables) names(names []string) string {
	if len(names) == 0 {
		names = []string{"@"} // what nobody types
	}
	if t.fish {
		return t.list(names)
	}
	return strings.ReplaceAll(t.list(names), " ", "|")
}

// arm is a branch of a case: what to do for any of some names.
func (t tables) arm(names []string, do string) string {
	if t.fish {
		return fmt.Sprintf("        case %s\n            %s\n", t.names(names), do)
	}
	return fmt.Sprintf("\t%s) %s ;;\n", t.names(names), do)
}

// value is a command that sets the kind of value that is wanted.
func (t tables) value(v Value) string {
	text := string(v.Kind)
	entries := ""
	if v.Kind == Listed {
		entries = " " + t.plain(v.List)
	}
	return "_ifconfig_carp_want " + text + entries
}

// takes are the branches for names that take a value, one for each thing that
// they take.
func (t tables) takes(values []named) string {
	var order []string
	names := map[string][]string{}
	for _, v := range values {
		what := t.value(v.value)
		if names[what] == nil {
			order = append(order, what)
		}
		names[what] = append(names[what], v.names...)
	}
	var b strings.Builder
	for _, what := range order {
		b.WriteString(t.arm(names[what], what))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (t tables) links(links map[string]string) string {
	var b strings.Builder
	for _, link := range slices.Sorted(maps.Keys(links)) {
		b.WriteString(t.arm([]string{link}, "_ifconfig_carp_link "+t.quote(links[link])))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// commandCases are the branches that set a subcommand's options, those of them
// that take a value, its verbs and its operands.
func (t tables) commandCases(commands []Command) string {
	var b strings.Builder
	for _, c := range commands {
		lines := []string{
			t.set("options", t.options(c.Options)),
			t.set("verbs", t.plain(c.Verbs)),
			t.set("operands", strings.TrimPrefix(t.value(c.Operands), "_ifconfig_carp_want ")),
			t.set("file_verbs", t.list(fileVerbs(c.FileVerbs))),
			t.set("with_value", t.list(withValue(c.Options))),
		}
		separator := "; "
		if t.fish {
			separator = "\n            "
		}
		b.WriteString(t.arm([]string{c.Name}, strings.Join(lines, separator)))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// set gives a list to a variable.
func (t tables) set(variable, list string) string {
	if t.fish {
		return strings.TrimSpace("set -g __ifconfig_carp_" + variable + " " + list)
	}
	return variable + "=(" + list + ")"
}

// named is what some names take.
type named struct {
	names []string
	value Value
}

func optionValues(options []Option) (values []named) {
	for _, o := range options {
		if o.Value != nil {
			values = append(values, named{o.Names, *o.Value})
		}
	}
	return values
}

func wordValues(words []Word) (values []named) {
	for _, w := range words {
		if w.Value != nil {
			values = append(values, named{w.Names, *w.Value})
		}
	}
	return values
}

// withValue are the options of a subcommand that take a value, each as
// "-f=files" would be read: name and kind.
func withValue(options []Option) (list []string) {
	for _, o := range options {
		if o.Value == nil {
			continue
		}
		for _, name := range o.Names {
			list = append(list, name+"="+string(o.Value.Kind))
		}
	}
	return list
}

// fileVerbs are the verbs with each of their options, as "lint=--json"; and each once
// with none, since it may have none.
func fileVerbs(verbs map[string][]string) (list []string) {
	for _, verb := range slices.Sorted(maps.Keys(verbs)) {
		list = append(list, verb+"=")
		for _, option := range verbs[verb] {
			list = append(list, verb+"="+option)
		}
	}
	return list
}

func commandNames(commands []Command) (names []string) {
	for _, c := range commands {
		names = append(names, c.Name)
	}
	return names
}

func marked(options []Option, is func(Option) bool) (names []string) {
	for _, o := range options {
		if is(o) {
			names = append(names, o.Names...)
		}
	}
	return names
}

func placed(words []Word, place Place) (names []string) {
	for _, w := range words {
		if w.Place == place {
			names = append(names, w.Names...)
		}
	}
	return names
}

// plain is an entry of bash, which shows no help.
func plain(name, _ string) string { return name }

// described is an entry of zsh's _describe.
func described(name, help string) string {
	name = strings.ReplaceAll(name, ":", `\:`)
	if help == "" {
		return name
	}
	return name + ":" + help
}

// tabbed is an entry as fish reads candidates.
func tabbed(name, help string) string {
	if help == "" {
		return name
	}
	return name + "\t" + help
}

// quotePosix quotes for bash and zsh what needs it.
func quotePosix(text string) string {
	if text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.=/:@,+") == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// quoteFish quotes for fish what needs it.
func quoteFish(text string) string {
	if quotePosix(text) == text {
		return text
	}
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}
