// SPDX-License-Identifier: Apache-2.0

package nvs_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// ascending are bytes that count up from first.
func ascending(first, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(first + i)
	}
	return b
}

func vectorKeys() *nvs.Keys {
	k := new(nvs.Keys)
	copy(k.Data[:], ascending(0x10, 32))
	copy(k.Tweak[:], ascending(0x30, 32))
	return k
}

// TestCipher: the vectors of nvs-encryption.md 5, by way of a partition.
func TestCipher(t *testing.T) {
	mem := flash.NewMemory(3 * nvs.SectorSize)
	p, err := nvs.Open(mem, nvs.Options{Keys: vectorKeys()})
	require.NoError(t, err)
	require.NoError(t, store.SetInt(p, "app", "answer", uint32(42)))
	require.NoError(t, p.Close())
	require.Equal(t, "b747669f239513ed98c4dca5b1c0edb08ab6a98654b0400335293d89a9ddb276", hex.EncodeToString(mem.Bytes()[0x40:0x60]))
	require.Equal(t, "7a8681a06f17363dc58823c1bcaa37ede8f835fc91932908d8b090b49ca19aff", hex.EncodeToString(mem.Bytes()[0x60:0x80]))

	// The same entry at the places of the other vectors, to be read.
	for off, cipher := range map[int]string{
		0x1040: "e4e0d3829a6598e38fff36b0de2ebc71a40d0162e9ad79a573850673e197e3d6",
		0x1fe0: "901b5bb64066fe91f26f8ae62f54364898a34c0a574b9660077fd11f2fc0fe56",
	} {
		image := bytes.Clone(mem.Bytes())
		nvsfmt.Header{State: nvsfmt.Active, Seq: 1, Version: nvsfmt.Version2}.Put(image[4096:])
		image[0x60-0x60+32] = 0xf2 // entry 1 of the first page is given up
		bits := nvsfmt.NewBitmap()
		bits.Set(0, (off-0x1040)/32, nvsfmt.UseErased)
		bits.Set((off-0x1040)/32, (off-0x1040)/32+1, nvsfmt.UseWritten)
		bits.Put(image[4096+32:], 0, 7)
		b, err := hex.DecodeString(cipher)
		require.NoError(t, err)
		copy(image[off:], b)
		p, err := nvs.Open(flash.FromBytes(image), nvs.Options{Keys: vectorKeys(), ReadOnly: true})
		require.NoError(t, err)
		n, err := store.Int[uint32](p, "app", "answer")
		require.NoError(t, err)
		require.EqualValues(t, 42, n)
	}
}

func TestDeriveKeys(t *testing.T) {
	k := nvs.DeriveKeys(ascending(0, 32))
	require.Equal(t, "813a141220ddb819f4d73d59fa3032ab9f592cc26a18cf1fde692f712b6a025c", hex.EncodeToString(k.Data[:]))
	require.Equal(t, "b20ad6b6ddd1658a6e14d1b5b726e42356adf4ff2f68fcd8826ac2908408addf", hex.EncodeToString(k.Tweak[:]))
}

func TestKeyPartition(t *testing.T) {
	b := vectorKeys().Partition()
	require.Len(t, b, 4096)
	require.Equal(t, "92738040", hex.EncodeToString(b[64:68]), "40807392, little endian")
	require.True(t, nvsfmt.IsErased(b[68:]))
	k, err := nvs.ParseKeys(b)
	require.NoError(t, err)
	require.Equal(t, vectorKeys(), k)
	fixed := &nvs.Keys{}
	copy(fixed.Data[:], bytes.Repeat([]byte{0x11}, 32))
	copy(fixed.Tweak[:], bytes.Repeat([]byte{0x22}, 32))
	require.Equal(t, "2cefcf3c", hex.EncodeToString(fixed.Partition()[64:68]))

	for i := range 68 {
		bad := bytes.Clone(b)
		bad[i] ^= 1
		_, err := nvs.ParseKeys(bad)
		require.ErrorIs(t, err, nvs.CorruptKeys, "byte %d", i)
	}
	_, err = nvs.ParseKeys(b[:67])
	require.ErrorIs(t, err, nvs.CorruptKeys)
	_, err = nvs.ParseKeys(bytes.Repeat([]byte{0xff}, 4096))
	require.ErrorIs(t, err, nvs.KeysNotInitialized)
}

func TestGenerateKeys(t *testing.T) {
	k, err := nvs.GenerateKeys(bytes.NewReader(ascending(0x10, 64)))
	require.NoError(t, err)
	require.Equal(t, vectorKeys(), k)
	_, err = nvs.GenerateKeys(bytes.NewReader(ascending(0, 63)))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	broken := errors.New("no entropy")
	_, err = nvs.GenerateKeys(iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
}

func TestKeysAreNotPrinted(t *testing.T) {
	k := vectorKeys()
	text, err := k.MarshalText()
	require.NoError(t, err)
	all := fmt.Sprintf("%v %+v %#v %s %q %x %v %s", k, k, k, k, k, k, *k, *k) + string(text)
	for _, secret := range []string{"101112", "16 17", "0x10", "\x10\x11"} {
		require.NotContains(t, all, secret)
	}
	require.Contains(t, all, "hidden")
}

// TestWrongKeys: keys that are missing, needless or wrong change nothing, in
// both directions.
func TestWrongKeys(t *testing.T) {
	wrong := vectorKeys()
	wrong.Tweak[0] ^= 1
	for _, x := range []struct{ written, opened *nvs.Keys }{{nil, wrong}, {vectorKeys(), nil}, {vectorKeys(), wrong}} {
		mem := flash.NewMemory(3 * nvs.SectorSize)
		p, err := nvs.Open(mem, nvs.Options{Keys: x.written})
		require.NoError(t, err)
		require.NoError(t, store.SetText(p, "app", "name", strings.Repeat("x", 100)))
		require.NoError(t, p.Close())
		before := bytes.Clone(mem.Bytes())
		for _, ro := range []bool{true, false} {
			_, err = nvs.Open(mem, nvs.Options{Keys: x.opened, ReadOnly: ro})
			require.ErrorIs(t, err, nvs.WrongEncryption)
			require.Equal(t, "0x1119", nvs.CodeOf(err).Hex())
			require.Contains(t, err.Error(), "store: open: no entry can be read")
		}
		require.Equal(t, before, mem.Bytes())
		_, err = nvs.Open(mem, nvs.Options{Keys: x.written})
		require.NoError(t, err)
	}
}
