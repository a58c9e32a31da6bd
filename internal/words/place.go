package words

// Place is where a line says something.
type Place struct {
	// Word is the word as [All] names it, empty for one that is in no table: an
	// address, or a slip.
	Word string
	// At is the index of the argument that says it: the value of a word that takes
	// one, else the word itself. It may lie behind the last argument, where the
	// value is missing.
	At int
}

// Places are the places of a line from left to right, for whoever points at them.
// Like [Parse] it lets a word that takes a value take the next one, whatever it is.
func Places(args []string) (places []Place) {
	for at := 1; at < len(args); at++ {
		word, ok := find(args[at])
		if ok && word.Arg != "" {
			at++
		}
		places = append(places, Place{Word: word.Name, At: at})
	}
	return places
}

// Acting is the word of a line that FreeBSD's ifconfig acts on first, the zero Word if
// there is none: it acts from left to right, on the address and what is said of it last
// (ifconfig.c), and on a parent the carp words come just before that (carp.c).
func Acting(args []string) Word {
	var late Word
	for at := 1; at < len(args); at++ {
		word, ok := find(args[at])
		if ok && word.Arg != "" {
			at++
		}
		switch word.Family {
		case Link:
			return word.Word
		case Carp:
			if !IsParent(args[0]) {
				return word.Word
			}
			if late.Name == "" {
				late = word.Word
			}
		}
	}
	return late
}

// ParseAt is [Parse] that also tells at which argument an error is; where it is
// about the line as a whole, that is the address, or the last argument.
func ParseAt(args []string) (Line, int, error) {
	p, err := parse(args)
	if err == nil {
		return p.line, 0, nil
	}
	at := p.at
	if at >= len(args) {
		at = max(len(args)-1, 0)
		for _, place := range Places(args) {
			if place.Word == "" {
				at = place.At
			}
		}
	}
	return Line{}, at, err
}
