package words

import "slices"

// Family is the part of the grammar that a word belongs to. Each has its table
// in the file of the same name.
type Family string

// The families, in the order in which [All] lists them.
const (
	// Clone has the words that make and unmake an interface.
	Clone Family = "clone"
	// Carp has the words of ifconfig's carp(4) section.
	Carp Family = "carp"
	// Inet has the words of IPv4, and those that both address families share.
	Inet Family = "inet"
	// Inet6 has the words of IPv6.
	Inet6 Family = "inet6"
	// Link has the interface flags.
	Link Family = "link"
)

// Word is one word of the grammar, for whoever describes or completes it.
type Word struct {
	// Name is the word as the manual has it.
	Name string
	// Synonyms are other spellings that mean exactly the same.
	Synonyms []string
	Family   Family
	// Arg stands for the value that follows, empty if the word takes none.
	Arg string
	// Help is one line, lower case, no full stop.
	Help string
}

// row is a Word with what it does to the line being read. The value is empty
// for a word without Arg. While apply runs, parser.at is the index of the
// value, or of the word itself when it takes none.
type row struct {
	Word
	apply func(p *parser, value string) error
}

// table is every row there is. It is a function because the rows lead to the
// error texts and these back to the table, a cycle that a variable cannot have.
func table() []row {
	return slices.Concat(cloneWords(), carpWords(), inetWords(), inet6Words(), linkWords())
}

// find looks a word up by its name or a synonym. Case counts, as on every BSD.
func find(name string) (row, bool) {
	for _, r := range table() {
		if r.Name == name || slices.Contains(r.Synonyms, name) {
			return r, true
		}
	}
	return row{}, false
}

// All lists every word that [Parse] accepts, family by family. The caller owns
// the result.
func All() []Word {
	rows := table()
	all := make([]Word, len(rows))
	for i, r := range rows {
		all[i] = r.Word
	}
	return all
}
