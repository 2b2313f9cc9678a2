// SPDX-License-Identifier: Apache-2.0

package srp

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestModulus holds the constant against its definition (RFC 3526, 5): with
// π = 4·atan(1/5)·4 - 4·atan(1/239) in fixed point.
func TestModulus(t *testing.T) {
	const guard = 128
	scale := new(big.Int).Lsh(one, 2942+guard)
	atan := func(inverse int64) *big.Int {
		sum, power := new(big.Int), new(big.Int).Div(scale, big.NewInt(inverse))
		square := big.NewInt(inverse * inverse)
		for k, sign := int64(1), int64(1); power.Sign() != 0; k, sign = k+2, -sign {
			term := new(big.Int).Div(power, big.NewInt(k))
			sum.Add(sum, term.Mul(term, big.NewInt(sign)))
			power.Div(power, square)
		}
		return sum
	}
	pi := new(big.Int).Mul(big.NewInt(16), atan(5))
	pi.Sub(pi, new(big.Int).Mul(big.NewInt(4), atan(239)))
	pi.Rsh(pi, guard)
	n := new(big.Int).Add(pi, big.NewInt(1690314))
	n.Lsh(n, 64)
	n.Sub(n, one).Sub(n, new(big.Int).Lsh(one, 3008)).Add(n, new(big.Int).Lsh(one, 3072))
	require.Zero(t, n.Cmp(bigN))
	require.True(t, bigN.ProbablyPrime(4))
	require.True(t, new(big.Int).Rsh(bigN, 1).ProbablyPrime(4))

	g := theGroup()
	require.Zero(t, bigN.Cmp(toBig(&g.n)))
	require.Equal(t, ^uint(0), g.n[0])
	require.Equal(t, ^uint(0), g.n[limbs-1])
	require.Equal(t, one, g.big(&g.one))
}

// checkField compares every operation on x and y, any numbers below 2^3072,
// with math/big.
func checkField(t require.TestingT, x, y *big.Int) {
	g := theGroup()
	f := &g.field
	var w wide
	equal := func(what string, want *big.Int, got *element) {
		if h, ok := t.(interface{ Helper() }); ok {
			h.Helper()
		}
		// Any representative will do, but it has to be the right residue.
		require.Zero(t, new(big.Int).Mod(want, bigN).Cmp(new(big.Int).Mod(toBig(got), bigN)), "%s of %x and %x", what, x, y)
	}
	a, b := fromBig(x), fromBig(y)
	require.Zero(t, x.Cmp(toBig(&a)), "setBytes, bytes")

	var z element
	f.add(&z, &a, &b)
	equal("sum", new(big.Int).Add(x, y), &z)
	f.sub(&z, &a, &b)
	equal("difference", new(big.Int).Sub(x, y), &z)
	z = a
	f.add(&z, &z, &z)
	equal("double in place", new(big.Int).Lsh(x, 1), &z)
	z = a
	f.sub(&z, &b, &z)
	equal("difference in place", new(big.Int).Sub(y, x), &z)

	wideBig := func() *big.Int {
		sum := new(big.Int)
		for i := 2*limbs - 1; i >= 0; i-- {
			sum.Lsh(sum, 8*wordBytes).Or(sum, new(big.Int).SetUint64(uint64(w.v[i])))
		}
		return sum
	}
	product(&w, &a, &b)
	require.Zero(t, new(big.Int).Mul(x, y).Cmp(wideBig()), "product of %x and %x", x, y)
	inverse := new(big.Int).ModInverse(bigR, bigN)
	f.reduce(&z, &w)
	montgomery := new(big.Int).Mul(x, y)
	montgomery.Mul(montgomery, inverse)
	equal("Montgomery product", montgomery, &z)
	f.mul(&z, &a, &b, &w)
	equal("mul", montgomery, &z)
	z = b
	f.mul(&z, &a, &z, &w)
	equal("mul in place", montgomery, &z)

	square(&w, &a)
	require.Zero(t, new(big.Int).Mul(x, x).Cmp(wideBig()), "square of %x", x)
	montgomery.Mul(x, x).Mul(montgomery, inverse)
	z = a
	f.sqr(&z, &z, &w)
	equal("square", montgomery, &z)

	z = a
	f.canonical(&z)
	require.Zero(t, new(big.Int).Mod(x, bigN).Cmp(toBig(&z)), "canonical of %x", x)
	require.Equal(t, new(big.Int).Mod(x, bigN).Sign() == 0, f.isZero(&z), "isZero of %x", x)
	z = a
	f.leave(&z, &w)
	montgomery.Mul(x, inverse)
	require.Zero(t, montgomery.Mod(montgomery, bigN).Cmp(toBig(&z)), "leave of %x", x)
	z = a
	f.enter(&z, &w)
	f.leave(&z, &w)
	require.Zero(t, new(big.Int).Mod(x, bigN).Cmp(toBig(&z)), "enter and leave of %x", x)
}

// Every pair of edge values.
func TestFieldEdges(t *testing.T) {
	for _, x := range edges() {
		for _, y := range edges() {
			checkField(t, x, y)
		}
	}
}

func TestField(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkField(t, drawValue(t, "x"), drawValue(t, "y")) })
}

// TestReduceEdges reduces products that the multiplication cannot give as well.
func TestReduceEdges(t *testing.T) {
	f := &theGroup().field
	inverse := new(big.Int).ModInverse(bigR, bigN)
	for _, high := range edges() {
		for _, low := range edges() {
			var w wide
			h, l := fromBig(high), fromBig(low)
			copy(w.v[:limbs], l[:])
			copy(w.v[limbs:], h[:])
			whole := new(big.Int).Lsh(high, 8*Size)
			whole.Add(whole, low)
			var z element
			f.reduce(&z, &w)
			whole.Mul(whole, inverse).Mod(whole, bigN)
			require.Zero(t, whole.Cmp(new(big.Int).Mod(toBig(&z), bigN)), "%x %x", high, low)
		}
	}
}

func TestMac(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) uint {
			if rapid.Bool().Draw(t, name+" is an edge") {
				return rapid.SampledFrom([]uint{0, 1, ^uint(0), ^uint(0) - 1, ^uint(0)>>1 + 1}).Draw(t, name)
			}
			return uint(rapid.Uint64().Draw(t, name))
		}
		x, y, a, c := draw("x"), draw("y"), draw("a"), draw("c")
		hi, lo := mac(x, y, a, c)
		big1 := func(w uint) *big.Int { return new(big.Int).SetUint64(uint64(w)) }
		want := new(big.Int).Mul(big1(x), big1(y))
		want.Add(want, big1(a)).Add(want, big1(c))
		got := new(big.Int).Lsh(big1(hi), 8*wordBytes)
		require.Zero(t, want.Cmp(got.Or(got, big1(lo))))
	})
}

// FuzzField is TestField on arbitrary bytes, with the exponentiations.
func FuzzField(f *testing.F) {
	for _, x := range edges() {
		f.Add(x.Bytes(), []byte{1}, []byte{0xFF})
	}
	f.Add(bigN.Bytes(), bigN.Bytes(), bigN.Bytes()[:HashSize])
	f.Fuzz(func(t *testing.T, x, y, e []byte) {
		cut := func(b []byte, n int) []byte { return b[:min(len(b), n)] }
		a, b := new(big.Int).SetBytes(cut(x, Size)), new(big.Int).SetBytes(cut(y, Size))
		checkField(t, a, b)
		checkPowers(t, a, cut(e, HashSize))
	})
}
