// Package rcconf reads FreeBSD's rc.conf(5) and says what rc(8) would do with
// the network interfaces in it. It is pure: files come in as bytes, and nothing
// of them is ever executed.
//
// A file is shell text that assigns variables. [Load] parses it with a shell
// parser and evaluates plain assignments, as many on a line as there are, with
// quotes, comments, continued lines, $var, ${var} and its forms :- := :+ :?. What
// a shell would have to run, command substitution above all, is refused with the
// place where it stands; then the whole file is, since a variable left out would
// be an interface half made.
//
// Every value knows where each of its bytes comes from ([Value.At]), so that a
// mistake in one word of a long line can be pointed at. No error or note of this
// package shows a value, which may hold a password.
package rcconf
