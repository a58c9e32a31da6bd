// Package archtest holds the tests of the program's shape: which package may import
// which, what the protocol core may call, how long a file may be. Layers rot where
// nothing looks at them. Each failure says what the rule is for; a rule that has
// outlived its reason is changed here, in the same commit as what breaks it.
package archtest
