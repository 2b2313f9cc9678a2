// SPDX-License-Identifier: Apache-2.0

package srp

import (
	"io"
	"sync"
)

// tries is how many private values are drawn at most. Some clients lose leading zero
// bytes, and fail with the last value in less than one handshake in 2^47.
const tries = 8

// Device is the device's side: salt and verifier with their tables. Its methods may be
// called from any goroutine; one runs at a time, unless it is small.
type Device struct {
	g    *group
	salt []byte
	kv   element // k·v
	v    comb    // for exponents of HashSize bytes

	mu sync.Mutex // guards w
	w  *work      // nil: small
}

// NewDevice returns the device's side for a salt and a big-endian verifier, and keeps
// neither slice. The first call in a program also makes the table of g. Where there are
// no tables it is NewSmallDevice. It fails with ErrVerifier for 0, 1, N-1 or more, which
// no password leads to.
func NewDevice(salt, verifier []byte) (*Device, error) {
	return newDevice(theGroup(), salt, verifier, combTeeth, combBlocks)
}

// NewSmallDevice is NewDevice without a table of v and without working memory between
// handshakes. It takes less time, and each handshake takes more.
func NewSmallDevice(salt, verifier []byte) (*Device, error) {
	return newDevice(theGroup(), salt, verifier, 0, 0)
}

// newDevice makes a comb of v, or with no teeth none.
func newDevice(g *group, salt, verifier []byte, teeth, blocks int) (*Device, error) {
	verifier = trim(verifier)
	if len(verifier) > Size {
		return nil, ErrVerifier
	}
	d := &Device{g: g, salt: append([]byte(nil), salt...)}
	w := newWork()
	defer w.wipe()
	v := &w.x
	v.setNumber(verifier)
	w.y.set(v)
	g.canonical(&w.y)
	if !w.y.equals(v) {
		return nil, ErrVerifier
	}
	// N is prime: v³ = v for 0, 1 and -1 only.
	g.enter(v, &w.t)
	g.sqr(&w.y, v, &w.t)
	g.mul(&w.y, &w.y, v, &w.t)
	g.sub(&w.y, &w.y, v)
	if g.isZero(&w.y) {
		return nil, ErrVerifier
	}
	g.mul(&d.kv, &g.k, v, &w.t)
	d.v.set(&g.field, v, 8*HashSize, teeth, blocks, &w.t)
	if teeth > 0 {
		d.w = w
	}
	return d, nil
}

// Salt returns the salt, which must not be changed.
func (d *Device) Salt() []byte { return d.salt }

// Answer is the device's part of the exchange (protocomm.md 5.3, steps 6-8):
// it draws b from random, stores B in public and the results in p, and returns B as it is
// sent and hashed. It draws b again until no value that clients hash begins with a zero
// byte (5.6), which on average costs less than a fiftieth of a handshake. a has the Size
// bytes that the client sent. Answer takes three exponentiations.
//
// The errors are ErrPublic and those of random.
func (d *Device) Answer(p *Proofs, public *[Size]byte, user, a []byte, random io.Reader) (sent []byte, err error) {
	var b [PrivateSize]byte
	defer clear(b[:])
	w := d.w
	if w == nil {
		w = newWork()
	}
	for n := 1; ; n++ {
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return nil, err
		}
		even, err := d.try(w, p, public, user, a, &b, n == tries)
		if err != nil {
			return nil, err
		}
		if even {
			return trim(public[:]), nil
		}
	}
}

// try is Answer with one b. It reports whether all clients will agree; with last it
// always does.
func (d *Device) try(w *work, p *Proofs, public *[Size]byte, user, a []byte, b *[PrivateSize]byte, last bool) (even bool, err error) {
	if w == d.w {
		d.mu.Lock()
		defer d.mu.Unlock()
	}
	defer w.wipe()
	g, h := d.g, w.h
	if len(a) != Size {
		return false, ErrPublic
	}
	w.x.setNumber(a)
	if g.isZero(&w.x) {
		return false, ErrPublic
	}
	g.g.power(&g.field, &w.y, b[:], false, w)
	g.add(&w.y, &w.y, &d.kv)
	g.leave(&w.y, &w.t)
	w.y.bytes(public)
	if public[0] == 0 && !last {
		return false, nil
	}

	h.Reset()
	h.Write(user)
	h.Sum(w.name[:0])
	scramble(h, &w.u, a, public)
	if len(trim(w.u[:])) == 0 {
		return false, ErrPublic
	}
	d.v.power(&g.field, &w.y, w.u[:], true, w)
	g.enter(&w.x, &w.t)
	g.mul(&w.x, &w.x, &w.y, &w.t)
	g.power(&w.x, &w.x, b[:], w)
	g.leave(&w.x, &w.t)
	w.x.bytes(&w.secret)
	p.set(h, g, &w.name, d.salt, a, trim(public[:]), &w.secret)
	return last || w.secret[0] != 0 && p.K[0] != 0 && p.Client[0] != 0, nil
}
