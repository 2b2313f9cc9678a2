// SPDX-License-Identifier: Apache-2.0

package srp

import (
	"math/big"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wifiprov/wifiprov/internal/test/long"
)

// checkPowers compares the exponentiations of x, any number below 2^3072, with
// math/big: by window, and by combs of both sizes with both kinds of look-up.
func checkPowers(t require.TestingT, x *big.Int, e []byte) {
	g := theGroup()
	w := newWork()
	base := g.of(x)
	want := new(big.Int).Exp(x, new(big.Int).SetBytes(e), bigN)
	if len(e) > 0 {
		z := base
		g.power(&z, &z, e, w)
		require.Zero(t, want.Cmp(g.big(&z)), "%x to the %x", x, e)
	}
	for _, shape := range [][2]int{{6, 4}, {4, 1}, {3, 5}, {}} {
		var c comb
		c.set(&g.field, &base, max(8*len(e), 8), shape[0], shape[1], &w.t)
		for _, public := range []bool{false, true} {
			var z element
			c.power(&g.field, &z, e, public, w)
			require.Zero(t, want.Cmp(g.big(&z)), "%x to the %x by comb %v", x, e, shape)
		}
	}
}

func TestPowers(t *testing.T) {
	checks := 0
	rapid.Check(t, func(t *rapid.T) {
		if checks++; checks%long.Slow != 0 {
			return
		}
		n := rapid.SampledFrom([]int{1, 2, 3, 7, 8, PrivateSize, HashSize}).Draw(t, "length")
		checkPowers(t, drawValue(t, "x"), drawExponent(t, n))
	})
}

// TestEachBit raises to 2^i and 2^(i+1)-1 for every bit i, so that each place of
// window and comb is met alone and together with all below it. The short form
// takes every fifth bit.
func TestEachBit(t *testing.T) {
	stride := long.Stride(t, 5*long.Slow, long.Slow)
	g := theGroup()
	w := newWork()
	x := new(big.Int).Sub(bigN, big.NewInt(77))
	base := g.of(x)
	for _, shape := range [][2]int{{6, 4}, {4, 1}} {
		var c comb
		c.set(&g.field, &base, 8*HashSize, shape[0], shape[1], &w.t)
		power, product := new(big.Int).Set(x), new(big.Int).Set(x)
		for bit := range 8 * HashSize {
			e := new(big.Int).Lsh(one, uint(bit))
			for want, e := range map[*big.Int]*big.Int{power: e, product: new(big.Int).Sub(new(big.Int).Lsh(e, 1), one)} {
				if bit%stride != 0 {
					break
				}
				var b [HashSize]byte
				e.FillBytes(b[:])
				var z element
				c.power(&g.field, &z, b[:], bit%2 == 0, w)
				require.Zero(t, want.Cmp(g.big(&z)), "comb %v, bit %d", shape, bit)
				if bit%16 == 0 {
					g.power(&z, &base, b[:], w)
					require.Zero(t, want.Cmp(g.big(&z)), "window, bit %d", bit)
				}
			}
			power.Mul(power, power).Mod(power, bigN)
			product.Mul(product, power).Mod(product, bigN)
		}
	}
}

// TestTableSizes holds the tables to what the documentation says.
func TestTableSizes(t *testing.T) {
	g := theGroup()
	bytes := func(elements int) int { return elements * Size }
	comb, window := bytes(len(g.g.table)), bytes(1<<windowBits)
	require.LessOrEqual(t, unsafe.Sizeof(work{}), uintptr(window+4<<10))
	if combTeeth == 0 {
		require.Zero(t, comb)
		require.Equal(t, 3<<10, window)
		return
	}
	require.Equal(t, 96<<10, comb)
	require.Equal(t, 6<<10, window)
}

func TestChoose(t *testing.T) {
	rnd := newSeeded(1)
	table := make([]element, 64)
	for i := range table {
		for j := range table[i] {
			table[i][j] = uint(rnd.Uint64())
		}
	}
	for _, size := range []int{8, 16, 64} {
		for i := range size {
			var z element
			choose(&z, table[:size], uint(i))
			require.Equal(t, table[i], z)
		}
	}
}

func TestExponent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, u, x := [PrivateSize]byte(drawExponent(t, PrivateSize)), [HashSize]byte(drawExponent(t, HashSize)), [HashSize]byte(drawExponent(t, HashSize))
		var e [2 * HashSize]byte
		exponent(&e, &a, &u, &x)
		want := new(big.Int).Mul(new(big.Int).SetBytes(u[:]), new(big.Int).SetBytes(x[:]))
		want.Add(want, new(big.Int).SetBytes(a[:]))
		require.Zero(t, want.Cmp(new(big.Int).SetBytes(e[:])))
	})
}
