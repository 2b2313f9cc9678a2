// SPDX-License-Identifier: Apache-2.0

package x25519

import (
	"crypto/ecdh"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/long"
)

// private is a Private of either kind.
type private interface {
	Public(public *[Size]byte)
	Agree(secret, peer *[Size]byte) error
}

// both runs a test on the standard library's way (under TinyGo's tag on the ladder) and on
// the ladder.
func both(t *testing.T, test func(t *testing.T, newPrivate func(*[Size]byte) private)) {
	t.Run("as built", func(t *testing.T) {
		test(t, func(secret *[Size]byte) private {
			p, err := NewPrivate(secret)
			require.NoError(t, err)
			return p
		})
	})
	t.Run("ladder", func(t *testing.T) {
		test(t, func(secret *[Size]byte) private {
			p := new(laddered)
			p.init(secret)
			return p
		})
	})
}

func bytes(t *testing.T, text string) *[Size]byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return (*[Size]byte)(b)
}

// TestRFC7748 checks the agreement of section 6.1.
func TestRFC7748(t *testing.T) {
	both(t, func(t *testing.T, newPrivate func(*[Size]byte) private) {
		alice := newPrivate(bytes(t, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"))
		bob := newPrivate(bytes(t, "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"))
		var public, secret [Size]byte
		bob.Public(&public)
		require.Equal(t, bytes(t, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"), &public)
		want := bytes(t, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")
		require.NoError(t, alice.Agree(&secret, &public))
		require.Equal(t, want, &secret)
		alice.Public(&public)
		require.Equal(t, bytes(t, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"), &public)
		public[31] |= 0x80 // the top bit of a public key does not count
		require.NoError(t, bob.Agree(&secret, &public))
		require.Equal(t, want, &secret)
	})
}

// TestIterated checks the values of section 5.2 after 1 and 1000 rounds.
func TestIterated(t *testing.T) {
	k, u := &[Size]byte{9}, &[Size]byte{9}
	for i := range 1000 {
		var z [Size]byte
		ladder(&z, k, u)
		*u, *k = *k, z
		if i == 0 {
			require.Equal(t, bytes(t, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"), k)
		}
	}
	require.Equal(t, bytes(t, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"), k)
}

// TestLowOrder: with such keys the secret would be zero, and everybody knows that.
func TestLowOrder(t *testing.T) {
	both(t, func(t *testing.T, newPrivate func(*[Size]byte) private) {
		p := newPrivate(&[Size]byte{1, 2, 3})
		for _, peer := range []string{
			"0000000000000000000000000000000000000000000000000000000000000000",
			"0100000000000000000000000000000000000000000000000000000000000000",
			"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
			"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
			"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
			"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
			"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
			"0000000000000000000000000000000000000000000000000000000000000080",
		} {
			var secret [Size]byte
			require.ErrorIs(t, p.Agree(&secret, bytes(t, peer)), ErrLowOrder, peer)
		}
	})
}

// TestAgainstStandardLibrary compares the ladder with crypto/ecdh, also for public keys
// beyond the field's prime.
func TestAgainstStandardLibrary(t *testing.T) {
	source := rand.NewChaCha8([32]byte{})
	for i := range long.Count(t, 100, 2000) {
		var secret, peer, got [Size]byte
		_, _ = source.Read(secret[:])
		_, _ = source.Read(peer[:])
		if i%4 == 0 {
			for j := range peer {
				peer[j] = 0xff
			}
			peer[0] = byte(i)
		}
		want, err := ecdh.X25519().NewPrivateKey(secret[:])
		require.NoError(t, err)
		public, err := ecdh.X25519().NewPublicKey(peer[:])
		require.NoError(t, err)
		var p laddered
		p.init(&secret)
		p.Public(&got)
		require.Equal(t, want.PublicKey().Bytes(), got[:])
		shared, err := want.ECDH(public)
		if err != nil {
			require.ErrorIs(t, p.Agree(&got, &peer), ErrLowOrder)
			continue
		}
		require.NoError(t, p.Agree(&got, &peer))
		require.Equal(t, shared, got[:])
	}
}
