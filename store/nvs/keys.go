// SPDX-License-Identifier: Apache-2.0

package nvs

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
)

// Keys is the key pair of an encrypted partition, XTS-AES-256. It
// prints as "hidden".
type Keys struct {
	Data  [32]byte // encryption key
	Tweak [32]byte // tweak key
}

var errHidden = errors.New("nvs: encoders do not get the keys; Partition is the form in which devices keep them")

const hidden = "hidden"

// String hides the keys.
func (Keys) String() string { return hidden }

// GoString hides the keys.
func (Keys) GoString() string { return hidden }

// MarshalText hides the keys.
func (Keys) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// GobEncode fails, since hidden keys would be useless when they are read back.
func (Keys) GobEncode() ([]byte, error) { return nil, errHidden }

// GenerateKeys draws keys from rand, which must be cryptographic.
func GenerateKeys(rand io.Reader) (*Keys, error) {
	k := new(Keys)
	if _, err := io.ReadFull(rand, k.Data[:]); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(rand, k.Tweak[:]); err != nil {
		return nil, err
	}
	return k, nil
}

// DeriveKeys derives the keys from the secret in a chip's HMAC eFuse block, which has 32
// bytes.
func DeriveKeys(secret []byte) *Keys {
	k := new(Keys)
	derive(&k.Data, secret, 0xaebe5a5a)
	derive(&k.Tweak, secret, 0xcedea5a5)
	return k
}

func derive(key *[32]byte, secret []byte, word uint32) {
	var message [32]byte
	for i := 0; i < len(message); i += 4 {
		binary.LittleEndian.PutUint32(message[i:], word)
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(message[:])
	mac.Sum(key[:0])
}

// ParseKeys reads a key partition or the generator's key file, of at least 68 bytes. It
// fails with KeysNotInitialized if the partition is erased, and with CorruptKeys if the
// checksum is wrong or the partition is too short.
func ParseKeys(b []byte) (*Keys, error) {
	if len(b) < 68 {
		return nil, CorruptKeys
	}
	if nvsfmt.IsErased(b[:68]) {
		return nil, KeysNotInitialized
	}
	if nvsfmt.Sum(b[:64]) != binary.LittleEndian.Uint32(b[64:]) {
		return nil, CorruptKeys
	}
	k := new(Keys)
	copy(k.Data[:], b)
	copy(k.Tweak[:], b[32:])
	return k, nil
}

// Partition returns the content of a key partition, one sector, for ParseKeys and
// devices.
func (k *Keys) Partition() []byte {
	b := make([]byte, SectorSize)
	for i := range b {
		b[i] = 0xff
	}
	copy(b, k.Data[:])
	copy(b[32:], k.Tweak[:])
	binary.LittleEndian.PutUint32(b[64:], nvsfmt.Sum(b[:64]))
	return b
}
