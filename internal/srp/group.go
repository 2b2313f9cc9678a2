// SPDX-License-Identifier: Apache-2.0

package srp

import (
	"crypto/sha512"
	"errors"
	"hash"
	"sync"
)

// modulus is N, the 3072-bit prime of RFC 5054, appendix A, in hexadecimal.
const modulus = "" +
	"ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74" +
	"020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437" +
	"4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed" +
	"ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05" +
	"98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb" +
	"9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b" +
	"e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718" +
	"3995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d04507a33" +
	"a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7" +
	"abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864" +
	"d87602733ec86a64521f2b18177b200cbbe117577a615d6c770988c0bad946e2" +
	"08e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff"

// generator is g.
const generator = 5

// Lengths in bytes.
const (
	HashSize    = sha512.Size // u, K, M1, M2
	PrivateSize = 32          // a and b
)

// Errors of what a peer, or an application, hands over.
var (
	// ErrPublic: the peer's public value cannot be used. It has a wrong length, or
	// is a multiple of N, with which everybody would know the secret.
	ErrPublic = errors.New("unusable public value")
	// ErrVerifier: no password leads to this verifier.
	ErrVerifier = errors.New("unusable verifier")
)

// group is what both sides know beforehand.
type group struct {
	field
	k    element        // H(N ‖ PAD(g)), in Montgomery form
	hash [HashSize]byte // H(N) XOR H(PAD(g))
	g    comb           // for exponents of PrivateSize bytes
}

var (
	once   sync.Once
	shared group
)

// theGroup returns the group; the first call makes its tables.
func theGroup() *group {
	once.Do(func() { shared.set(combTeeth, combBlocks) })
	return &shared
}

// set makes the group's tables.
func (g *group) set(teeth, blocks int) {
	var t wide
	var n, pad [Size]byte
	for i := range n {
		n[i] = digit(modulus[2*i])<<4 | digit(modulus[2*i+1])
	}
	pad[Size-1] = generator
	g.field.set(&n)

	h := sha512.New()
	h.Write(n[:])
	h.Write(pad[:])
	g.k.setNumber(h.Sum(nil))
	g.enter(&g.k, &t)
	h.Reset()
	h.Write(n[:])
	h.Sum(g.hash[:0])
	h.Reset()
	h.Write(pad[:])
	for i, b := range h.Sum(nil) {
		g.hash[i] ^= b
	}
	var base element
	base.setBytes(&pad)
	g.enter(&base, &t)
	g.g.set(&g.field, &base, 8*PrivateSize, teeth, blocks, &t)
}

// digit returns the value of a digit of modulus. Package encoding/hex would do,
// but has package fmt in its errors, which is more than all of this package on
// a chip.
func digit(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c - 'a' + 10
}

// trim returns b without its leading zero bytes.
func trim(b []byte) []byte {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

// scramble stores H(PAD(A) ‖ PAD(B)) in u; a has Size bytes.
func scramble(h hash.Hash, u *[HashSize]byte, a []byte, b *[Size]byte) {
	h.Reset()
	h.Write(a)
	h.Write(b[:])
	h.Sum(u[:0])
}

// Proofs is what a handshake comes to.
type Proofs struct {
	K      [HashSize]byte // the session key
	Client [HashSize]byte // M1
	Device [HashSize]byte // M2
}

// Copy stores q in p.
func (p *Proofs) Copy(q *Proofs) {
	copy(p.K[:], q.K[:])
	copy(p.Client[:], q.Client[:])
	copy(p.Device[:], q.Device[:])
}

// set computes the proofs (protocomm.md 5.3); name is H(I), a and b are the
// public values as they were sent.
func (p *Proofs) set(h hash.Hash, g *group, name *[HashSize]byte, salt, a, b []byte, secret *[Size]byte) {
	h.Reset()
	h.Write(trim(secret[:]))
	h.Sum(p.K[:0])
	h.Reset()
	h.Write(g.hash[:])
	h.Write(name[:])
	h.Write(salt)
	h.Write(a)
	h.Write(b)
	h.Write(p.K[:])
	h.Sum(p.Client[:0])
	h.Reset()
	h.Write(a)
	h.Write(p.Client[:])
	h.Write(p.K[:])
	h.Sum(p.Device[:0])
	h.Reset()
}
