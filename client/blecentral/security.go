// SPDX-License-Identifier: Apache-2.0

package blecentral

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/smpcrypto"
)

// Pairing says how a Central pairs. Like a phone, it pairs when a device refuses a
// request because the link is not encrypted; Link.Pair pairs at once. It asks the
// user nothing (Just Works), which protects against listeners, but not against an
// attacker in the middle.
type Pairing struct {
	// Rand is a cryptographic source of random numbers; nil: crypto/rand.
	Rand io.Reader
	// Bonding keeps the keys of a device, if the device keeps them, too, as
	// long as the Central lives. Later links are encrypted with these keys
	// without pairing again.
	Bonding bool
	// Legacy turns LE Secure Connections off.
	Legacy bool
	// IRK is the key from which the central makes a new private address for each
	// connection. Devices that pair learn it. Zero: the central uses the
	// controller's public address.
	IRK [16]byte
}

// Format leaves out the IRK, whatever the verb.
func (p Pairing) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "{Bonding:%t Legacy:%t}", p.Bonding, p.Legacy)
}

// pairingTimeout is how long a device may take for each step of a pairing.
const pairingTimeout = 30 * time.Second

// ErrKeyMissing: the device has forgotten the keys of an earlier pairing. After
// Central.Forget the central can pair with the device again.
var ErrKeyMissing = errors.New("blecentral: the device has no keys of the earlier pairing; forget it and pair again")

var (
	errNoPairing = errors.New("blecentral: Config.Pairing is nil")
	errCheck     = errors.New("blecentral: the device's check value is wrong")
)

// PairingError is why a device refused to pair: the reason of Pairing Failed
// (Bluetooth Core, Vol 3 Part H 3.5.5).
type PairingError uint8

func (e PairingError) Error() string {
	return fmt.Sprintf("blecentral: pairing failed, reason %d", uint8(e))
}

// bond is the key of a device. It must not be printed.
type bond struct {
	key  [16]byte // most significant byte first
	name [10]byte // random number and diversifier, as they go over HCI
}

// Forget forgets a device's keys, by its address.
func (c *Central) Forget(address string) {
	raw, err := hex.DecodeString(address)
	if err != nil || len(raw) != 7 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.bonds, [7]byte(raw))
}

// Encrypted reports whether the link is encrypted.
func (l *Link) Encrypted() bool {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	return l.encrypted
}

// random returns n random bytes.
func (c *Central) random(n int) ([]byte, error) {
	source := c.cfg.Pairing.Rand
	if source == nil {
		source = rand.Reader
	}
	b := make([]byte, n)
	_, err := io.ReadFull(source, b)
	return b, err
}

// ownAddress chooses the address for the next connection and returns the type
// that LE Create Connection wants.
func (c *Central) ownAddress(ctx context.Context) (byte, error) {
	if c.cfg.Pairing == nil {
		return 0, nil
	}
	own, err := c.run(ctx, 0x1009)
	if err != nil {
		return 0, err
	}
	if len(own) < 7 {
		return 0, errShort
	}
	public := smpcrypto.Address{}
	smpcrypto.Reverse(public[1:], own[1:7])
	address := public
	if irk := c.cfg.Pairing.IRK; irk != [16]byte{} {
		r, err := c.random(3)
		if err != nil {
			return 0, err
		}
		r[0] = r[0]&0x3F | 0x40
		hash := smpcrypto.AH(irk, [3]byte(r))
		address = smpcrypto.Address{1, r[0], r[1], r[2], hash[0], hash[1], hash[2]}
		p := make([]byte, 6)
		smpcrypto.Reverse(p, address[1:])
		if _, err := c.run(ctx, 0x2005, p...); err != nil {
			return 0, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.public, c.own = public, address
	return address[0], nil
}

// secure encrypts the link after a refusal: with keys of an earlier pairing, or
// by a pairing.
func (l *Link) secure(ctx context.Context) error {
	l.c.mu.Lock()
	b, bonded := l.c.bonds[l.device]
	l.c.mu.Unlock()
	if bonded {
		return l.encrypt(ctx, *b)
	}
	return l.Pair(ctx)
}

// refusedInClear reports whether err is the refusal of a request on a link that is
// not encrypted, but can be.
func (l *Link) refusedInClear(err error) bool {
	return l.c.cfg.Pairing != nil && !l.Encrypted() &&
		(errors.Is(err, ble.ATTInsufficientAuthentication) || errors.Is(err, ble.ATTInsufficientEncryption))
}

// encrypt encrypts the link with a key.
func (l *Link) encrypt(ctx context.Context, b bond) error {
	for len(l.changed) > 0 {
		<-l.changed
	}
	p := append([]byte{byte(l.handle), byte(l.handle >> 8)}, b.name[:]...)
	key := smpcrypto.Reversed16(b.key[:])
	if _, err := l.c.run(ctx, 0x2019, append(p, key[:]...)...); err != nil {
		return err
	}
	select {
	case status := <-l.changed:
		switch status {
		case 0:
			return nil
		case byte(ble.ReasonKeyMissing):
			return ErrKeyMissing
		}
		return fmt.Errorf("blecentral: the link was not encrypted, status %d", status)
	case <-l.gone:
		return ErrLinkLost
	case <-ctx.Done():
		return ctx.Err()
	}
}

// encryptionChanged takes the outcome of encrypt. The caller holds mu.
func (c *Central) encryptionChanged(handle int, status byte, on bool) {
	l := c.link
	if l == nil || handle != l.handle {
		return
	}
	l.encrypted = status == 0 && on
	select {
	case l.changed <- status:
	default:
	}
}
