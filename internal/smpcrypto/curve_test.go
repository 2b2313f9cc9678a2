// SPDX-License-Identifier: Apache-2.0

package smpcrypto

import (
	"crypto/ecdh"
	"crypto/rand"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

// The other way to a public key, which small devices take, gives the same one, or
// that with the other Y, and the same agreed secret.
func TestPublicByAgreement(t *testing.T) {
	other, err := NewKeyPair(rand.Reader)
	require.NoError(t, err)
	negative := 0
	for range 64 {
		k, err := NewKeyPair(rand.Reader)
		require.NoError(t, err)
		x, y, err := publicByAgreement(k.private)
		require.NoError(t, err)
		require.Equal(t, k.X, x)
		sum := new(big.Int).Add(new(big.Int).SetBytes(y[:]), new(big.Int).SetBytes(k.Y[:]))
		if y != k.Y {
			require.Equal(t, new(big.Int).SetBytes(prime.slice()), sum)
			negative++
		}
		want, err := other.Agree(k.X, k.Y)
		require.NoError(t, err)
		got, err := other.Agree(x, y)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	require.NotZero(t, negative)
	require.Less(t, negative, 64)
}

// Arithmetic against math/big, around the prime too.
func TestElements(t *testing.T) {
	p := new(big.Int).SetBytes(prime.slice())
	require.True(t, p.ProbablyPrime(10))
	require.Equal(t, new(big.Int).Rsh(new(big.Int).Add(p, big.NewInt(1)), 2), new(big.Int).SetBytes(root.slice()))
	require.Equal(t, "41058363725152142129326129780047268409114441015993725554835256314039467401291", new(big.Int).SetBytes(curveB.slice()).String())
	list := []element{{}, {1}, {2}, prime.add(element{}), {0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFF, 0, 0, 0, 1, 0xFFFFFFFF}}
	for range 20 {
		private, err := ecdh.P256().GenerateKey(rand.Reader)
		require.NoError(t, err)
		list = append(list, elementOf([32]byte(private.PublicKey().Bytes()[1:33])))
	}
	for _, a := range list {
		for _, b := range list {
			x, y := new(big.Int).SetBytes(a.slice()), new(big.Int).SetBytes(b.slice())
			sum, product := a.add(b), a.mul(b)
			require.Zero(t, new(big.Int).Mod(new(big.Int).Add(x, y), p).Cmp(new(big.Int).SetBytes(sum.slice())))
			require.Zero(t, new(big.Int).Mod(new(big.Int).Mul(x, y), p).Cmp(new(big.Int).SetBytes(product.slice())))
		}
	}
}

func (e element) slice() []byte {
	b := e.bytes()
	return b[:]
}
