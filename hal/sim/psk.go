// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"crypto/hmac"
	"crypto/sha1"

	"github.com/wifiprov/wifiprov/hal"
)

// minPassphrase is the shortest that WPA allows, in bytes.
const minPassphrase = 8

// psk is a pre-shared key.
type psk [hal.PSKDigits / 2]byte

// derivation is the key that a network derives from a passphrase. To derive it takes
// some milliseconds on a computer and about a second on a chip.
type derivation struct {
	of  hal.Secret
	key psk
}

// opensLocked reports whether the handshake succeeds with this passphrase or key.
func (p *AP) opensLocked(given hal.Secret) bool {
	own := p.cfg.Passphrase
	switch {
	case p.cfg.Auth == hal.AuthOpen, p.cfg.Auth == hal.AuthOWE:
		return true
	case p.cfg.Auth == hal.AuthWEP:
		return given == own
	case !passes(given), !passes(own):
		return false
	case given == own:
		return true
	}
	return hasPSK(p.cfg.Auth) && (hal.IsPSK(given) || hal.IsPSK(own)) && p.keyLocked(given) == p.keyLocked(own)
}

// passes reports whether WPA accepts s as a passphrase or key.
func passes(s hal.Secret) bool { return len(s) >= minPassphrase && hal.ValidPassphrase(s) }

// hasPSK reports whether networks have a pre-shared key. WPA3 alone has none: an ESP32
// uses the digits of a given key as a passphrase.
func hasPSK(auth hal.AuthMode) bool {
	switch auth {
	case hal.AuthWPAPSK, hal.AuthWPA2PSK, hal.AuthWPAWPA2PSK, hal.AuthWPA2WPA3PSK:
		return true
	}
	return false
}

// keyLocked returns s if it is a key, else the key derived from it. It remembers the
// last derivation.
func (p *AP) keyLocked(s hal.Secret) (key psk) {
	if hal.IsPSK(s) {
		for i := range key {
			key[i] = digit(s[2*i])<<4 | digit(s[2*i+1])
		}
		return key
	}
	if p.derived == nil || p.derived.of != s {
		pbkdf2(&key, s, p.cfg.SSID)
		p.derived = &derivation{s, key}
	}
	return p.derived.key
}

// digit returns the value of a hexadecimal digit.
func digit(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&0xf + 9
}

// pbkdf2 is PBKDF2-HMAC-SHA1 with 4096 rounds. The standard library's packages for it
// and for hexadecimal digits would take 10 KB on a chip.
func pbkdf2(key *psk, passphrase hal.Secret, ssid hal.SSID) {
	mac := hmac.New(sha1.New, []byte(passphrase))
	var u [sha1.Size]byte
	for block := range 2 {
		mac.Reset()
		mac.Write([]byte(ssid))
		mac.Write([]byte{0, 0, 0, byte(block + 1)})
		out := key[block*sha1.Size : min((block+1)*sha1.Size, len(key))]
		mac.Sum(u[:0])
		copy(out, u[:])
		for range 4095 {
			mac.Reset()
			mac.Write(u[:])
			mac.Sum(u[:0])
			for i := range out {
				out[i] ^= u[i]
			}
		}
	}
}
