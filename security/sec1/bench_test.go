// SPDX-License-Identifier: Apache-2.0

package sec1

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/sha256"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/security"
)

// sameRand gives the same numbers in each handshake, so that one recorded
// Command1 fits them all.
type sameRand struct{}

func (sameRand) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(i + len(b))
	}
	return len(b), nil
}

// BenchmarkHandshake is the device's half of a handshake beside the bare
// cryptography it needs. Goal: at most 1.15 times as long.
func BenchmarkHandshake(b *testing.B) {
	pop := []byte("abcd1234")
	sec, err := New(Config{PoP: security.Secret(pop), Rand: sameRand{}})
	require.NoError(b, err)
	c, err := NewClient(Config{PoP: security.Secret(pop), Rand: bytes.NewReader(bytes.Repeat([]byte{3}, keySize))})
	require.NoError(b, err)
	cmd0, _, err := c.Step(nil)
	require.NoError(b, err)
	s, err := sec.NewSession()
	require.NoError(b, err)
	resp0, err := s.Handshake(nil, cmd0)
	require.NoError(b, err)
	cmd1, _, err := c.Step(resp0)
	require.NoError(b, err)

	b.Run("device", func(b *testing.B) {
		b.ReportAllocs()
		var out []byte
		for b.Loop() {
			s, _ := sec.NewSession()
			out, _ = s.Handshake(out[:0], cmd0)
			out, err = s.Handshake(out[:0], cmd1)
			s.Close()
		}
		require.NoError(b, err)
	})
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		client := cmd0[len(cmd0)-keySize:]
		for b.Loop() {
			floor(pop, client)
		}
	})
}

// floor is X25519 key generation and agreement, SHA-256 and AES-CTR.
func floor(pop, client []byte) {
	var private, verify [keySize]byte
	var counter [randomSize]byte
	_, _ = io.ReadFull(sameRand{}, private[:])
	_, _ = io.ReadFull(sameRand{}, counter[:])
	own, _ := ecdh.X25519().NewPrivateKey(private[:])
	peer, _ := ecdh.X25519().NewPublicKey(client)
	public := own.PublicKey().Bytes()
	key, _ := own.ECDH(peer)
	for i, x := range sha256.Sum256(pop) {
		key[i] ^= x
	}
	block, _ := aes.NewCipher(key)
	stream := cipher.NewCTR(block, counter[:])
	stream.XORKeyStream(verify[:], public)
	stream.XORKeyStream(verify[:], client)
}

// TestHandshakeAllocs bounds what a handshake leaves to the garbage collector
// beyond what the cryptography itself does.
func TestHandshakeAllocs(t *testing.T) {
	pop := []byte("abcd1234")
	client := bytes.Repeat([]byte{9}, keySize)
	sec, err := New(Config{PoP: security.Secret(pop), Rand: sameRand{}})
	require.NoError(t, err)
	cmd0, wrong := command0(client), command1(make([]byte, verifySize))
	buf := make([]byte, 0, 128)
	bare := testing.AllocsPerRun(20, func() { floor(pop, client) })
	ours := testing.AllocsPerRun(20, func() {
		s, _ := sec.NewSession()
		_, _ = s.Handshake(buf, cmd0)
		_, _ = s.Handshake(buf, wrong) // 1 allocation for its error
	})
	t.Logf("bare %v, handshake %v allocations", bare, ours)
	require.LessOrEqual(t, ours, bare+6)
}
