// SPDX-License-Identifier: Apache-2.0

package srp

// comb is a base that stays the same, with powers of it, so that raising it to an
// exponent takes few squarings. The exponent's bits are laid out in rows, one
// for each tooth, and the rows cut into blocks:
//
//	           block 1      block 0
//	tooth 1   ┌ . . . . . │ . . . . . ┐
//	tooth 0   └ . . . . . │ . . . . . ┘
//	            one row = span·blocks bits, the lowest bit on the right
//
// The bits of one column in one block are the index into the block's table,
// which has the product of the teeth's powers for each. One squaring then serves
// a column of every block. A comb without teeth has the base alone.
type comb struct {
	base          element
	teeth, blocks int
	span          int       // columns of a block
	table         []element // blocks tables of 2^teeth products
}

// set makes the tables for exponents of up to so many bits: one squaring for each
// bit, and one multiplication for nearly each product.
func (c *comb) set(f *field, base *element, expBits, teeth, blocks int, t *wide) {
	c.base.set(base)
	if teeth == 0 {
		return
	}
	c.teeth, c.blocks = teeth, blocks
	c.span = (expBits + teeth*blocks - 1) / (teeth * blocks)
	size := 1 << teeth
	c.table = make([]element, blocks*size)
	power := new(element)
	power.set(base)
	for tooth := range teeth {
		for b := range blocks {
			// power is base^(2^(tooth·row + b·span)).
			table := c.table[b*size : (b+1)*size]
			table[0].set(&f.one)
			bit := 1 << tooth
			table[bit].set(power)
			for i := 1; i < bit; i++ {
				f.mul(&table[bit+i], &table[i], power, t)
			}
			for range c.span {
				f.sqr(power, power, t)
			}
		}
	}
}

// power stores the base to the power of e in z; e is big-endian. Memory accesses may
// depend on a public e, but not on a secret one.
func (c *comb) power(f *field, z *element, e []byte, public bool, w *work) {
	if c.teeth == 0 {
		f.power(z, &c.base, e, w)
		return
	}
	size := 1 << c.teeth
	for column := c.span - 1; column >= 0; column-- {
		if column != c.span-1 {
			f.sqr(z, z, &w.t)
		}
		for b := range c.blocks {
			var index uint
			for tooth := c.teeth - 1; tooth >= 0; tooth-- {
				index = index<<1 | bit(e, (tooth*c.blocks+b)*c.span+column)
			}
			table := c.table[b*size : (b+1)*size]
			if public {
				w.digit.set(&table[index])
			} else {
				choose(&w.digit, table, index)
			}
			if b == 0 && column == c.span-1 {
				z.set(&w.digit)
			} else {
				f.mul(z, z, &w.digit, &w.t)
			}
		}
	}
}
