// SPDX-License-Identifier: Apache-2.0

package nvsfmt

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
)

// The vectors of nvs-encryption.md 5, and back.
func TestCipherVectors(t *testing.T) {
	var data, tweak [32]byte
	for i := range data {
		data[i], tweak[i] = byte(0x10+i), byte(0x30+i)
	}
	c, err := NewCipher(&data, &tweak)
	require.NoError(t, err)
	const entry = "010401ffeb558dfa616e73776572000000000000000000002a000000ffffffff"
	for _, v := range []struct {
		off           int64
		plain, cipher string
	}{
		{0x0040, "000101ff8ae1d8706170700000000000000000000000000001ffffffffffffff", "b747669f239513ed98c4dca5b1c0edb08ab6a98654b0400335293d89a9ddb276"},
		{0x0060, entry, "7a8681a06f17363dc58823c1bcaa37ede8f835fc91932908d8b090b49ca19aff"},
		{0x1040, entry, "e4e0d3829a6598e38fff36b0de2ebc71a40d0162e9ad79a573850673e197e3d6"},
		{0x1fe0, entry, "901b5bb64066fe91f26f8ae62f54364898a34c0a574b9660077fd11f2fc0fe56"},
	} {
		b, err := hex.DecodeString(v.plain)
		require.NoError(t, err)
		c.Encrypt(b, v.off)
		require.Equal(t, v.cipher, hex.EncodeToString(b))
		c.Decrypt(b, v.off)
		require.Equal(t, v.plain, hex.EncodeToString(b))
		(*Cipher)(nil).Encrypt(b, v.off)
		(*Cipher)(nil).Decrypt(b, v.off)
		require.Equal(t, v.plain, hex.EncodeToString(b), "without keys entries stay plain")
	}

	// Neighbours are encrypted each for itself.
	b, err := hex.DecodeString("000101ff8ae1d8706170700000000000000000000000000001ffffffffffffff" + entry)
	require.NoError(t, err)
	c.Encrypt(b, 0x40)
	require.Equal(t, "7a8681a06f17363dc58823c1bcaa37ede8f835fc91932908d8b090b49ca19aff", hex.EncodeToString(b[32:]))
}
