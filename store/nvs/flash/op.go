// SPDX-License-Identifier: Apache-2.0

package flash

// Op is one operation on a flash: a write, or an erase of adjacent blocks.
type Op struct {
	Off  int64  // first byte
	Len  int64  // bytes; of a write the length of Data
	Data []byte // what is written; nil for an erase
}

// Write returns the write of data at off. The Op keeps data.
func Write(off int64, data []byte) Op { return Op{off, int64(len(data)), data} }

// Erase returns the erase of n bytes from off on.
func Erase(off, n int64) Op { return Op{Off: off, Len: n} }

// IsErase says whether op erases.
func (op Op) IsErase() bool { return op.Data == nil }

// Apply does what part of op does to image, which is a whole partition: it
// clears the bits that are 0 in the data, or sets all. It panics if the
// operation goes beyond the image.
func (op Op) Apply(image []byte, part Part) {
	from, to := part.clamp(op.Len)
	dst := image[op.Off : op.Off+op.Len][from:to]
	if op.IsErase() {
		fill(dst)
		return
	}
	for i, b := range op.Data[from:to] {
		dst[i] &= b
	}
}

// Part is the part of an operation that reaches the flash: the bytes From to To, without
// To, counted from the operation's first byte. A Part may end beyond the operation. The
// zero value is nothing.
//
// A flash writes from the first byte on, so From of a write is 0. Chips differ in where
// they begin to erase, so any range may be erased.
type Part struct {
	From, To int64
}

// First returns the first n bytes of an operation.
func First(n int64) Part { return Part{0, n} }

// Last returns the last n bytes of an operation of length bytes.
func Last(n, length int64) Part { return Part{max(0, length-n), length} }

// whole is every operation in full.
func whole() Part { return Part{0, 1<<63 - 1} }

// clamp returns the range within an operation of n bytes.
func (p Part) clamp(n int64) (from, to int64) {
	from = max(0, p.From)
	to = min(n, p.To)
	return min(from, n), max(to, min(from, n))
}

// Points appends to dst the parts of op that are worth testing, none of them empty or
// whole, and returns the slice.
//
// For a write these are prefixes: all of a write up to 64 bytes; of a longer one those
// that end within its first or last 32 bytes, or next to a multiple of 32. For an erase
// these are some fifty prefixes, as many suffixes, and ranges in between, chosen by the
// layout of a page: state, header, bitmap, entries.
func Points(dst []Part, op Op) []Part {
	if !op.IsErase() {
		return writePoints(dst, op.Len)
	}
	for _, n := range [...]int64{
		1, 2, 3, 4, 5, 8, 9, 12, 27, 28, 29, 31, 32, 33, 36, 60, 63, 64, 65, 68, 96, 128, 256, 512, 1024, 2048, 3072,
	} {
		if n >= op.Len {
			break
		}
		dst = append(dst, First(n), Last(n, op.Len))
		// The parts that leave n bytes out.
		if rest := op.Len - n; n < rest && rest > 3072 {
			dst = append(dst, First(rest), Last(rest, op.Len))
		}
	}
	for _, p := range [...]Part{
		{1, 2}, {4, 32}, {8, 9}, {28, 32}, {32, 36}, {32, 64}, {60, 64}, {64, 96}, {64, 128}, {128, 2048},
		{1024, 3072}, {2048, 2080}, {4032, 4064}, {1, 4095}, {4, 4092}, {32, 4064},
	} {
		if p.To < op.Len {
			dst = append(dst, p)
		}
	}
	return dst
}

func writePoints(dst []Part, length int64) []Part {
	for n := int64(1); n < length; n++ {
		if r := n % 32; n <= 32 || length-n <= 32 || r <= 1 || r == 31 {
			dst = append(dst, First(n))
		}
	}
	return dst
}
