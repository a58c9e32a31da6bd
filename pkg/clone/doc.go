// Package clone is the interface cloner: it names, creates, finds, lists and
// destroys carp interfaces. Each is a supervisor process of its own; this
// package starts them (start.go), is what they run (supervise.go), and speaks
// to them for the command line (cloner.go).
package clone
