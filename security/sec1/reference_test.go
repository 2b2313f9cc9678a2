// SPDX-License-Identifier: Apache-2.0

package sec1

import (
	"bytes"
	"crypto/aes"
	"crypto/ecdh"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/security"
)

// reference is the scheme once more, by other means: messages put together by
// hand, the counter as a big number, one block at a time.
type reference struct {
	clientPublic, devicePublic []byte
	random                     []byte
	key                        []byte
	offset                     int
}

func newReference(t *testing.T, pop string, clientPrivate, devicePrivate, random []byte) *reference {
	client, err := ecdh.X25519().NewPrivateKey(clientPrivate)
	require.NoError(t, err)
	device, err := ecdh.X25519().NewPrivateKey(devicePrivate)
	require.NoError(t, err)
	key, err := client.ECDH(device.PublicKey())
	require.NoError(t, err)
	if pop != "" {
		for i, b := range sha256.Sum256([]byte(pop)) {
			key[i] ^= b
		}
	}
	return &reference{
		clientPublic: client.PublicKey().Bytes(),
		devicePublic: device.PublicKey().Bytes(),
		random:       random,
		key:          key,
	}
}

// crypt applies the next bytes of the stream to data.
func (r *reference) crypt(t *testing.T, data []byte) []byte {
	block, err := aes.NewCipher(r.key)
	require.NoError(t, err)
	out := bytes.Clone(data)
	for i := range out {
		counter := new(big.Int).SetBytes(r.random)
		counter.Add(counter, big.NewInt(int64(r.offset/16)))
		counter.And(counter, new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(1)))
		var b [16]byte
		counter.FillBytes(b[:])
		block.Encrypt(b[:], b[:])
		out[i] ^= b[r.offset%16]
		r.offset++
	}
	return out
}

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func TestAgainstReference(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	for round := range 12 {
		private := make([]byte, 2*keySize)
		rnd.Read(private)
		random := bytes.Repeat([]byte{0xFF}, randomSize)
		if round%2 == 0 {
			rnd.Read(random)
		}
		random[randomSize-1] |= 0xF0 // a carry is near
		pop := string(make([]byte, round))
		ref := newReference(t, pop, private[:keySize], private[keySize:], random)

		s := newSession(t, pop, concat(private[keySize:], random))
		c, err := NewClient(Config{PoP: security.Secret(pop), Rand: bytes.NewReader(private[:keySize])})
		require.NoError(t, err)
		cmd0 := concat(unhex(t, "10015a25a201220a20"), ref.clientPublic)
		resp0 := concat(unhex(t, "10015a390801aa01341220"), ref.devicePublic, unhex(t, "1a10"), random)
		cmd1 := concat(unhex(t, "10015a270802b201221220"), ref.crypt(t, ref.devicePublic))
		resp1 := concat(unhex(t, "10015a270803ba01221a20"), ref.crypt(t, ref.clientPublic))
		stepGives(t, c, nil, cmd0)
		handshakeGives(t, s, cmd0, resp0)
		stepGives(t, c, resp0, cmd1)
		handshakeGives(t, s, cmd1, resp1)
		_, done, err := c.Step(resp1)
		require.NoError(t, err)
		require.True(t, done)

		for range 20 {
			data := make([]byte, rnd.Intn(70))
			rnd.Read(data)
			wire := ref.crypt(t, data)
			got, err := c.Encrypt(nil, data)
			require.NoError(t, err)
			require.True(t, bytes.Equal(wire, got))
			got, err = s.Decrypt(got)
			require.NoError(t, err)
			require.True(t, bytes.Equal(data, got))
			wire = ref.crypt(t, data)
			got, err = s.Encrypt(nil, data)
			require.NoError(t, err)
			require.True(t, bytes.Equal(wire, got))
			got, err = c.Decrypt(nil, got)
			require.NoError(t, err)
			require.True(t, bytes.Equal(data, got))
		}
	}
}

// lowOrder are public keys that agree on zero with everybody: 0, 1, the two
// of order 8, p-1, p, p+1, and 0 with the top bit.
var lowOrder = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0000000000000000000000000000000000000000000000000000000000000080",
}
