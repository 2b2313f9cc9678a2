// SPDX-License-Identifier: Apache-2.0

package radio

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"encoding/hex"

	"github.com/wifiprov/wifiprov/hal"
)

// PSK returns the pre-shared key of WPA and WPA2, 32 bytes: the one that the standard
// derives from a passphrase, or the one that 64 hexadecimal digits are.
func PSK(ssid hal.SSID, passphrase hal.Secret) ([]byte, error) {
	if hal.IsPSK(passphrase) {
		return hex.DecodeString(string(passphrase))
	}
	return pbkdf2.Key(sha1.New, string(passphrase), []byte(ssid), 4096, 32)
}
