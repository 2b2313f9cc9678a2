// SPDX-License-Identifier: Apache-2.0

// Package misspelt finds the name that somebody probably meant by an unknown one.
package misspelt

import "strings"

// longest word that is compared letter by letter, since that takes time.
const longest = 40

// Is reports whether word probably means name: both are alike without case, blanks, dots
// and dashes, or differ by one letter for each four of name. Short names have to be
// alike, since po and max are no misspelt pop and mac.
func Is(word, name string) bool {
	word, name = Plain(word), Plain(name)
	if word == name {
		return true
	}
	most := len(name) / 4
	return most > 0 && len(word) <= longest && distance(word, name) <= most
}

var noSigns = strings.NewReplacer("-", "", "_", "", " ", "", ".", "")

// Plain returns a word without what people write differently.
func Plain(word string) string { return noSigns.Replace(strings.ToLower(word)) }

// distance counts the letters to insert, remove or replace to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
