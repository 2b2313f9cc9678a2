// SPDX-License-Identifier: Apache-2.0

package smpcrypto

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func b16(s string) [16]byte { return [16]byte(unhex(s)) }
func b32(s string) [32]byte { return [32]byte(unhex(s)) }

// The examples of RFC 4493, 4.
func TestCMAC(t *testing.T) {
	key := b16("2b7e151628aed2a6abf7158809cf4f3c")
	message := unhex("6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51" +
		"30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710")
	for n, want := range map[int]string{
		0:  "bb1d6929e95937287fa37d129b756746",
		16: "070a16b46b4d4144f79bdd9dd04a287c",
		40: "dfa66747de9ae63030ca32611497c827",
		64: "51f0bebf7e3b9d92fc49741779363cfe",
	} {
		require.Equal(t, b16(want), cmac(key, message[:n]), "%d", n)
	}
	// The other lengths, by the definition with CBC.
	c, err := aes.NewCipher(key[:])
	require.NoError(t, err)
	for n := range len(message) + 1 {
		sub := encrypt(key, [16]byte{})
		double(&sub)
		padded := bytes.Clone(message[:n])
		if n == 0 || n%16 != 0 {
			double(&sub)
			padded = append(padded, 0x80)
			padded = append(padded, make([]byte, (32-len(padded)%16)%16)...)
		}
		last := padded[len(padded)-16:]
		subtle.XORBytes(last, last, sub[:])
		cipher.NewCBCEncrypter(c, make([]byte, 16)).CryptBlocks(padded, padded)
		require.Equal(t, [16]byte(padded[len(padded)-16:]), cmac(key, message[:n]), "%d", n)
	}
}

// The examples of Vol 3 Part H 2.2.3 and 2.2.4.
func TestLegacyFunctions(t *testing.T) {
	ia, ra := Address(unhex("01a1a2a3a4a5a6")), Address(unhex("00b1b2b3b4b5b6"))
	require.Equal(t, b16("1e1e3fef878988ead2a74dc5bef13b86"),
		C1([16]byte{}, b16("5783d52156ad6f0e6388274ec6702ee0"), [7]byte(unhex("07071000000101")), [7]byte(unhex("05000800000302")), ia, ra))
	require.Equal(t, b16("9a1fe1f0e8b0f49b5b4216ae796da062"),
		S1([16]byte{}, b16("000f0e0d0c0b0a091122334455667788"), b16("010203040506070899aabbccddeeff00")))
}

// The sample data of Vol 3 Part H Appendix D.
func TestAppendixD(t *testing.T) {
	u := b32("20b003d2f297be2c5e2c83a7e9f9a5b9eff49111acf4fddbcc0301480e359de6")
	v := b32("55188b3d32f6bb9a900afcfbeed4e72a59cb9ac2f19d7cfb6b4fdd49f47fc5fd")
	n1, n2 := b16("d5cb8454d177733effffb2ec712baeab"), b16("a6e8e7cc25a75f6e216583f7ff3dc4cf")
	a1, a2 := Address(unhex("00561237 37bfce")), Address(unhex("00a713702dcfc1"))
	require.Equal(t, b16("f2c916f107a9bd1cf1eda1bea974872d"), F4(u, v, n1, 0), "D.2")

	macKey, ltk := F5(b32("ec0234a357c8ad05341010a60a397d9b99796b13b4f866f1868d34f373bfa698"), n1, n2, a1, a2)
	require.Equal(t, b16("2965f176a1084a02fd3f6a20ce636e20"), macKey, "D.3")
	require.Equal(t, b16("6986791169d7cd23980522b594750a38"), ltk, "D.3")

	require.Equal(t, b16("e3c473989cd0e8c5d26c0b09da958f61"),
		F6(macKey, n1, n2, b16("12a3343bb453bb5408da42d20c2d0fc8"), [3]byte{1, 1, 2}, a1, a2), "D.4")
	irk := b16("ec0234a357c8ad05341010a60a397d9b")
	require.Equal(t, [3]byte{0x0d, 0xfb, 0xaa}, AH(irk, [3]byte{0x70, 0x81, 0x94}), "D.7")

	require.True(t, Resolves(irk, Address(unhex("017081940dfbaa"))))
	for _, a := range []string{"007081940dfbaa", "017081940dfbab", "017081950dfbaa", "01f081940dfbaa", "013081940dfbaa"} {
		require.False(t, Resolves(irk, Address(unhex(a))), a)
	}
	hash := AH(irk, [3]byte{0xF0, 1, 2})
	require.False(t, Resolves(irk, Address{1, 0xF0, 1, 2, hash[0], hash[1], hash[2]}), "a static address")
	zero := AH([16]byte{}, [3]byte{0x40, 0, 0})
	require.False(t, Resolves([16]byte{}, Address(append([]byte{1, 0x40, 0, 0}, zero[:]...))))
}

// The sample data for P-256 of Vol 2 Part G 7.1.2, of which the first private
// key is the debug key of Vol 3 Part H 2.3.5.6.1.
func TestKeyAgreement(t *testing.T) {
	for _, s := range []struct{ a, b, ax, ay, bx, by, secret string }{
		{
			"3f49f6d4a3c55f3874c9b3e3d2103f504aff607beb40b7995899b8a6cd3c1abd",
			"55188b3d32f6bb9a900afcfbeed4e72a59cb9ac2f19d7cfb6b4fdd49f47fc5fd",
			"20b003d2f297be2c5e2c83a7e9f9a5b9eff49111acf4fddbcc0301480e359de6",
			"dc809c49652aeb6d63329abf5a52155c766345c28fed3024741c8ed01589d28b",
			"1ea1f0f01faf1d9609592284f19e4c0047b58afd8615a69f559077b22faaa190",
			"4c55f33e429dad377356703a9ab85160472d1130e28e36765f89aff915b1214a",
			"ec0234a357c8ad05341010a60a397d9b99796b13b4f866f1868d34f373bfa698",
		},
	} {
		a, err := NewKeyPair(bytes.NewReader(unhex(s.a)))
		require.NoError(t, err)
		b, err := NewKeyPair(bytes.NewReader(unhex(s.b)))
		require.NoError(t, err)
		require.Equal(t, [][32]byte{b32(s.ax), b32(s.ay), b32(s.bx), b32(s.by)}, [][32]byte{a.X, a.Y, b.X, b.Y})
		require.NoError(t, a.Check(b.X, b.Y))
		for _, got := range []func() ([32]byte, error){
			func() ([32]byte, error) { return a.Agree(b.X, b.Y) },
			func() ([32]byte, error) { return b.Agree(a.X, a.Y) },
		} {
			secret, err := got()
			require.NoError(t, err)
			require.Equal(t, b32(s.secret), secret)
		}
	}
}

// Public keys that are not on the curve, the point at infinity, coordinates that
// are too large, and our own key, also with the other Y.
func TestInvalidPublicKeys(t *testing.T) {
	k, err := NewKeyPair(rand.Reader)
	require.NoError(t, err)
	other, err := NewKeyPair(rand.Reader)
	require.NoError(t, err)
	prime := b32("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff")
	otherY := [32]byte{}
	borrow := 0
	for i := 31; i >= 0; i-- {
		d := int(prime[i]) - int(k.Y[i]) - borrow
		borrow = 0
		if d < 0 {
			d, borrow = d+256, 1
		}
		otherY[i] = byte(d)
	}
	bent := other.Y
	bent[31] ^= 1
	for name, key := range map[string][2][32]byte{
		"zero":              {},
		"off the curve":     {other.X, bent},
		"Y is zero":         {other.X, {}}, // the attack of CVE-2018-5383
		"swapped":           {other.Y, other.X},
		"X is the prime":    {prime, other.Y},
		"our own":           {k.X, k.Y},
		"our own, negative": {k.X, otherY},
	} {
		require.Error(t, k.Check(key[0], key[1]), name)
		_, err := k.Agree(key[0], key[1])
		require.Error(t, err, name)
	}
	require.NoError(t, other.Check(k.X, otherY), "it is on the curve")
}

func TestRandomFails(t *testing.T) {
	broken := errors.New("no entropy")
	_, err := NewKeyPair(readerFunc(func([]byte) (int, error) { return 0, broken }))
	require.ErrorIs(t, err, broken)
	_, err = NewKeyPair(readerFunc(func(b []byte) (int, error) { clear(b); return len(b), nil }))
	require.ErrorIs(t, err, errRandom)
	// A number that is too large is drawn again.
	k, err := NewKeyPair(bytes.NewReader(append(bytes.Repeat([]byte{0xFF}, 32), append(make([]byte, 31), 1)...)))
	require.NoError(t, err)
	require.EqualValues(t, 0x6b, k.X[0], "the generator")
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// BenchmarkP256 is the floor of a pairing by Secure Connections: a key and an
// agreement.
func BenchmarkP256(b *testing.B) {
	other, err := NewKeyPair(rand.Reader)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		k, err := NewKeyPair(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := k.Agree(other.X, other.Y); err != nil {
			b.Fatal(err)
		}
	}
}
