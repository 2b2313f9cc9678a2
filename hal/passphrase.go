// SPDX-License-Identifier: Apache-2.0

package hal

const (
	// MaxPassphrase is the longest passphrase in bytes.
	MaxPassphrase = 63
	// PSKDigits is the length of a pre-shared key: 32 bytes, written in
	// hexadecimal digits. It may be given in place of a passphrase.
	PSKDigits = 64
)

// ValidPassphrase reports whether s can be the passphrase of a
// StationConfig: at most MaxPassphrase arbitrary bytes, or a pre-shared key.
func ValidPassphrase(s Secret) bool { return len(s) <= MaxPassphrase || IsPSK(s) }

// IsPSK reports whether s is a pre-shared key: PSKDigits hexadecimal digits in
// either case. WPA derives it from passphrase and SSID; it opens that one network without
// the passphrase. WPA3 needs the passphrase itself.
func IsPSK(s Secret) bool {
	if len(s) != PSKDigits {
		return false
	}
	for i := range len(s) {
		letter := s[i] | 0x20
		if (s[i] < '0' || s[i] > '9') && (letter < 'a' || letter > 'f') {
			return false
		}
	}
	return true
}
