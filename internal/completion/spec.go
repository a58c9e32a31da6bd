package completion

// Spec is all that can be completed.
type Spec struct {
	// Program is the command's name.
	Program string
	// Options are those in front of the first operand.
	Options []Option
	// Families are the address families that may follow an interface or an
	// option that lists all.
	Families []string
	// GroupWords are what may be done to a group.
	GroupWords []string
	// Cloner is the name of the driver, which stands for a new interface.
	Cloner string
	// Words are what may stand behind an interface's name.
	Words []Word
	// Commands are the subcommands.
	Commands []Command
	// Links are names of the program that mean a subcommand: sysctl-carp is
	// sysctl.
	Links map[string]string
}

// Option is one option, by all its names: "-l", "--layout".
type Option struct {
	Names []string
	Help  string
	// Value is what it takes, nil for none.
	Value *Value
	// Lists marks the options that ask for all interfaces; a family may follow.
	// Groups marks those that name a group; without one that Lists, only the
	// GroupWords may follow.
	Lists, Groups bool
}

// Word is one word with its synonyms.
type Word struct {
	Names []string
	Help  string
	Value *Value
	Place Place
}

// Place is where a word may stand.
type Place int

// The places.
const (
	// Anywhere is behind an interface.
	Anywhere Place = iota
	// New is right behind the name of an interface that is not there yet.
	New
	// Sole is right behind the name of one that is, with nothing after it.
	Sole
	// Leading is right behind the name or behind a word of New.
	Leading
	// Creating is behind a word of New only.
	Creating
	// Deleting is Anywhere; an address of the interface may follow.
	Deleting
)

// Value is what an option or a word takes.
type Value struct {
	Kind Kind
	// List is what Listed offers.
	List []string
}

// Kind is the kind of a value.
type Kind string

// The kinds.
const (
	// Free is for what cannot be guessed, or must not be offered: numbers,
	// addresses, passwords.
	Free Kind = "free"
	// Listed values are known.
	Listed Kind = "list"
	// Devices are the host's network interfaces.
	Devices Kind = "devices"
	// Interfaces are carp interfaces.
	Interfaces Kind = "interfaces"
	// Files are names of files.
	Files Kind = "files"
	// Namespaces are named network namespaces.
	Namespaces Kind = "namespaces"
)

// Command is a subcommand.
type Command struct {
	Name, Help string
	Options    []Option
	// Verbs may stand first; Operands behind them, or first without any.
	Verbs    []string
	Operands Value
	// FileVerbs are those of the Verbs behind which stand files, with the options
	// that they have instead.
	FileVerbs map[string][]string
}
