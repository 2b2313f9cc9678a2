package sim

import (
	"crypto/sha1"
	"encoding/hex"

	"golang.org/x/crypto/pbkdf2"

	"github.com/wifiprov/wifiprov/hal"
)

// minPassphrase is the shortest that WPA allows, in bytes.
const minPassphrase = 8

// psk is a pre-shared key.
type psk [hal.PSKDigits / 2]byte

// derivation is the key that a network makes of a passphrase. It takes some
// milliseconds on a computer and about a second on a chip.
type derivation struct {
	of  hal.Secret
	key psk
}

// opensLocked reports whether a station with this passphrase, or key in its
// place, gets through the handshake.
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

// passes reports whether WPA takes it as a passphrase or key.
func passes(s hal.Secret) bool { return len(s) >= minPassphrase && hal.ValidPassphrase(s) }

// hasPSK reports whether networks have a pre-shared key. WPA3 by itself has
// none: an ESP32 that is given one offers its digits as a passphrase.
func hasPSK(auth hal.AuthMode) bool {
	switch auth {
	case hal.AuthWPAPSK, hal.AuthWPA2PSK, hal.AuthWPAWPA2PSK, hal.AuthWPA2WPA3PSK:
		return true
	}
	return false
}

// keyLocked returns the key that s is, or that the network makes of it. Of these
// it remembers the last one.
func (p *AP) keyLocked(s hal.Secret) (key psk) {
	if hal.IsPSK(s) {
		_, _ = hex.Decode(key[:], []byte(s))
		return key
	}
	if p.derived == nil || p.derived.of != s {
		copy(key[:], pbkdf2.Key([]byte(s), []byte(p.cfg.SSID), 4096, len(key), sha1.New))
		p.derived = &derivation{s, key}
	}
	return p.derived.key
}
