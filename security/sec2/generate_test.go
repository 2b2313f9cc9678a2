// SPDX-License-Identifier: Apache-2.0

package sec2

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
)

func TestQP15_SaltIsAsLongAsAsked(t *testing.T) {
	for _, n := range []int{0, 8, 9, 16, 63, 64} {
		salt, verifier, err := Generate(user, password, n, nil)
		require.NoError(t, err)
		if n == 0 {
			n = DefaultSaltSize
		}
		require.Len(t, salt, n)
		require.NotZero(t, salt[0])
		want, err := Verifier(user, password, salt)
		require.NoError(t, err)
		require.Equal(t, want, verifier)
	}
	for _, n := range []int{-1, 1, 7, 65, 1 << 20} {
		_, _, err := Generate(user, password, n, nil)
		require.ErrorIs(t, err, protocomm.ErrInvalidArg)
	}
}

// TestQP14_SaltNeverBeginsWithZero: it is drawn anew as a whole.
func TestQP14_SaltNeverBeginsWithZero(t *testing.T) {
	bad, good := append([]byte{0}, bytes.Repeat([]byte{7}, 15)...), bytes.Repeat([]byte{8}, 16)
	random := bytes.NewReader(append(bytes.Repeat(bad, 3), good...))
	salt, _, err := Generate(user, password, 16, random)
	require.NoError(t, err)
	require.Equal(t, good, salt)
}

func TestGenerateErrors(t *testing.T) {
	_, _, err := Generate(user, password, 0, zeroRand{})
	require.ErrorIs(t, err, protocomm.ErrFail)
	require.ErrorContains(t, err, "zeros only")
	_, _, err = Generate(user, password, 0, deadRand(15))
	require.ErrorIs(t, err, protocomm.ErrFail)
	require.ErrorIs(t, err, errNoise)
	for _, tc := range []struct {
		name, word string
		salt       []byte
	}{
		{"", password, theSalt()}, {strings.Repeat("u", MaxUsername+1), password, theSalt()},
		{user, "", theSalt()}, {user, password, nil}, {user, password, make([]byte, MaxSalt+1)},
	} {
		_, err := Verifier(tc.name, security.Secret(tc.word), tc.salt)
		require.ErrorIs(t, err, protocomm.ErrInvalidArg)
	}
	_, _, err = Generate("", password, 0, nil)
	require.ErrorIs(t, err, protocomm.ErrInvalidArg)
}

type zeroRand struct{}

func (zeroRand) Read(b []byte) (int, error) { clear(b); return len(b), nil }
