// SPDX-License-Identifier: Apache-2.0

// Package password makes random passwords of devices, which people read off a label.
package password

import (
	"crypto/rand"
	"crypto/sha512"

	"github.com/wifiprov/wifiprov/hal"
)

// letters are 32 that people do not take for each other: there is no l, o, 0 and 1.
const letters = "abcdefghijkmnpqrstuvwxyz23456789"

// Random returns 16 letters and digits, of 32^16 possible ones: 80 bits. It goes with a
// user name of security 2: Espressif's esp_prov cannot log in where the hash of user name
// and password begins with a zero byte, as one in 256 does.
func Random(username string) hal.Secret {
	var b [16]byte
	for {
		_, _ = rand.Read(b[:]) // it never fails
		for i := range b {
			b[i] = letters[int(b[i])%len(letters)]
		}
		if hash := sha512.Sum512([]byte(username + ":" + string(b[:]))); hash[0] != 0 {
			return hal.Secret(b[:])
		}
	}
}
