package words

import "strings"

// elsewhere are words of ip(8) and of other programs that nobody meant as an address.
var elsewhere = map[string]string{"mask": "netmask", "del": "delete", "skew": "advskew", "dev": "carpdev"}

// nearest is the word that a slip most likely meant, empty if none is near: at
// most one slip in a short word, two in a longer one, or the right beginning.
func nearest(slip string) string {
	slip = strings.ToLower(slip)
	if word := elsewhere[slip]; word != "" {
		return word
	}
	best, bestDistance := "", 3
	if isInterface(slip) { // carp1 is not -arp with two slips
		return ""
	}
	for _, word := range All() {
		for _, name := range append([]string{word.Name}, word.Synonyms...) {
			limit := 2
			if min(len(slip), len(name)) <= 3 {
				limit = 1
			}
			d := distance(slip, name)
			// password, passwd, pass-phrase; but passfil is nearer to another.
			if name == passWord && strings.HasPrefix(slip, name) && strings.Trim(slip, "abcdefghijklmnopqrstuvwxyz-") == "" {
				d = min(d, 2)
			}
			if d <= limit && d < bestDistance && d < len(name) {
				best, bestDistance = name, d
			}
		}
	}
	return best
}

// isInterface tells whether a word is carp and a number.
func isInterface(word string) bool {
	number, ok := strings.CutPrefix(word, "carp")
	return ok && number != "" && strings.Trim(number, "0123456789") == ""
}

// distance counts the letters to insert, delete, replace or swap with their
// neighbour on the way from a to b. Words that differ much in length are cut
// short: the exact figure is of no use there, and an argument may be huge.
func distance(a, b string) int {
	const far = 1 << 10
	if len(a) > len(b)+2 || len(b) > len(a)+2 {
		return far
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
