// Package secretname guesses from a key's name whether its value is a secret,
// for tools that print values.
package secretname

import (
	"strings"
	"unicode"
)

// parts of names that make a key's value a secret wherever they stand.
const parts = "pass pswd pwd psk pmk secret token priv cred verifier apinfo"

// words that do so as a whole, and as the end of a longer one: apikey.
const endings = "key keys"

// words that do so as a whole only.
const words = "pop pin sk pw otp ltk irk keydata keyblob keymat keymaterial keypair keystore"

// harmless words contain one of the above.
const harmless = "monkey donkey turkey hockey jockey whiskey lackey hickey mickey turnkey hotkey hotkeys monkeys donkeys turkeys " +
	"compass bypass passive passenger passage"

// Is reports whether the value of a key should not be shown: passphrases, keys
// of any kind, proofs of possession, and what the Wi-Fi driver keeps of them
// (sta.pswd, ap.passwd, sta.pmk, ap.pmk_info, sta.apinfo). It rather says yes
// once too often; but no secret are a monkey, a keyboard and their like.
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

// split returns the words of a name in lower case: what stands between other
// characters than letters, and before a capital letter that follows a small
// one or begins a word, as in apiKey and APIKey.
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
