// SPDX-License-Identifier: Apache-2.0

package srp

import (
	"bytes"
	"encoding/hex"
	"math/big"
	"math/rand"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// toBig returns the words of x as they are.
func toBig(x *element) *big.Int {
	var b [Size]byte
	x.bytes(&b)
	return new(big.Int).SetBytes(b[:])
}

// fromBig is the reverse, for numbers below 2^3072.
func fromBig(x *big.Int) (e element) {
	e.setNumber(x.Bytes())
	return e
}

// big returns what x stands for, which is below N.
func (f *field) big(x *element) *big.Int {
	var t wide
	y := *x
	f.leave(&y, &t)
	return toBig(&y)
}

// of returns the representative of x that the words of x are.
func (f *field) of(x *big.Int) element {
	var t wide
	y := fromBig(x)
	f.enter(&y, &t)
	return y
}

func elapsed(fn func()) int64 {
	start := time.Now()
	fn()
	return time.Since(start).Nanoseconds()
}

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

var (
	bigN, _ = new(big.Int).SetString(modulus, 16)
	bigR    = new(big.Int).Lsh(big.NewInt(1), 8*Size)
	one     = big.NewInt(1)
)

// edges are values below 2^3072 where arithmetic goes wrong if it does.
func edges() []*big.Int {
	add := func(x *big.Int, n int64) *big.Int { return new(big.Int).Add(x, big.NewInt(n)) }
	half := new(big.Int).Lsh(one, 4*Size)
	list := []*big.Int{
		big.NewInt(0), big.NewInt(1), big.NewInt(2), big.NewInt(5),
		add(bigN, -2), add(bigN, -1), bigN, add(bigN, 1), add(bigR, -1), add(bigR, -2),
		add(new(big.Int).Sub(bigR, bigN), 0), add(new(big.Int).Sub(bigR, bigN), -1),
		new(big.Int).Rsh(bigN, 1), half, add(half, -1), new(big.Int).Sub(bigR, half),
		new(big.Int).Lsh(one, 8*Size-1), new(big.Int).Lsh(one, 64), add(new(big.Int).Lsh(one, 64), -1),
	}
	// Words of all ones and of zeros in turns.
	for _, pattern := range []string{"ffffffff00000000", "ffffffffffffffff0000000000000000", "80000000", "00000001"} {
		b, _ := hex.DecodeString(pattern)
		list = append(list, new(big.Int).SetBytes(bytes.Repeat(b, Size/len(b))))
	}
	return list
}

// drawValue draws a value below 2^3072, an edge in one of three cases.
func drawValue(t *rapid.T, label string) *big.Int {
	if rapid.IntRange(0, 2).Draw(t, label+" is an edge") == 0 {
		return rapid.SampledFrom(edges()).Draw(t, label)
	}
	return new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, Size).Draw(t, label))
}

// drawExponent draws an exponent of n bytes, with many equal bits in one of
// three cases.
func drawExponent(t *rapid.T, n int) []byte {
	switch rapid.IntRange(0, 5).Draw(t, "exponent") {
	case 0:
		return bytes.Repeat([]byte{rapid.SampledFrom([]byte{0, 0xFF, 0x80, 1, 0xAA}).Draw(t, "byte")}, n)
	case 1:
		e := make([]byte, n)
		e[rapid.IntRange(0, n-1).Draw(t, "place")] = 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		return e
	}
	return rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "bytes")
}

// seeded is a source of random numbers that are the same in each run.
type seeded struct{ *rand.Rand }

func newSeeded(n int64) seeded { return seeded{rand.New(rand.NewSource(n))} }
