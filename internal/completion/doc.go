// Package completion writes the completion scripts for bash, zsh and fish. It
// is pure: what there is to complete is a [Spec], which the caller makes of the
// program's own tables, so that a new word, option or knob is offered without
// a change here.
//
// All three scripts do the same in their shell's language. They walk over what
// has been typed, as the command itself would: options up to the first operand;
// behind a subcommand its own options; behind an interface the words, where one
// that takes a value takes the next one whatever it is. Then they offer what
// may stand at the cursor, and nothing else: nothing for a password, a number
// or an address. Names of interfaces are asked for at that moment.
package completion
