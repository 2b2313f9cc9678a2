// SPDX-License-Identifier: Apache-2.0

package srp

import (
	"math"
	"math/big"
	"math/rand"
	"testing"
)

func BenchmarkField(b *testing.B) {
	g := theGroup()
	w := newWork()
	x, y := g.square, g.k
	var z element
	table := make([]element, 64)
	for name, fn := range map[string]func(){
		"mul":      func() { g.mul(&z, &x, &y, &w.t) },
		"sqr":      func() { g.sqr(&z, &x, &w.t) },
		"product":  func() { product(&w.t, &x, &y) },
		"square":   func() { square(&w.t, &x) },
		"reduce":   func() { g.reduce(&z, &w.t) },
		"choose64": func() { choose(&z, table, 3) },
		"choose16": func() { choose(&z, table[:16], 3) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				fn()
			}
		})
	}
}

// BenchmarkExponentiations does the device's three of one handshake. Goal: at
// most half of the time of math/big, which is measured beside it.
func BenchmarkExponentiations(b *testing.B) {
	rnd := rand.New(rand.NewSource(1))
	exp, u := make([]byte, PrivateSize), make([]byte, HashSize)
	rnd.Read(exp)
	rnd.Read(u)
	g := theGroup()
	w := newWork()
	v, a := g.k, g.square
	var comb comb
	comb.set(&g.field, &v, 8*HashSize, combTeeth, combBlocks, &w.t)

	n := toBig(&g.n)
	e, bigU := new(big.Int).SetBytes(exp), new(big.Int).SetBytes(u)
	bigV, bigA := g.big(&v), g.big(&a)
	reference := func() *big.Int {
		z := new(big.Int)
		z.Exp(big.NewInt(generator), e, n)
		z.Exp(bigV, bigU, n)
		return z.Exp(z.Mul(z, bigA), e, n)
	}
	ours := func() element {
		g.g.power(&g.field, &w.x, exp, false, w)
		comb.power(&g.field, &w.y, u, true, w)
		g.mul(&w.x, &w.y, &a, &w.t)
		g.power(&w.x, &w.x, exp, w)
		return w.x
	}
	got := ours()
	if reference().Cmp(g.big(&got)) != 0 {
		b.Fatal("wrong result")
	}
	// In turns, and the fastest of each: a busy machine adds to both at random.
	b.ReportAllocs()
	mine, big := int64(math.MaxInt64), int64(math.MaxInt64)
	for b.Loop() {
		mine = min(mine, elapsed(func() { ours() }))
		big = min(big, elapsed(func() { reference() }))
	}
	b.ReportMetric(float64(mine), "ours-ns/op")
	b.ReportMetric(float64(big), "math/big-ns/op")
	b.ReportMetric(float64(mine)/float64(big), "ratio")
}
