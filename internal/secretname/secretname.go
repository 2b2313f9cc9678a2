// Package secretname guesses from a key's name whether its value is a secret,
// for tools that print values.
package secretname

import "strings"

// parts of names that make a key's value a secret wherever they stand.
const parts = "pass pswd pwd psk pmk secret token priv cred key verifier apinfo"

// words that do so between dots, underscores, hyphens and digits only.
const words = "pop pin sk pw otp ltk irk"

// Is reports whether the value of a key should not be shown: passphrases, keys
// of any kind, proofs of possession, and what the Wi-Fi driver keeps of them
// (sta.pswd, ap.passwd, sta.pmk, ap.pmk_info, sta.apinfo). It rather says yes
// once too often.
func Is(key string) bool {
	key = strings.ToLower(key)
	for part := range strings.FieldsSeq(parts) {
		if strings.Contains(key, part) {
			return true
		}
	}
	letters := func(r rune) bool { return r < 'a' || r > 'z' }
	for _, word := range strings.FieldsFunc(key, letters) {
		for w := range strings.FieldsSeq(words) {
			if word == w {
				return true
			}
		}
	}
	return false
}
