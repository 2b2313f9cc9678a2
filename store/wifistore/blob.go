// SPDX-License-Identifier: Apache-2.0

package wifistore

import (
	"encoding/binary"

	"github.com/wifiprov/wifiprov/hal"
)

// Sizes of the driver's blobs (wifi-nvs.md 1).
const (
	ssidBlob       = 4 + hal.MaxSSID
	passphraseBlob = 65
)

// encodeSSID returns the blob of sta.ssid: length, then the SSID, zero filled.
func encodeSSID(s hal.SSID) []byte {
	b := make([]byte, ssidBlob)
	binary.LittleEndian.PutUint32(b, uint32(len(s)))
	copy(b[4:], s)
	return b
}

// decodeSSID reads a blob of sta.ssid of any length. It reports false if no SSID is set:
// its length is 0, above 32 (as in erased flash), or beyond the blob's end.
func decodeSSID(b []byte) (hal.SSID, bool) {
	if len(b) < 4 {
		return "", false
	}
	n := binary.LittleEndian.Uint32(b)
	if b = b[4:]; n == 0 || n > hal.MaxSSID || int(n) > len(b) {
		return "", false
	}
	return hal.SSID(b[:n]), true
}

// encodePassphrase returns the blob of sta.pswd, zero filled. The passphrase
// ends at its first zero byte.
func encodePassphrase(p hal.Secret) []byte {
	b := make([]byte, passphraseBlob)
	for i := 0; i < len(p) && p[i] != 0; i++ {
		b[i] = p[i]
	}
	return b
}

// decodePassphrase reads a blob of sta.pswd of any length: text up to the
// first zero byte, at most 64 bytes; empty when it was never set (0xff).
func decodePassphrase(b []byte) hal.Secret {
	if unused(b) {
		return ""
	}
	n := 0
	for n < len(b) && n < MaxPassphrase && b[n] != 0 {
		n++
	}
	return hal.Secret(b[:n])
}

// unused reports whether a blob is erased flash, or zeros only.
func unused(b []byte) bool {
	for _, c := range b {
		if c != b[0] || c != 0 && c != 0xff {
			return false
		}
	}
	return true
}
