// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/sha256"
	"crypto/sha512"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/fsm"
)

// The self-test passes on the host too, also twice in one process.
func TestParts(t *testing.T) {
	for _, part := range append(units, provisionings...) {
		t.Run(part.name, func(t *testing.T) {
			require.NoError(t, part.run())
			require.NoError(t, part.run())
		})
	}
}

// The constants of testSecurity1, from the standard library (protocomm.md 4.2).
func TestVectors1(t *testing.T) {
	own, err := ecdh.X25519().NewPrivateKey(unhex(rfcClient))
	require.NoError(t, err)
	other, err := ecdh.X25519().NewPublicKey(unhex(rfcDevicePublic))
	require.NoError(t, err)
	key, err := own.ECDH(other)
	require.NoError(t, err)
	require.Equal(t, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", hexOf(key))
	for i, b := range sha256.Sum256([]byte(pop)) {
		key[i] ^= b
	}
	block, err := aes.NewCipher(key)
	require.NoError(t, err)
	stream := cipher.NewCTR(block, unhex(counter1))
	next := func(b []byte) string {
		out := make([]byte, len(b))
		stream.XORKeyStream(out, b)
		return hexOf(out)
	}
	require.Equal(t, clientProof1, next(unhex(rfcDevicePublic)))
	require.Equal(t, deviceProof1, next(unhex(rfcClientPublic)))
	require.Equal(t, cipher1, next([]byte(plain)))
}

// The constants of testSecurity2, with math/big (protocomm.md 5).
func TestVectors2(t *testing.T) {
	number := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	h := func(pieces ...[]byte) []byte {
		h := sha512.New()
		for _, p := range pieces {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	pad := func(n *big.Int) []byte { return n.FillBytes(make([]byte, 384)) }
	n := rfc5054Group15(t)
	g := big.NewInt(5)
	exp := func(base, e *big.Int) *big.Int { return new(big.Int).Exp(base, e, n) }

	var private [32]byte
	_, _ = new(count).Read(private[:])
	a, b := number(private[:]), number(private[:])
	salt := unhex(salt2)
	x := number(h(salt, h([]byte(user+":"+password))))
	v := exp(g, x)
	k := number(h(n.Bytes(), pad(g)))
	bigA := exp(g, a)
	bigB := new(big.Int).Mod(new(big.Int).Add(new(big.Int).Mul(k, v), exp(g, b)), n)
	u := number(h(pad(bigA), pad(bigB)))
	s := exp(new(big.Int).Mul(bigA, exp(v, u)), b)
	secret := h(s.Bytes())
	group := h(n.Bytes())
	for i, c := range h(pad(g)) {
		group[i] ^= c
	}
	m1 := h(group, h([]byte(user)), salt, bigA.Bytes(), bigB.Bytes(), secret)
	m2 := h(bigA.Bytes(), m1, secret)
	block, err := aes.NewCipher(secret[:32])
	require.NoError(t, err)
	aead, err := cipher.NewGCM(block)
	require.NoError(t, err)
	nonce := make([]byte, 12) // eight bytes that go on counting, and 1
	for i := range 8 {
		nonce[i] = byte(33 + i)
	}
	nonce[11] = 1
	for what, pair := range map[string][2]string{
		"verifier":   {verifier2, hexOf(hash(v.Bytes()))},
		"A":          {public2, hexOf(hash(bigA.Bytes()))},
		"B":          {response2, hexOf(hash(bigB.Bytes()))},
		"M1":         {proof2, hexOf(m1)},
		"M2":         {answer2, hexOf(m2)},
		"ciphertext": {encrypted2, hexOf(aead.Seal(nil, nonce, []byte(plain), nil))},
	} {
		require.Equal(t, pair[1], pair[0], what)
	}
}

// rfc5054Group15 is 2^3072 - 2^3008 - 1 + 2^64·(⌊2^2942·π⌋ + 1690314)
// (RFC 3526, 4), where π comes from Machin's formula.
func rfc5054Group15(t *testing.T) *big.Int {
	const precision = 2942 + 64
	arctan := func(inverse int64) *big.Int { // of 1/inverse, times 2^precision
		sum := new(big.Int)
		power := new(big.Int).Div(new(big.Int).Lsh(big.NewInt(1), precision), big.NewInt(inverse))
		for i := int64(1); power.Sign() != 0; i += 2 {
			term := new(big.Int).Div(power, big.NewInt(i))
			if i%4 == 1 {
				sum.Add(sum, term)
			} else {
				sum.Sub(sum, term)
			}
			power.Div(power, big.NewInt(inverse*inverse))
		}
		return sum
	}
	pi := new(big.Int).Mul(big.NewInt(16), arctan(5))
	pi.Sub(pi, new(big.Int).Mul(big.NewInt(4), arctan(239)))
	pi.Rsh(pi, 64)
	n := new(big.Int).Lsh(big.NewInt(1), 3072)
	n.Sub(n, new(big.Int).Lsh(big.NewInt(1), 3008))
	n.Sub(n, big.NewInt(1))
	n.Add(n, pi.Lsh(pi.Add(pi, big.NewInt(1690314)), 64))
	require.True(t, n.ProbablyPrime(1))
	return n
}

// A change of the state machine changes the digest; this test tells the new one.
func TestWalkDigest(t *testing.T) {
	digest, cells := walkAll()
	require.Equal(t, fsm.Phases*fsm.InputKinds, cells)
	require.Equal(t, uint32(walkDigest), digest, "walkDigest is to be %#x", digest)
}
