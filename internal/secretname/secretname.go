// SPDX-License-Identifier: Apache-2.0

// Package secretname guesses from a key's name whether its value is a secret,
// for tools that print values.
package secretname

import (
	"strings"
	"unicode"
)

// parts make a key's value a secret wherever they stand in its name.
const parts = "pass pswd pwd psk pmk secret token priv cred verifier apinfo"

// words make it a secret as a word, and as the end of a longer word: apikey.
const endings = "key keys"

// whole words make it a secret only as a word.
const words = "pop pin sk pw otp ltk irk keydata keyblob keymat keymaterial keypair keystore"

// harmless words contain one of the above.
const harmless = "monkey donkey turkey hockey jockey whiskey lackey hickey mickey turnkey hotkey hotkeys monkeys donkeys turkeys " +
	"compass bypass passive passenger passage"

// Is reports whether the value of a key should not be shown: passphrases, keys
// of any kind, proofs of possession, and what the Wi-Fi driver keeps of them
// (sta.pswd, ap.passwd, sta.pmk, ap.pmk_info, sta.apinfo). In doubt it says yes, but a
// monkey or a keyboard is no secret.
func Is(key string) bool {
	rest := strings.ToLower(key)
	for _, word := range split(key) {
		if among(word, harmless) {
			rest = strings.Replace(rest, word, " ", 1)
			continue
		}
		if among(word, words) {
			return true
		}
		for end := range strings.FieldsSeq(endings) {
			if strings.HasSuffix(word, end) {
				return true
			}
		}
	}
	for part := range strings.FieldsSeq(parts) {
		if strings.Contains(rest, part) {
			return true
		}
	}
	return false
}

func among(word, list string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}

// split returns the words of a name in lower case. Words are separated by characters
// other than letters, and by capital letters that follow a small letter or begin a word,
// as in apiKey and APIKey.
func split(key string) []string {
	var all []string
	letters := []rune(key)
	word := ""
	for i, r := range letters {
		begins := unicode.IsUpper(r) && i > 0 &&
			(unicode.IsLower(letters[i-1]) || unicode.IsUpper(letters[i-1]) && i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if (begins || !unicode.IsLetter(r)) && word != "" {
			all = append(all, word)
			word = ""
		}
		if unicode.IsLetter(r) {
			word += string(unicode.ToLower(r))
		}
	}
	if word != "" {
		all = append(all, word)
	}
	return all
}
