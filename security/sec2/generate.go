// SPDX-License-Identifier: Apache-2.0

package sec2

import (
	"crypto/rand"
	"errors"
	"io"
	"strconv"

	"github.com/wifiprov/wifiprov/internal/srp"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
)

// Lengths of the salts that Generate makes, in bytes.
const (
	DefaultSaltSize = 16
	MinSaltSize     = 8
	// MaxSaltSize leaves Response0 in one piece on every transport.
	MaxSaltSize = 64
)

// Generate makes what a device needs for a user name and a password: a salt of
// saltSize bytes, 0 meaning DefaultSaltSize, and the verifier,
// up to MaxVerifier bytes. The salt never begins with a zero byte, which some
// clients would lose. random nil: crypto/rand.Reader.
//
// One fault of the C original's Python tool remains, which no salt can repair: for one
// pair of user name and password in 256, whose hash begins with a zero byte, the tool
// computes other values than everybody else.
//
// Errors: ErrInvalidArg for a user name that NewClient would refuse, an empty
// password, or a salt size outside MinSaltSize to MaxSaltSize; ErrFail when
// there are no random numbers.
func Generate(username string, password security.Secret, saltSize int, random io.Reader) (salt, verifier []byte, err error) {
	const op = "generate"
	if saltSize == 0 {
		saltSize = DefaultSaltSize
	}
	if saltSize < MinSaltSize || saltSize > MaxSaltSize {
		return nil, nil, scheme.Fail(op, protocomm.ErrInvalidArg, "a salt of "+strconv.Itoa(saltSize)+" bytes was asked for; "+
			strconv.Itoa(MinSaltSize)+" to "+strconv.Itoa(MaxSaltSize)+" are allowed", nil)

	}
	if random == nil {
		random = rand.Reader
	}
	salt = make([]byte, saltSize)
	for n := 0; salt[0] == 0; n++ {
		if n == maxDraws {
			return nil, nil, scheme.Fail(op, protocomm.ErrFail, "no random numbers for a salt", errNotRandom)
		}
		if _, err := io.ReadFull(random, salt); err != nil {
			return nil, nil, scheme.Fail(op, protocomm.ErrFail, "no random numbers for a salt", err)
		}
	}
	verifier, err = Verifier(username, password, salt)
	if err != nil {
		return nil, nil, err
	}
	return salt, verifier, nil
}

// maxDraws bounds the draws of a salt: that many salts begin with zero by chance once in
// 2^128 times.
const maxDraws = 16

var errNotRandom = errors.New("the source gives zeros only")

// Verifier returns the verifier for an existing salt of 1 to MaxSalt bytes. Errors are
// those of Generate.
func Verifier(username string, password security.Secret, salt []byte) ([]byte, error) {
	const op = "verifier"
	switch n := len(username); {
	case n == 0 || n > MaxUsername:
		return nil, scheme.Fail(op, protocomm.ErrInvalidArg, "the user name has "+strconv.Itoa(n)+
			" bytes; it needs 1 to "+strconv.Itoa(MaxUsername), nil)

	case password == "":
		return nil, scheme.Fail(op, protocomm.ErrInvalidArg, "the password is empty", nil)
	case len(salt) == 0 || len(salt) > MaxSalt:
		return nil, scheme.Fail(op, protocomm.ErrInvalidArg, "the salt has "+strconv.Itoa(len(salt))+
			" bytes; it needs 1 to "+strconv.Itoa(MaxSalt), nil)

	}
	secret := []byte(password)
	defer clear(secret)
	return srp.Verifier([]byte(username), secret, salt), nil
}
